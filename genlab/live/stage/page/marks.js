// Canvases that are sharp on every screen, and the marks of a hand: pins, paths, the place under the pointer.

/** @import { Place, Theme } from "../types.js" */
import { drawingOn } from "./dom.js";

/** @typedef {CanvasRenderingContext2D} Context */

/** A canvas of this size in CSS pixels. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
export function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = drawingOn(canvas);
  if (canvas.width === w && canvas.height === h) return context;
  Object.assign(canvas, { width: w, height: h });
  if (canvas.parentElement?.className !== "pictures") {
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  context.scale(ratio, ratio);
  return context;
}

/**
 * Every mark is drawn in the text's colour with a rim of the background, so that it stands out from any picture.
 * @param {Context} context @param {Theme} theme @param {number} width @param {() => void} path
 */
function stroked(context, theme, width, path) {
  context.lineJoin = context.lineCap = "round";
  for (const [extra, colour] of /** @type {[number, string][]} */ ([[3, theme.background], [0, theme.text]])) {
    Object.assign(context, { lineWidth: width + extra, strokeStyle: colour });
    context.beginPath();
    path();
    context.stroke();
  }
}

/** @param {Context} context @param {Place[]} places @param {Theme} theme */
export function polyline(context, places, theme) {
  stroked(context, theme, 2, () => places.forEach(place => context.lineTo(...place)));
}

/** @param {Context} context @param {Place} place @param {Theme} theme */
export function knot(context, [x, y], theme) {
  stroked(context, theme, 1, () => context.arc(x, y, 3, 0, 2 * Math.PI));
  context.fillStyle = theme.generated;
  context.fill();
}

/** @param {Context} context @param {Place} place @param {Theme} theme */
export function cross(context, [x, y], theme) {
  stroked(context, theme, 2, () => {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 11 * dx, y + 11 * dy);
    }
  });
}

/**
 * What the generator or decoder makes: a large diamond in the colour of generated points.
 * @param {Context} context @param {Place} place @param {number} size @param {Theme} theme
 */
export function diamond(context, [x, y], size, theme) {
  stroked(context, theme, 2, () => {
    for (const [dx, dy] of [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]) context.lineTo(x + size * dx, y + size * dy);
  });
  context.fillStyle = theme.generated;
  context.fill();
}

/** A pin: its letter in a square. @param {Context} context @param {Place} place @param {string} letter @param {Theme} theme */
export function flag(context, [x, y], letter, theme) {
  stroked(context, theme, 2, () => context.rect(x - 9, y - 9, 18, 18));
  context.fillStyle = theme.text;
  context.fillRect(x - 9, y - 9, 18, 18);
  Object.assign(context, { fillStyle: theme.background, textAlign: "center", textBaseline: "middle" });
  context.font = `700 14px ${theme.font}`;
  context.fillText(letter, x, y + 1);
}
