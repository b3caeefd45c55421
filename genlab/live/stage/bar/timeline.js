// Scrubs back through the snapshots of a run.

/** @import { Lab } from "../lab.js" */
import { whole } from "../maths/text.js";
import { action, change, element } from "../page/dom.js";
import { recall, rememberOf } from "../page/memory.js";
import { look, rewind } from "../wire/messages.js";

const ANSWER = 1500; // ms within which the frames follow a request to look back
const LABEL = 64; // px that the label of a stop needs

/**
 * Scrubs back: one stop for each snapshot of the run and the present as the last. The stops stand evenly, because the
 * snapshots lie dense in the recent past; their steps are written under them.
 */
export class Timeline {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    /** @type {number[]} */
    this.stops = [];
    /** @type {number | null} The step that this tab looks at, which the server forgets with the connection. */
    this.step = null;
    /** @type {{step: number | null, until: number} | null} What the frames do not show yet. */
    this.asked = null;
    this.held = false;
    this.placed = "";
    // Kept, not read with each frame: to read it then has the browser reckon the whole page at once.
    this.width = 0;
    this.sizes = new ResizeObserver(() => this.measure());
    this.words = element("span", { class: "words" });
    this.range = element("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Look back to a snapshot" });
    this.marks = element("div", { class: "marks", "aria-hidden": "true" });
    this.now = action("Now", () => this.look(null));
    this.branch = action("Branch from here", () => this.leave(step => lab.hand.branch(step)));
    this.rewind = action("Rewind to here", () => this.leave(step => lab.hand.order(rewind(step))));
    this.now.title = "Show the run as it is now";
    this.branch.title = "A new run from this state, with the curves of this one beside it; this run goes on";
    this.rewind.title = "This run goes back to this state; what came after it is lost";
    const track = element("div", { class: "track" }, this.range, this.marks);
    this.node = element("div", { class: "timeline", hidden: "" }, this.words, track, this.now, this.branch, this.rewind);
    this.range.oninput = () => this.look(this.stops[this.range.valueAsNumber] ?? null);
    this.sizes.observe(this.range);
    // Stops that came or went while a hand holds the thumb would move it away.
    this.range.onpointerdown = () => (this.held = true);
    this.range.onchange = this.range.onpointerup = this.range.onpointercancel = () => (this.held = false);
  }

  measure() {
    this.width = this.range.clientWidth;
    this.update();
  }

  /** @param {number | null} step */
  look(step) {
    this.step = step;
    this.asked = { step, until: performance.now() + ANSWER };
    rememberOf(this.lab.data.run, "look", step);
    this.lab.feed.send(look(step));
    this.update();
  }

  /** Another run is shown: this tab may have looked back in it before. */
  enter() {
    this.step = recall("look", {})[this.lab.data.run] ?? null;
    this.asked = null;
  }

  /** There is a connection again. */
  again() {
    if (this.step !== null && this.lab.data.timeline) this.look(this.step);
  }

  /** A new run, or this one, goes on from the step that is looked at; the page shows its present. @param {(step: number) => unknown} goOn */
  leave(goOn) {
    const step = this.looking();
    if (step === null) return;
    this.look(null);
    goOn(step);
  }

  /** The step that is looked at, as far as this page knows; null for the present. */
  looking() {
    const seen = this.lab.header?.looking ?? null;
    if (this.asked && (this.asked.step === seen || performance.now() > this.asked.until)) this.asked = null;
    // The run has not that past any more.
    if (!this.asked && seen === null) this.step = null;
    return this.asked ? this.asked.step : seen;
  }

  update() {
    const { header, frozen } = this.lab;
    if (frozen || this.node.hidden) return;
    if (!header) return change(this.words, "Now");
    const looking = this.looking();
    const step = whole(header.step);
    if (!this.held) this.place(header.timeline?.filter(stop => stop < header.step) ?? [], looking);
    const then = looking === null ? "" : whole(looking);
    const run = header.status === "diverged" ? `the run diverged at ${step}` : `the run is at ${step}`;
    const where = then ? `Looking at step ${then}; ${run}` : `Now, step ${step}`;
    const way = then ? `Going to step ${then} …` : "Back to now …";
    change(this.words, this.asked ? way : where);
    this.range.setAttribute("aria-valuetext", then ? `step ${then}` : "now");
    this.lab.root.toggleAttribute("data-looking", Boolean(then));
    this.rewind.hidden = Boolean(this.lab.data.watching);
    for (const button of [this.now, this.branch, this.rewind]) button.disabled = !then;
  }

  /** @param {number[]} stops @param {number | null} looking */
  place(stops, looking) {
    const shown = `${stops} ${this.width}`;
    if (shown !== this.placed) {
      this.placed = shown;
      this.stops = stops;
      this.range.max = String(stops.length || 1);
      this.range.disabled = !stops.length;
      this.label();
    }
    const at = looking === null ? Number(this.range.max) : stops.indexOf(looking);
    if (at >= 0) this.range.value = String(at);
  }

  /** A mark for each stop, and as many steps as there is room for; the first and the present are always named. */
  label() {
    const last = this.stops.length;
    const every = Math.max(1, Math.ceil((LABEL * last) / Math.max(1, this.width)));
    const marks = [...this.stops, null].map((step, i) => {
      const named = i === 0 || i === last || (i % every === 0 && last - i >= every);
      const mark = element("span", {}, named ? (step === null ? "now" : whole(step)) : "");
      mark.style.setProperty("--at", String(last ? i / last : 1));
      return mark;
    });
    this.marks.replaceChildren(...marks);
  }
}
