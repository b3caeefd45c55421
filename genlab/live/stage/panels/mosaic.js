// Grids of grey images side by side, each pixel a crisp square.

/** @import { PanelSpec, PictureSize, PictureWords } from "../types.js" */
import { arranged } from "../maths/mosaic.js";
import { number } from "../maths/text.js";
import { action, change, element, menu, save } from "../page/dom.js";
import { paint } from "../page/pixels.js";
import { SLIDE, Sheet } from "../page/sheet.js";
import { toTake } from "../take/take.js";
import { Panel } from "./panel.js";

/** @typedef {{node: HTMLElement, canvas: HTMLCanvasElement, x: Element, y: Element, array: string}} Group */

export class Mosaic extends Panel {
  /** @type {Group[]} */
  groups = [];

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    this.groups = spec.groups.map(group => this.group(group));
    this.canvas.replaceChildren(...this.groups.map(({ node }) => node));
    this.under.hidden = true;
    this.tools = [menu("More", [action("Picture (PNG)", () => this.image()), ...toTake(this)])];
  }

  /** @param {{array: string, label: string}} group @returns {Group} */
  group({ array, label }) {
    const canvas = element("canvas", { role: "img", "aria-label": label });
    const [x, y] = [element("span", { class: "x" }), element("span", { class: "y" })];
    const node = element("figure", {}, element("figcaption", {}, label), element("div", { class: "sheet" }, y, canvas, x));
    return { node, canvas, x, y, array };
  }

  draw() {
    super.draw();
    this.sayNothing(!this.groups.some(({ array }) => this.has(array)));
    for (const group of this.groups) {
      if (!this.has(group.array)) continue;
      const images = this.lab.arrays[group.array];
      const { below, columns, scale } = this.arrangement(images.shape);
      this.canvas.classList.toggle("below", below);
      paint(group.canvas, images, columns, this.lab.theme);
      group.canvas.style.width = `${Math.max(1, Math.floor(group.canvas.width * scale))}px`;
      group.canvas.style.height = `${Math.max(1, Math.floor(group.canvas.height * scale))}px`;
      this.label(group);
    }
  }

  resize() {
    if (this.lab.header) this.draw();
  }

  /** As large as the panel allows, all groups alike. @param {number[]} shape */
  arrangement([count, height, width]) {
    const letter = this.lab.room.fontSize();
    const labels = this.spec.axes ? 1.9 * letter : 0;
    return arranged({
      across: this.canvas.clientWidth, down: this.canvas.clientHeight, groups: this.groups.length, count, width, height,
      above: 2 * letter + labels, beside: labels, columns: this.spec.columns,
    });
  }

  /** @param {Group} group */
  label({ x, y }) {
    const { axes } = this.spec;
    const ticks = axes && this.lab.arrays[axes.array]?.values;
    if (!ticks) return;
    const [low, high] = [number(ticks[0], 2), number(ticks[ticks.length - 1], 2)];
    change(x, `${low} ← ${axes.x} → ${high}`);
    change(y, `${low} ← ${axes.y} → ${high}`);
  }

  /** @param {PictureSize} size @param {boolean} [told] */
  async picture(size, told = true) {
    return this.nothing.hidden ? this.paper(this.wordsOf(told), size) : null;
  }

  /** The images in one, under the title and the set-up, each group under its label: as large as they come crisp. @param {PictureWords} words @param {PictureSize} size */
  paper(words, size) {
    const { letter, small } = size;
    const gap = letter / 2;
    const wide = this.groups.reduce((sum, { canvas }) => sum + canvas.width, 0);
    const high = Math.max(...this.groups.map(({ canvas }) => canvas.height));
    const sheet = new Sheet(this.lab.theme, size, words);
    const top = sheet.top + 1.5 * letter;
    const fits = Math.min((size.width - 2 * letter - gap * (this.groups.length - 1)) / wide, (size.height - top - gap) / high);
    const scale = fits > 1 ? Math.floor(fits) : fits;
    let left = 0.8 * letter;
    for (const { canvas, node } of this.groups) {
      sheet.write(node.querySelector("figcaption")?.textContent ?? "", left, top - 0.4 * letter, small);
      sheet.crisp(canvas, left, top, scale);
      left += scale * canvas.width + gap;
    }
    return sheet.canvas;
  }

  image() {
    // Twice as fine as a slide, as the figures are.
    const { width, height, letter, small } = SLIDE;
    const size = { width: 2 * width, height: 2 * height, letter: 2 * letter, small: 2 * small };
    this.paper(this.wordsOf(true), size).toBlob(blob => blob && save(blob, this.lab.fileName(this.id, "png")));
  }
}
