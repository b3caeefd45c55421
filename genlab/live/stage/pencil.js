// The pencil: a pad on which a density is drawn with the mouse, a pen or a finger, one height for each column.
//
// Heights travel as text, one letter for each column, so that a drawn curve fits into the address of the page.

/** @import { Mount, PencilData } from "./types.js" */
import { drawingOn, element } from "./page/dom.js";
import { readTheme } from "./page/theme.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TOP = ALPHABET.length - 1;

/** @type {WeakMap<Element, Pad>} */
const pads = new WeakMap();

/** @param {Mount<PencilData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const pad = pads.get(parentElement) ?? new Pad(parentElement);
  pads.set(parentElement, pad);
  pad.report = curve => setTriggerValue("drawn", curve);
  pad.render(data);
  return () => {
    pad.root.remove();
    pads.delete(parentElement);
  };
}

class Pad {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {(curve: string) => void} */
    this.report = () => {};
    /** @type {{column: number, height: number} | null} Where a drawing hand was last. */
    this.last = null;
    /** @type {number[]} of each column, from 0 to TOP */
    this.heights = [];
    this.colour = "";
    this.canvas = element("canvas", { role: "img" });
    this.low = element("span");
    this.high = element("span");
    const ends = element("div", { class: "ends" }, this.low, element("span", {}, "draw here"), this.high);
    this.root = element("div", { class: "genlab-pencil" }, this.canvas, ends);
    parent.append(this.root);
    this.canvas.addEventListener("pointerdown", event => this.start(event));
    this.canvas.addEventListener("pointermove", event => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end());
  }

  /** @param {PencilData} data */
  render(data) {
    if (this.last) return; // a hand is drawing
    this.colour = readTheme(this.root, data.palette)[data.colour];
    this.heights = [...data.curve].map(letter => ALPHABET.indexOf(letter));
    this.canvas.setAttribute("aria-label", data.label);
    [this.low.textContent, this.high.textContent] = data.ends;
    this.paint();
  }

  /** Column and height under the pointer. @param {PointerEvent} event */
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    /** @param {number} value @param {number} most */
    const clamp = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    const columns = this.heights.length - 1;
    return {
      column: clamp(((clientX - box.left) / box.width) * columns, columns),
      height: clamp((1 - (clientY - box.top) / box.height) * TOP, TOP),
    };
  }

  /** @param {PointerEvent} event */
  start(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.move(event);
  }

  /** Every column that a fast hand has passed gets a height on the straight line. @param {PointerEvent} event */
  move(event) {
    const from = this.last;
    if (!from) return;
    const to = this.place(event);
    const steps = Math.max(1, Math.abs(to.column - from.column));
    for (let i = 0; i <= steps; i++) {
      const share = i / steps;
      const column = Math.round(from.column + share * (to.column - from.column));
      this.heights[column] = Math.round(from.height + share * (to.height - from.height));
    }
    this.last = to;
    this.paint();
  }

  end() {
    if (!this.last) return;
    this.last = null;
    this.report(this.heights.map(height => ALPHABET[height]).join(""));
  }

  paint() {
    const [width, height, ratio] = [this.canvas.clientWidth || 280, this.canvas.clientHeight || 120, devicePixelRatio];
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    const context = drawingOn(this.canvas);
    context.scale(ratio, ratio);
    /** @param {number} column */
    const x = column => (column / (this.heights.length - 1)) * width;
    /** @param {number} level */
    const y = level => height - 2 - (level / TOP) * (height - 4);
    context.beginPath();
    this.heights.forEach((level, column) => context.lineTo(x(column), y(level)));
    Object.assign(context, { strokeStyle: this.colour, fillStyle: `${this.colour}40`, lineWidth: 2.5 });
    context.stroke();
    context.lineTo(width, height);
    context.lineTo(0, height);
    context.fill();
  }
}
