// One panel fills the screen, with its legend, the values, the timeline and the run's buttons, written larger.

/** @import { Lab } from "./lab.js" */
/** @import { Area } from "./bar/area.js" */
import { enterFullScreen, leaveFullScreen } from "./page/full_screen.js";

export class Enlargement {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    /** @type {Area | null} The area of that panel. */
    this.area = null;
    lab.root.addEventListener("fullscreenchange", () => document.fullscreenElement || this.show(null));
  }

  /** @param {Area | null} area */
  show(area) {
    const { lab } = this;
    if (area === this.area) return;
    this.area = area;
    lab.root.classList.toggle("enlarged", Boolean(area));
    for (const one of lab.room.areas.values()) one.showEnlarged(one === area);
    if (!area) leaveFullScreen(lab.root);
    else enterFullScreen(lab.root).then(() => this.area || leaveFullScreen(lab.root));
    lab.room.fit();
    lab.draw();
  }

  /** px, to be read from the back of a room; the same as --size in live.css. */
  fontSize() {
    return Math.round(Math.max(16, Math.min(24, window.innerWidth / 80)));
  }
}
