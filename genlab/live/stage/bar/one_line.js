// Buttons in one line; those that have no room in it are in a menu at its end.

import { closesOnLeaving, element } from "../page/dom.js";
import { inOneLine } from "../maths/room.js";

const GAP = 3; // px between two of them, as in panels.css
const MENU = 64; // px that the menu's button needs

export class OneLine {
  /** @param {HTMLElement} node that is the line @param {string} name of what is in it */
  constructor(node, name) {
    this.node = node;
    this.node.classList.add("one-line");
    /** @type {HTMLElement[]} */
    this.items = [];
    this.rest = element("div", { class: "items" });
    this.count = element("span");
    const summary = element("summary", { title: `More ${name}`, "aria-label": `More ${name}` }, this.count);
    this.menu = element("details", { class: "menu upward", hidden: "" }, summary, this.rest);
    closesOnLeaving(this.menu);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(node);
    this.fitted = "";
  }

  /** @param {HTMLElement[]} items */
  fill(items) {
    this.items = items;
    this.fitted = "";
    this.grown?.disconnect();
    // A field's numbers come later than its switch.
    this.grown = new ResizeObserver(() => {
      if (this.node.scrollWidth <= this.node.clientWidth) return;
      this.fitted = "";
      this.fit();
    });
    this.node.replaceChildren(...items, this.menu);
    this.fit();
    for (const item of items) this.grown.observe(item);
  }

  /** Goes by the width of the line and of its letters, and moves no button without need: one may have the focus. */
  fit() {
    const room = this.node.clientWidth;
    const fitted = `${room} ${getComputedStyle(this.node).fontSize}`;
    if (!room || fitted === this.fitted) return;
    this.fitted = fitted;
    this.node.replaceChildren(...this.items, this.menu);
    const count = inOneLine(this.items.map(item => item.offsetWidth), room, GAP, MENU);
    this.rest.replaceChildren(...this.items.slice(count));
    this.count.textContent = `+${this.items.length - count}`;
    this.menu.hidden = count === this.items.length;
  }

  close() {
    this.grown?.disconnect();
    this.sizes.disconnect();
  }
}
