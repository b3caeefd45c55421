// The run's buttons while one panel fills the screen: the page's own are out of reach then, and these press them.

import { action, change, element } from "../page/dom.js";

const OWN = ".st-key-runbar [data-testid=stButton] button";

export class RunControls {
  constructor() {
    this.node = element("div", { class: "controls run", hidden: "" });
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
  }

  /** @param {boolean} shown */
  update(shown) {
    this.node.hidden = !shown;
    if (!shown) return;
    const own = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll(OWN)]);
    while (this.buttons.length > own.length) this.buttons.pop()?.remove();
    while (this.buttons.length < own.length) {
      const at = this.buttons.length;
      // Looked for when it is pressed: the page makes its buttons anew.
      const button = action("", () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(OWN)])[at]?.click());
      this.buttons.push(button);
      this.node.append(button);
    }
    own.forEach((button, i) => {
      change(this.buttons[i], button.querySelector("p")?.textContent ?? "");
      this.buttons[i].disabled = button.disabled;
    });
  }
}
