// A drawn digit, brought into the form that the images of MNIST have.

/** @import { Place } from "../types.js" */
import { centreOfMass, shrink } from "../maths/blocks.js";
import { drawingOn } from "./dom.js";

export const PAD = 168; // units of the drawing pad along its side
const PEN = 2.4; // pixels of a line in the finished picture, about that of the set
const FINE = 8; // canvas pixels along a pixel of the finished picture

/** @param {CanvasRenderingContext2D} context @param {Place[][]} strokes @param {number} width @param {string} colour */
export function strokeAll(context, strokes, width, colour) {
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: width, strokeStyle: colour });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const place of stroke) context.lineTo(...place);
    context.stroke();
  }
}

/**
 * 784 grey bytes of a drawing the way MNIST was made: the ink is fitted into 20 × 20 pixels with its shape kept, the
 * edges are smooth, and the centre of mass stands in the middle of 28 × 28. Null without ink.
 * @param {Place[][]} strokes
 */
export function likeMnist(strokes) {
  const places = strokes.flat();
  if (!places.length) return null;
  const [xs, ys] = [0, 1].map(axis => places.map(place => place[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  // A dot stays a dot: what is smaller than a quarter of the pad is not blown up to the whole picture.
  const scale = (20 - PEN) / Math.max(right - left, bottom - top, PAD / 4);
  const side = 28 * FINE;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = drawingOn(canvas, { willReadFrequently: true });
  /** @param {number} dx @param {number} dy */
  const render = (dx, dy) => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, side, side);
    /** @type {(place: Place) => Place} */
    const move = ([x, y]) => [FINE * (14 + dx + scale * (x - (left + right) / 2)), FINE * (14 + dy + scale * (y - (top + bottom) / 2))];
    strokeAll(context, strokes.map(stroke => stroke.map(move)), FINE * PEN, "#fff");
    return context.getImageData(0, 0, side, side).data;
  };
  const [x, y] = centreOfMass(render(0, 0), side).map(value => value / FINE);
  return shrink(render(14 - x, 14 - y), side, FINE);
}
