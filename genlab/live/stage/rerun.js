// Asks Streamlit for one rerun when the run has a status for which the page has other buttons or words, or settings
// (those of the step that is looked at) for which it has other controls, formulas and labels.

/** @import { Lab } from "./lab.js" */
import { shownFor } from "./bar/status.js";
import { targetOf } from "./page/dom.js";

const AGAIN = 700; // ms: a press of the person's own button also makes the two differ for a moment
const LEAVING = 10_000; // ms in which the page that a link leads to may come

export class Rerun {
  /** @param {Lab} lab @param {AbortSignal} signal */
  constructor(lab, signal) {
    this.lab = lab;
    this.left = -Infinity; // when a link was last followed
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
    this.asked = false;
    /** @type {string | undefined} The settings that the page was told of. */
    this.told = undefined;
    const leaves = (/** @type {Event} */ event) => {
      if (targetOf(event).closest?.("a[href]")) this.left = performance.now();
    };
    document.addEventListener("click", leaves, { signal, capture: true });
  }

  /** The page has been drawn anew. */
  drawn() {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.asked = false;
    this.look();
  }

  /** The frames may say something else than the page. */
  look() {
    if (!this.differs() || this.waiting || this.asked) return;
    // A timer, not the next frame, looks again: a run that diverged sends no other.
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      if (!this.differs() || this.lab.closed) return;
      // A rerun asked for while another page is on its way would bring this one back.
      if (performance.now() - this.left < LEAVING) this.look();
      else this.ask();
    }, AGAIN);
  }

  ask() {
    const { header, tell } = this.lab;
    if (!header) return;
    this.asked = true;
    if (this.otherStatus()) tell("status", header.status);
    if (!this.otherSettings()) return;
    tell("settings", { now: header.looking === null, ...header.config });
    // Told once: should the page not follow, it is not asked again and again.
    this.told = JSON.stringify(header.config);
  }

  differs() {
    return this.otherStatus() || this.otherSettings();
  }

  otherStatus() {
    const { header, data } = this.lab;
    return Boolean(header && data.status && shownFor(header.status) !== shownFor(data.status));
  }

  otherSettings() {
    const { header, data } = this.lab;
    // A run that only starts tells no settings yet.
    if (!header || !data.config || header.run !== data.run || !("seed" in header.config)) return false;
    const settings = JSON.stringify(header.config);
    return settings !== JSON.stringify(data.config) && settings !== this.told;
  }

  close() {
    clearTimeout(this.waiting);
  }
}
