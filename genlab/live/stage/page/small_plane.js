// One run at a glance, drawn on a small canvas as sharp as the screen.

/** @import { Arrays, Theme } from "../types.js" */
import { cellColour } from "../maths/colours.js";
import { drawingOn, element } from "./dom.js";
import { paint } from "./pixels.js";

const SMALLEST = 96; // px of the side at which a point is 3 px wide
const COLUMNS = 3; // images beside each other

/** @param {HTMLCanvasElement} canvas @param {Arrays} arrays @param {number} extent @param {Theme} theme */
export function drawSmall(canvas, arrays, extent, theme) {
  const drawing = drawingOn(canvas);
  const side = Math.round((canvas.clientWidth || SMALLEST) * devicePixelRatio);
  // Which also clears it.
  Object.assign(canvas, { width: side, height: side });
  const { width, height } = canvas;
  const dot = (3 * side) / SMALLEST;
  /** @param {string} name @param {string | ((i: number) => string)} colour */
  const dots = (name, colour) => {
    const points = arrays[name];
    if (!points) return;
    for (let i = 0; i < points.shape[0]; i++) {
      const x = (points.values[2 * i] / extent + 1) / 2 * width, y = (1 - points.values[2 * i + 1] / extent) / 2 * height;
      if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
      drawing.fillStyle = typeof colour === "string" ? colour : colour(i);
      drawing.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    }
  };
  dots("real", theme.real);
  dots("generated", theme.generated);
  if (arrays.latent) drawPrior(drawing, width / 2 / extent, theme);
  const label = arrays.label?.values;
  dots("latent", i => (label ? theme[`class${label[i]}`] : theme.real));
  if (arrays.cells) drawCells(drawing, arrays.cells, theme);
  if (arrays.counts) drawCounts(drawing, arrays.counts, theme);
  if (arrays.images) drawImages(drawing, arrays.images, theme);
}

/** Where codes would lie if they were drawn from the prior: within 1σ and 2σ. @param {CanvasRenderingContext2D} drawing @param {number} unit px @param {Theme} theme */
function drawPrior(drawing, unit, theme) {
  const { width, height } = drawing.canvas;
  drawing.strokeStyle = theme.prior;
  drawing.lineWidth = width / SMALLEST;
  for (const sigmas of [1, 2]) {
    drawing.beginPath();
    drawing.arc(width / 2, height / 2, sigmas * unit, 0, 2 * Math.PI);
    drawing.stroke();
  }
}

/** The cells of a map, the lowest row at the foot. @param {CanvasRenderingContext2D} drawing @param {Arrays[string]} cells @param {Theme} theme */
function drawCells(drawing, { values, shape: [rows, columns] }, theme) {
  const { width, height } = drawing.canvas;
  const side = Math.max(1, Math.floor(Math.min(width / columns, height / rows)));
  const [left, top] = [(width - side * columns) / 2, (height - side * rows) / 2].map(Math.floor);
  for (let cell = 0; cell < rows * columns; cell++) {
    drawing.fillStyle = cellColour(values[cell], theme.background, theme.text);
    drawing.fillRect(left + (cell % columns) * side, top + (rows - 1 - Math.floor(cell / columns)) * side, side - 1, side - 1);
  }
}

/** @param {CanvasRenderingContext2D} drawing @param {Arrays[string]} counts @param {Theme} theme */
function drawCounts(drawing, { values, shape: [rows, bins] }, theme) {
  const { width, height } = drawing.canvas;
  const most = Math.max(1, ...values);
  for (let row = 0; row < rows; row++) {
    drawing.strokeStyle = row ? theme.generated : theme.real;
    drawing.lineWidth = (2 * width) / SMALLEST;
    drawing.beginPath();
    for (let bin = 0; bin < bins; bin++) {
      drawing.lineTo((bin + 0.5) / bins * width, height * (1 - 0.95 * values[row * bins + bin] / most));
    }
    drawing.stroke();
  }
}

/** @param {CanvasRenderingContext2D} drawing @param {Arrays[string]} images @param {Theme} theme */
function drawImages(drawing, images, theme) {
  const { width } = drawing.canvas;
  const sheet = element("canvas");
  paint(sheet, images, COLUMNS, theme);
  // Whole pixels for each of an image's: all of them are as wide.
  const side = sheet.width * Math.max(1, Math.floor(width / sheet.width)), edge = Math.floor((width - side) / 2);
  drawing.imageSmoothingEnabled = false;
  drawing.drawImage(sheet, edge, edge, side, Math.round((side * sheet.height) / sheet.width));
}
