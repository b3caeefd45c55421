// Grey images as crisp squares: ink on paper in the light theme, light on dark in the other.

/** @import { NumberArray, Theme } from "../types.js" */
import { rgb } from "../maths/colours.js";
import { drawingOn } from "./dom.js";

/**
 * A grid of images (count, height, width) in grey bytes, one canvas pixel for each of theirs and one between two images.
 * @param {HTMLCanvasElement} canvas @param {NumberArray} images @param {number} columns @param {Theme} theme
 */
export function paint(canvas, { values, shape: [count, height, width] }, columns, theme) {
  const rows = Math.ceil(count / columns);
  const [w, h] = [columns * (width + 1) - 1, rows * (height + 1) - 1];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = drawingOn(canvas);
  const picture = context.createImageData(w, h);
  const [paper, ink] = [rgb(theme.paper), rgb(theme.ink)];
  for (let i = 0; i < count; i++) {
    const [left, top] = [(i % columns) * (width + 1), Math.floor(i / columns) * (height + 1)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const share = values[(i * height + y) * width + x] / 255;
        const at = 4 * ((top + y) * w + left + x);
        for (let c = 0; c < 3; c++) picture.data[at + c] = paper[c] + share * (ink[c] - paper[c]);
        picture.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(picture, 0, 0);
}

/** Image number i of an array of images (count, height, width). @param {NumberArray} images @param {number} i @returns {NumberArray} */
export function imageAt({ values, shape }, i) {
  const [height, width] = shape.slice(-2);
  const size = height * width;
  return { values: values.subarray(i * size, (i + 1) * size), shape: [1, height, width] };
}
