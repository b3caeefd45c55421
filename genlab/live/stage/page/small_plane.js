// One run at a glance, drawn on a small canvas.

/** @import { Arrays, Theme } from "../types.js" */
import { drawingOn } from "./dom.js";

const SIDE = 28; // pixels of an image
const COLUMNS = 3; // images beside each other

/** @param {HTMLCanvasElement} canvas @param {Arrays} arrays @param {number} extent @param {Theme} theme */
export function drawSmall(canvas, arrays, extent, theme) {
  const drawing = drawingOn(canvas);
  const { width, height } = canvas;
  drawing.clearRect(0, 0, width, height);
  /** @param {string} name @param {string | ((i: number) => string)} colour */
  const dots = (name, colour) => {
    const points = arrays[name];
    if (!points) return;
    for (let i = 0; i < points.shape[0]; i++) {
      const x = (points.values[2 * i] / extent + 1) / 2 * width, y = (1 - points.values[2 * i + 1] / extent) / 2 * height;
      if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
      drawing.fillStyle = typeof colour === "string" ? colour : colour(i);
      drawing.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
  };
  dots("real", theme.real);
  dots("generated", theme.generated);
  const label = arrays.label?.values;
  dots("latent", i => (label ? theme[`class${label[i]}`] : theme.real));
  if (arrays.counts) drawCounts(drawing, arrays.counts, theme);
  if (arrays.images) drawImages(drawing, arrays.images);
}

/** @param {CanvasRenderingContext2D} drawing @param {Arrays[string]} counts @param {Theme} theme */
function drawCounts(drawing, { values, shape: [rows, bins] }, theme) {
  const { width, height } = drawing.canvas;
  const most = Math.max(1, ...values);
  for (let row = 0; row < rows; row++) {
    drawing.strokeStyle = row ? theme.generated : theme.real;
    drawing.lineWidth = 2;
    drawing.beginPath();
    for (let bin = 0; bin < bins; bin++) {
      drawing.lineTo((bin + 0.5) / bins * width, height * (1 - 0.95 * values[row * bins + bin] / most));
    }
    drawing.stroke();
  }
}

/** @param {CanvasRenderingContext2D} drawing @param {Arrays[string]} images */
function drawImages(drawing, { values, shape: [count] }) {
  const { width } = drawing.canvas;
  const cell = Math.floor(width / COLUMNS);
  for (let i = 0; i < count; i++) {
    const image = new ImageData(SIDE, SIDE);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      image.data.fill(values[i * SIDE * SIDE + pixel], 4 * pixel, 4 * pixel + 3);
      image.data[4 * pixel + 3] = 255;
    }
    const left = (i % COLUMNS) * cell + (cell - SIDE) / 2, top = Math.floor(i / COLUMNS) * cell + (cell - SIDE) / 2;
    drawing.putImageData(image, Math.round(left), Math.round(top));
  }
}
