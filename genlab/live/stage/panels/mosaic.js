// Grids of grey images side by side, each pixel a crisp square.

/** @import { PanelSpec } from "../types.js" */
import { number } from "../maths/text.js";
import { action, change, drawingOn, element, menu, save } from "../page/dom.js";
import { paint } from "../page/pixels.js";
import { Panel } from "./panel.js";

const SLIDE = 1200; // px that a picture for a slide is wide at least

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
    this.tools = [menu("More", [action("Picture (PNG)", () => this.image())])];
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
      const { columns, scale } = this.arrangement(images.shape);
      paint(group.canvas, images, columns, this.lab.theme);
      group.canvas.style.width = `${Math.max(1, Math.floor(group.canvas.width * scale))}px`;
      group.canvas.style.height = `${Math.max(1, Math.floor(group.canvas.height * scale))}px`;
      this.label(group);
    }
  }

  resize() {
    if (this.lab.header) this.draw();
  }

  /** The number of columns (unless the panel fixes it) that makes the images as large as the panel allows. @param {number[]} shape */
  arrangement([count, height, width]) {
    const across = this.groups.length;
    const letter = this.lab.room.fontSize();
    const labels = this.spec.axes ? 1.9 * letter : 0;
    const room = [(this.canvas.clientWidth - 12 * (across - 1)) / across - labels, this.canvas.clientHeight - 2 * letter - labels];
    const fixed = this.spec.columns;
    const choices = fixed ? [fixed] : [...Array(count).keys()].map(i => i + 1);
    const scaled = choices.map(columns => {
      const rows = Math.ceil(count / columns);
      const scale = Math.min(room[0] / (columns * (width + 1)), room[1] / (rows * (height + 1)));
      return { columns, scale, merit: scale * (count % columns ? 0.8 : 1) }; // whole rows look better
    });
    return scaled.reduce((best, one) => (one.merit > best.merit ? one : best));
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

  /** The images in one, under the title and the set-up, each group under its label. */
  image() {
    const { title, lines } = this.description();
    const { background, text, font } = this.lab.theme;
    const scale = Math.max(4, Math.ceil(SLIDE / this.groups.reduce((sum, { canvas }) => sum + canvas.width, 0)));
    const top = 50 + 26 * lines.length + 40;
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(SLIDE, this.groups.reduce((sum, { canvas }) => sum + scale * (canvas.width + 4), 32));
    sheet.height = top + 16 + scale * Math.max(...this.groups.map(({ canvas }) => canvas.height));
    const context = drawingOn(sheet);
    context.imageSmoothingEnabled = false;
    context.fillStyle = background;
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.fillStyle = text;
    /** @type {(line: string, x: number, y: number, how: string) => void} */
    const write = (line, x, y, how) => {
      context.font = `${how} ${font}`;
      context.fillText(line, x, y);
    };
    write(title, 16, 36, "700 28px");
    lines.forEach((line, i) => write(line, 16, 66 + 26 * i, "20px"));
    let left = 16;
    for (const { canvas, node } of this.groups) {
      write(node.querySelector("figcaption")?.textContent ?? "", left, top - 10, "20px");
      context.drawImage(canvas, left, top, scale * canvas.width, scale * canvas.height);
      left += scale * (canvas.width + 4);
    }
    sheet.toBlob(blob => blob && save(blob, this.lab.fileName(this.id, "png")));
  }
}
