// A picture that is taken away, on a canvas: paper of the page's colour with a title and lines of what made it.

/** @import { PictureSize, PictureWords, Theme } from "../types.js" */
import { drawingOn, element } from "./dom.js";

/** px of a picture for a slide, and of its letters. */
export const SLIDE = { width: 1200, height: 900, letter: 20, small: 18 };

export class Sheet {
  /** @param {Theme} theme @param {PictureSize} size @param {Pick<PictureWords, "title" | "lines">} words */
  constructor(theme, { width, height, letter, small }, { title, lines }) {
    this.theme = theme;
    this.canvas = element("canvas", { width: Math.round(width), height: Math.round(height) });
    this.context = drawingOn(this.canvas);
    this.context.fillStyle = theme.background;
    this.context.fillRect(0, 0, width, height);
    this.write(title, 0.8 * letter, 1.6 * letter, 1.2 * letter, 700);
    lines.forEach((line, i) => this.write(line, 0.8 * letter, 3.1 * letter + 1.3 * letter * i, small));
    /** Where there is room below the words. */
    this.top = Sheet.above(letter, lines);
  }

  /** px that title and lines take. @param {number} letter @param {string[]} lines */
  static above(letter, lines) {
    return 2.4 * letter + 1.3 * letter * lines.length;
  }

  /** @param {string} line @param {number} x @param {number} y of its foot @param {number} size @param {number} weight */
  write(line, x, y, size, weight = 400) {
    this.context.fillStyle = this.theme.text;
    this.context.font = `${weight} ${size}px ${this.theme.font}`;
    this.context.fillText(line, x, y);
  }

  /** A picture whose pixels stay crisp squares. @param {HTMLCanvasElement} picture @param {number} x @param {number} y @param {number} scale */
  crisp(picture, x, y, scale) {
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(picture, x, y, scale * picture.width, scale * picture.height);
  }
}
