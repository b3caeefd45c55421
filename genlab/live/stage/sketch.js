// The sketch: a square on which a density is painted with a brush and an eraser, perhaps with symmetric copies.
//
// What is painted travels as base64 of one byte for each cell, rows from the top.

/** @import { Mount, SketchData } from "./types.js" */
import { drawingOn, element } from "./page/dom.js";
import { readTheme } from "./page/theme.js";

const SIDE = 96;
/**
 * How many copies each touch has, and whether they are mirrored across the vertical axis.
 * @type {Record<string, [around: number, mirrored: boolean]>}
 */
const COPIES = {
  "no copies": [1, false], "mirrored": [1, true], "2 around": [2, false], "4 around": [4, false],
  "6 around": [6, false], "8 around": [8, false], "4 around, mirrored": [4, true],
};

/** @type {WeakMap<Element, Sketch>} */
const sketches = new WeakMap();

/** @param {Mount<SketchData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const sketch = sketches.get(parentElement) ?? new Sketch(parentElement);
  sketches.set(parentElement, sketch);
  sketch.report = cells => setTriggerValue("drawn", cells);
  sketch.render(data);
  return () => {
    sketch.root.remove();
    sketches.delete(parentElement);
  };
}

/** @typedef {[x: number, y: number]} Spot in cells from the middle */

class Sketch {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {(cells: string) => void} */
    this.report = () => {};
    /** @type {Uint8Array} */
    this.cells = new Uint8Array(SIDE * SIDE);
    /** @type {Spot | null} Where a painting hand was last. */
    this.last = null;
    /** @type {Spot} Where the keys paint. */
    this.cursor = [0, 0];
    this.keyed = false;
    this.colour = "#000000";
    this.canvas = element("canvas", { tabindex: "0", role: "img" });
    this.tool = element("select", { "aria-label": "Tool" }, ...["brush", "eraser"].map(option));
    this.size = element("input", { type: "range", min: "1", max: "14", value: "4", "aria-label": "Size of the brush" });
    this.copies = element("select", { "aria-label": "Symmetric copies" }, ...Object.keys(COPIES).map(option));
    const clear = element("button", { type: "button" }, "Clear");
    const hint = element("span", { class: "hint" }, "Keys: arrows move, Space paints.");
    const tools = element("div", { class: "tools" }, this.tool, element("label", {}, "size ", this.size), this.copies, clear, hint);
    this.root = element("div", { class: "genlab-sketch" }, tools, this.canvas);
    parent.append(this.root);
    clear.addEventListener("click", () => this.set(new Uint8Array(SIDE * SIDE)));
    this.canvas.addEventListener("pointerdown", event => this.start(event));
    this.canvas.addEventListener("pointermove", event => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end());
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.canvas.addEventListener("keyup", event => event.key === " " && this.end());
    this.canvas.addEventListener("blur", () => this.end());
  }

  /** @param {SketchData} data */
  render(data) {
    this.colour = readTheme(this.root, data.palette)[data.colour];
    this.canvas.setAttribute("aria-label", data.label);
    // What the page knows is older than what a hand is painting.
    if (!this.last && data.cells !== undefined) this.cells = bytesOf(data.cells);
    this.paint();
  }

  /** @param {Uint8Array} cells */
  set(cells) {
    this.cells = cells;
    this.paint();
    this.report(textOf(this.cells));
  }

  /** @param {PointerEvent} event @returns {Spot} */
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width - 0.5) * SIDE, ((clientY - box.top) / box.height - 0.5) * SIDE];
  }

  /** @param {PointerEvent} event */
  start(event) {
    event.preventDefault();
    this.canvas.focus();
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.touch(this.last);
  }

  /** A fast hand leaves no gaps. @param {PointerEvent} event */
  move(event) {
    const from = this.last;
    if (!from) return;
    const to = this.place(event);
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(1, this.radius / 2)));
    for (let i = 1; i <= steps; i++) {
      this.touch([from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps]);
    }
    this.last = to;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, Spot>} */
    const moves = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, -2], ArrowDown: [0, 2] };
    const by = moves[event.key];
    if (!by && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    this.keyed = true;
    if (by) this.cursor = /** @type {Spot} */ (this.cursor.map((at, i) => Math.max(-SIDE / 2, Math.min(SIDE / 2, at + by[i]))));
    else this.last = this.cursor;
    if (this.last) this.touch(this.cursor);
    this.paint();
  }

  end() {
    if (!this.last) return;
    this.last = null;
    this.report(textOf(this.cells));
  }

  get radius() {
    return Number(this.size.value);
  }

  /** Paint or erase around a spot and its copies. @param {Spot} spot */
  touch([x, y]) {
    const [around, mirrored] = COPIES[this.copies.value];
    for (let i = 0; i < around; i++) {
      const [c, s] = [Math.cos((2 * Math.PI * i) / around), Math.sin((2 * Math.PI * i) / around)];
      for (const side of mirrored ? [x, -x] : [x]) this.dab(c * side - s * y, s * side + c * y);
    }
    this.paint();
  }

  /** @param {number} x @param {number} y */
  dab(x, y) {
    const [r, erases] = [this.radius, this.tool.value === "eraser"];
    const [cx, cy] = [x + SIDE / 2, y + SIDE / 2];
    for (let row = Math.max(0, Math.floor(cy - 2 * r)); row < Math.min(SIDE, cy + 2 * r); row++) {
      for (let column = Math.max(0, Math.floor(cx - 2 * r)); column < Math.min(SIDE, cx + 2 * r); column++) {
        const weight = Math.exp(-((column + 0.5 - cx) ** 2 + (row + 0.5 - cy) ** 2) / (0.5 * r * r));
        const at = row * SIDE + column;
        this.cells[at] = erases ? this.cells[at] * (1 - weight) : Math.min(255, this.cells[at] + 90 * weight);
      }
    }
  }

  paint() {
    Object.assign(this.canvas, { width: SIDE * 4, height: SIDE * 4 });
    const context = drawingOn(this.canvas);
    context.fillStyle = this.colour;
    for (let at = 0; at < this.cells.length; at++) {
      if (!this.cells[at]) continue;
      context.globalAlpha = this.cells[at] / 255;
      context.fillRect((at % SIDE) * 4, Math.floor(at / SIDE) * 4, 4, 4);
    }
    if (!this.keyed) return;
    context.globalAlpha = 1;
    context.strokeStyle = this.colour;
    const [x, y] = this.cursor.map(at => (at + SIDE / 2) * 4);
    context.strokeRect(x - 6, y - 6, 12, 12);
  }
}

/** @param {string} word */
const option = word => element("option", { value: word }, word);

/** @param {Uint8Array} cells */
const textOf = cells => btoa(String.fromCharCode(...cells));

/** @param {string} text @returns {Uint8Array} */
function bytesOf(text) {
  const cells = Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
  return cells.length === SIDE * SIDE ? cells : new Uint8Array(SIDE * SIDE);
}
