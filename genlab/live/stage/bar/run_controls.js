// The run's buttons while one panel fills the screen: the page's own are out of reach then, and these press them.

import { action, change, element } from "../page/dom.js";

/** The buttons of the page, of which Streamlit may hold two for one: the other is for fingers. */
const own = () => [...document.querySelectorAll(".st-key-runbar [data-testid=stButton]")].flatMap(place => {
  const button = place.querySelector("button");
  return button ? [button] : [];
});

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
    const theirs = own();
    while (this.buttons.length > theirs.length) this.buttons.pop()?.remove();
    while (this.buttons.length < theirs.length) {
      const at = this.buttons.length;
      // Looked for when it is pressed: the page makes its buttons anew.
      const button = action("", () => own()[at]?.click());
      this.buttons.push(button);
      this.node.append(button);
    }
    theirs.forEach((button, i) => {
      change(this.buttons[i], button.querySelector("p")?.textContent ?? "");
      this.buttons[i].disabled = button.disabled;
    });
  }
}
