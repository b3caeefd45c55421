// The keys of a run work wherever the focus is, except in a field that has a use for them itself.

/** @import { Lab } from "./lab.js" */
import { targetOf } from "./page/dom.js";

const FIELDS = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable], [role=combobox], [role=textbox]";
const PRESSED = "button, summary, a, [role=button], [role=tab], [type=checkbox], [type=radio]";

export class Shortcuts {
  /** @param {Lab} lab @param {AbortSignal} signal */
  constructor(lab, signal) {
    this.lab = lab;
    document.addEventListener("keydown", event => this.page(event), { signal });
    lab.root.addEventListener("keydown", event => this.own(event));
  }

  /** Keys of the whole page. @param {KeyboardEvent} event */
  page(event) {
    if (event.key === "Escape") this.lab.enlarged.show(null);
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = targetOf(event);
    if (target.closest?.(FIELDS) || document.querySelector("[role=dialog]")) return;
    // What has the focus is pressed by the space bar.
    if (event.key === " " && target.closest?.(PRESSED)) return;
    if (this.lab.slow.opened) this.lab.slow.key(event);
    if (!event.defaultPrevented && this.lab.hand.key(event)) event.preventDefault();
  }

  /** Keys within the stage. @param {KeyboardEvent} event */
  own(event) {
    // Nor are the letters that somebody types shortcuts of the page around us.
    if (targetOf(event).closest(FIELDS)) event.stopPropagation();
    if (event.key !== "Escape") return;
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (this.lab.root.querySelectorAll("details[open]"))) {
      if (!menu.classList.contains("more")) menu.open = false;
    }
  }
}
