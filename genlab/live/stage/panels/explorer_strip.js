// The outputs along a way through the codes, side by side, and how one output is drawn.

/** @import { Arrays, Code, Place } from "../types.js" */
/** @import { Explorer } from "./explorer.js" */
import { plain } from "../maths/codes.js";
import { tuple } from "../maths/text.js";
import { element } from "../page/dom.js";
import { diamond, fitCanvas } from "../page/marks.js";
import { imageAt, paint } from "../page/pixels.js";

const OUTPUTS = 10; // in a strip
export const BETWEEN = 4; // parts into which a curve of points is cut between two of them
const DOTS = 250; // of the data's points in a small map

export class Strip {
  /** @param {Explorer} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {{codes: Code[], arrays: Arrays} | null} The newest answer, and what it is the answer to. */
    this.decoded = null;
    this.pictures = element("div", { class: "pictures", hidden: "" });
    this.readout = element("p", { class: "readout" });
    this.node = element("div", { class: "shelf" }, this.pictures, this.readout);
  }

  /** Those of the strip; for points those between them too, which make its curve smooth. */
  codes() {
    return this.panel.course.codes((OUTPUTS - 1) * (this.panel.spec.explore.images ? 1 : BETWEEN));
  }

  /** Asks for the outputs. */
  unroll() {
    const { panel } = this;
    panel.hand.sketch();
    panel.tell();
    const asker = `${panel.id} strip`;
    const codes = this.codes();
    if (!codes.length || !panel.fits()) {
      panel.lab.decoder.forget(asker);
      this.decoded = null;
      this.paint();
      return;
    }
    panel.lab.decoder.ask(asker, codes.map(plain), arrays => {
      this.decoded = { codes, arrays };
      this.paint();
    });
  }

  paint() {
    const { images, symbol } = this.panel.spec.explore;
    const { codes, arrays } = this.decoded ?? { codes: [], arrays: {} };
    this.pictures.hidden = !codes.length;
    const every = this.panel.course.at && !images ? BETWEEN : 1;
    const shown = [...codes.entries()].filter(([i]) => i % every === 0);
    while (this.pictures.children.length > shown.length) this.pictures.lastChild?.remove();
    while (this.pictures.children.length < shown.length) this.pictures.append(element("canvas", { role: "img" }));
    shown.forEach(([i, code], at) => {
      const canvas = /** @type {HTMLCanvasElement} */ (this.pictures.children[at]);
      this.render(canvas, arrays, i);
      canvas.setAttribute("aria-label", `${at + 1} of ${shown.length}: ${symbol} = ${tuple(code)}`);
      canvas.title = `${symbol} = ${tuple(code)}`;
    });
    this.panel.echo.draw();
  }

  /** Output number i of an answer. @param {HTMLCanvasElement} canvas @param {Arrays} arrays @param {number} i */
  render(canvas, arrays, i) {
    if (this.panel.spec.explore.images) paint(canvas, imageAt(arrays.images ?? arrays.image, i), 1, this.panel.lab.theme);
    else this.renderPoint(canvas, [arrays.xy.values[2 * i], arrays.xy.values[2 * i + 1]]);
  }

  /** A small map of the data's plane with the output in it. @param {HTMLCanvasElement} canvas @param {Place} place */
  renderPoint(canvas, [x, y]) {
    if (canvas.hidden) return;
    const { extent, positions } = this.panel.spec.explore;
    const { theme, arrays } = this.panel.lab;
    const side = canvas.clientWidth || 96;
    const context = fitCanvas(canvas, side, side);
    /** @param {number} value */
    const to = value => ((value + extent) / (2 * extent)) * side;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, side, side);
    context.fillStyle = theme.real;
    const { values, shape } = arrays[positions] ?? { values: [], shape: [0] };
    for (let i = 0; i < Math.min(DOTS, shape[0]); i++) {
      context.fillRect(to(values[2 * i]) - 0.75, side - to(values[2 * i + 1]) - 0.75, 1.5, 1.5);
    }
    /** @param {number} value */
    const inside = value => Math.max(5, Math.min(side - 5, to(value)));
    diamond(context, [inside(x), side - inside(y)], Math.max(5, side / 16), theme);
  }
}
