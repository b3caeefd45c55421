// A slider and a number box for each number of a code.

/** @import { Explorer } from "./explorer.js" */
import { subscript } from "../maths/text.js";
import { action, element } from "../page/dom.js";

const FARTHEST = 1000; // that can be typed

export class CodeSliders {
  /** @param {Explorer} panel */
  constructor(panel) {
    this.panel = panel;
    this.node = element("div", { class: "drawer", hidden: "" });
    /** @type {{range: HTMLInputElement, box: HTMLInputElement}[]} */
    this.rows = [];
  }

  /** @param {boolean} on */
  open(on) {
    this.node.hidden = !on;
    this.fill();
  }

  fill() {
    const { dims } = this.panel.spec.explore;
    this.rows = [];
    if (this.node.hidden || dims < 2) return this.node.replaceChildren();
    const labels = Array.from({ length: dims }, (_, i) => this.row(i));
    this.node.replaceChildren(...labels, action("All to 0", () => this.panel.goTo(new Array(dims).fill(0))));
    this.follow();
  }

  /** @param {number} i */
  row(i) {
    const { symbol, reach } = this.panel.spec.explore;
    const name = `${symbol}${subscript(i + 1)}`;
    const range = element("input", { type: "range", min: -reach - 1, max: reach + 1, step: 0.01, "aria-label": name });
    const box = element("input", { type: "number", step: 0.1, "aria-label": `${name}, number` });
    range.oninput = () => this.panel.set(i, range.valueAsNumber);
    box.onchange = () => {
      if (isFinite(box.valueAsNumber)) this.panel.set(i, Math.max(-FARTHEST, Math.min(FARTHEST, box.valueAsNumber)));
    };
    this.rows.push({ range, box });
    return element("label", {}, element("span", {}, name), range, box);
  }

  /** The sliders follow the code. */
  follow() {
    this.rows.forEach(({ range, box }, i) => {
      const text = this.panel.code[i].toFixed(2);
      for (const input of [range, box]) {
        if (document.activeElement !== input && input.value !== text) input.value = text;
      }
    });
  }
}
