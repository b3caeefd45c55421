// Asks Streamlit for one rerun when the run, or the step that is looked at, has settings for which the page has another
// formula and other panels.

/** @import { Settings } from "./types.js" */
/** @import { Lab } from "./lab.js" */
import { targetOf } from "./page/dom.js";

export class Rerun {
  /** @param {Lab} lab @param {AbortSignal} signal */
  constructor(lab, signal) {
    this.lab = lab;
    this.path = location.pathname;
    this.leaving = false; // a link was followed to another page
    /** @type {string | undefined} What the page was told of: should it not follow, it is not asked again and again. */
    this.told = undefined;
    const leaves = (/** @type {Event} */ event) => {
      const link = /** @type {HTMLAnchorElement | null} */ (targetOf(event).closest?.("a[href]"));
      if (link && !link.target && new URL(link.href).pathname !== this.path) this.leaving = true;
    };
    document.addEventListener("click", leaves, { signal, capture: true });
  }

  /** The page has been drawn anew. */
  drawn() {
    this.leaving = false;
    this.look();
  }

  /** The frames may say something else than the page. A rerun of this page would bring it back while another is on its way. */
  look() {
    const { header, data, tell } = this.lab;
    if (!header || !data.config || header.run !== data.run) return;
    if (this.leaving || location.pathname !== this.path) return;
    if (header.status === "stopped") {
      // A run that is deleted leaves its worker first: who asked then is told that it is still there, and asks again.
      const stopped = `stopped: ${header.message}`;
      if (this.told === stopped) return;
      this.told = stopped;
      this.lab.askAgain();
      return;
    }
    // A run that only starts tells no settings yet.
    if (!Object.keys(header.config).length) return;
    const settings = this.drawnFor(header.config);
    if (settings === this.drawnFor(data.config)) this.told = undefined;
    else if (settings !== this.told) {
      this.told = settings;
      tell("settings", { now: header.looking === null, ...header.config });
    }
  }

  /** What of a set-up the page is drawn for: most settings act on the running model, and the page stays as it is. @param {Settings} config */
  drawnFor(config) {
    return JSON.stringify(this.lab.data.drawn.map(([name, how]) => (how === "on" ? Boolean(config[name]) : config[name])));
  }
}
