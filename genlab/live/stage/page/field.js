// A field over a plane on a canvas, as Plotly paints a heat map that is smoothed fast and level lines without colours.

import { rgb } from "../maths/colours.js";
import { levelLine } from "../maths/levels.js";
import { drawingOn } from "./dom.js";

/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {(value: number) => number} Scale from the data's units to px */

/** One pixel for each value, which the canvas that shows them stretches smoothly. */
const grain = document.createElement("canvas");

/** @param {CanvasRenderingContext2D} context @param {{x: ArrayLike<number>, y: ArrayLike<number>, z: ArrayLike<number>[], zmin: number, zmax: number, colorscale: [number, string][]}} field @param {Box} box */
export function paintField(context, { x, y, z, zmin, zmax, colorscale }, box) {
  const [columns, rows] = [z[0].length, z.length];
  Object.assign(grain, { width: columns, height: rows });
  const stops = colorscale.map(([at, colour]) => ({ at, parts: rgb(colour) }));
  const drawing = drawingOn(grain);
  const picture = drawing.createImageData(columns, rows);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const share = Math.min(1, Math.max(0, (z[r][c] - zmin) / (zmax - zmin)));
      const next = Math.max(1, stops.findIndex(({ at }) => at >= share));
      const [from, to] = [stops[next - 1], stops[next]];
      const way = (share - from.at) / (to.at - from.at);
      const at = 4 * ((y[rows - 1] > y[0] ? rows - 1 - r : r) * columns + (x[columns - 1] > x[0] ? c : columns - 1 - c));
      for (let part = 0; part < 3; part++) picture.data[at + part] = from.parts[part] + way * (to.parts[part] - from.parts[part]);
      picture.data[at + 3] = 255;
    }
  }
  drawing.putImageData(picture, 0, 0);
  Object.assign(context, { globalAlpha: 1, imageSmoothingEnabled: true });
  context.drawImage(grain, box.x, box.y, box.width, box.height);
}

/** @param {CanvasRenderingContext2D} context @param {{x: ArrayLike<number>, y: ArrayLike<number>, z: ArrayLike<number>[], contours: {start: number, end: number, size: number}, line: {color: string, width: number}}} field @param {Scale} across @param {Scale} up */
export function strokeLevels(context, { x, y, z, contours: { start, end, size }, line: { color, width } }, across, up) {
  const [xs, ys] = [Array.from(x, across), Array.from(y, up)];
  context.beginPath();
  for (let level = start; level <= end; level += size) {
    for (const [fromX, fromY, toX, toY] of levelLine(xs, ys, z, level)) {
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
    }
  }
  Object.assign(context, { globalAlpha: 1, strokeStyle: color, lineWidth: width, lineCap: "round" });
  context.setLineDash([]);
  context.stroke();
  context.lineCap = "butt";
}
