// Presenter mode: one or two pictures over the whole window, with the claim and the step in letters for the last row. It
// begins and ends with P, or begins with ?present=1 in the address. A clicker's keys, Page Down and Page Up, go to the
// next claim of the page where it has several, otherwise to the next picture beside the main one; never along the time
// line, which everybody shares. In a lesson they go through its stations, and its words stay above the pictures.

/** @import { Lab } from "./lab.js" */
/** @import { Area } from "./bar/area.js" */
/** @import { Panel } from "./panels/panel.js" */
import { change, element, targetOf } from "./page/dom.js";
import { turned } from "./maths/room.js";
import { join, lettersOfPresenter, look, presents } from "./page/presenting.js";

/** @type {Record<string, number>} */
const TURNS = { PageDown: 1, PageUp: -1 };

/** @type {Set<Presenter>} Those of a page present together. */
const all = new Set();

export class Presenter {
  on = false;
  at = 0; // which picture stands beside the main one

  /** @param {Lab} lab @param {AbortSignal} signal */
  constructor(lab, signal) {
    this.lab = lab;
    this.claim = element("p", { class: "claim" });
    lab.top.node.append(this.claim);
    document.addEventListener("keydown", event => this.first() && this.key(event), { signal });
    all.add(this);
    join(this, signal);
    signal.addEventListener("abort", () => all.delete(this));
  }

  /** One of them listens for all. */
  first() {
    return all.values().next().value === this;
  }

  /** After the page has been drawn: it presents from the start where the tab does, and shares the window anew. */
  opened() {
    look();
    if (presents()) for (const one of all) one.show(true);
    else this.show(false);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const turn = TURNS[event.key];
    if (!turn || !this.on || event.ctrlKey || event.altKey || event.metaKey || targetOf(event).closest?.("textarea")) return;
    event.preventDefault();
    this.turn(turn);
  }

  /** The mounts of this page that present: those with pictures. */
  shown() {
    return [...all].filter(({ lab }) => lab.data?.panels.length && lab.data.bar !== "curves");
  }

  /** @param {boolean} on */
  show(on) {
    const { root, enlarged, room, data } = this.lab;
    if (!data) return;
    const [mine, shown] = [this.shown().indexOf(this), this.shown().length];
    const [was, is] = [root.classList.contains("present"), on && mine >= 0];
    if (on) enlarged.show(null);
    this.on = on;
    root.classList.toggle("present", is);
    root.style.setProperty("--place", String(mine));
    root.style.setProperty("--places", String(shown));
    // A popover stands above everything else of the page.
    if (is && !was) {
      root.popover = "manual";
      root.showPopover?.();
    } else if (was && !is) {
      root.hidePopover?.();
      root.removeAttribute("popover");
    }
    this.mark();
    room.fit();
    this.lab.draw();
  }

  /** The pictures that can stand beside the main one. @returns {{area: Area, panel: Panel}[]} */
  others() {
    const areas = [...this.lab.room.areas.values()].filter(({ name }) => name !== this.main()?.name);
    return areas.flatMap(area => area.panels.map(panel => ({ area, panel })));
  }

  main() {
    const { areas } = this.lab.room;
    return areas.get("main") ?? areas.values().next().value;
  }

  /** Whether an area can be seen. @param {Area} area */
  sees(area) {
    return !this.on || area === this.main() || area === this.others()[this.at]?.area;
  }

  /** @param {number} by */
  turn(by) {
    // Where the page has several claims it has buttons for them.
    const button = document.querySelector(`.st-key-${by > 0 ? "next" : "previous"} button`);
    if (button instanceof HTMLButtonElement) return button.click();
    const others = this.others();
    this.at = turned(this.at, by, others.length);
    others[this.at]?.area.bring(others[this.at].panel.id);
    this.mark();
    this.lab.draw();
  }

  mark() {
    for (const area of this.lab.room.areas.values()) area.node.classList.toggle("seen", this.sees(area));
  }

  /** px, as --size in room.css. */
  fontSize() {
    return lettersOfPresenter();
  }

  update() {
    const { data, header } = this.lab;
    const { name = "", saw = "" } = header?.diagnosis ?? {};
    change(this.claim, data.claim || (header?.step && name ? `${name}: ${saw}` : ""));
  }
}
