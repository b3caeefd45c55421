// What one does to a run, or to twins: by button and by key.

/** @import { Status } from "../types.js" */
/** @import { Order } from "../wire/messages.js" */
import { action, change, element } from "../page/dom.js";
import { copy, newSeed, oneStep, pause, play, reset, rewind } from "../wire/messages.js";

/**
 * @typedef {object} Standing
 * @property {Status[]} statuses of the run, or of both twins
 * @property {boolean} connected
 * @property {string} watching why this visitor may only watch, or ""
 * @property {number | null} [until] the step at which a demonstration comes to rest
 * @property {boolean} [map] whether it is a map, which has other buttons
 * @property {boolean} [keep] whether there is something to take home
 */

/** @type {Record<string, keyof RunBar["buttons"]>} */
const KEYS = { " ": "play", s: "step", 0: "reset", n: "seed", b: "rewind" };

export class RunBar {
  /** @param {(order: Order) => Promise<unknown>} order @param {Record<"slow" | "seeds" | "keep", () => void>} open what unfolds beside the run */
  constructor(order, open) {
    this.order = order;
    this.stepping = false;
    /** @type {Standing} */
    this.standing = { statuses: [], connected: false, watching: "" };
    this.watching = element("span", { class: "watching" });
    this.mine = action("Make it mine", () => order(copy()));
    this.mine.title = "A run of your own that goes on from here; this one stays as it is";
    this.mine.classList.add("primary");
    this.buttons = {
      play: this.button("Play", "Space", "Let it train (Space)", () => this.playOrPause()),
      step: this.button("One step", "S", "Exactly one training step, then pause; held, the key S steps on and on", () => this.step()),
      slow: this.button("Slow", "", "The next step in slow motion, stage by stage", open.slow),
      reset: this.button("Reset", "0", "Back to step 0: same settings, same seed", () => order(reset(this.standing.until))),
      seed: this.button("New seed", "N", "A fresh run with another seed", () => order(newSeed(this.standing.until))),
      rewind: this.button("Rewind", "B", "Back to the last finite state", () => order(rewind())),
      seeds: this.button("N seeds", "", "Luck or law? These settings on several seeds at once", open.seeds),
      keep: this.button("Keep", "", "Name this run, save it, share it, see its code", open.keep),
    };
    this.buttons.play.classList.add("primary");
    this.node = element("div", { class: "run-bar", role: "toolbar", "aria-label": "Run" }, this.watching, this.mine, ...Object.values(this.buttons));
  }

  /** @param {string} label @param {string} key @param {string} title @param {() => unknown} act */
  button(label, key, title, act) {
    const button = action("", act);
    button.title = title;
    button.append(element("span", {}, label), ...(key ? [element("kbd", { "aria-hidden": "true" }, key)] : []));
    return button;
  }

  /** @param {Standing} standing */
  update(standing) {
    this.standing = standing;
    const { statuses, connected, watching, map = false, keep = false } = standing;
    const { buttons } = this;
    change(this.watching, watching);
    this.watching.hidden = this.mine.hidden = !watching;
    for (const button of Object.values(buttons)) button.disabled = !connected;
    buttons.play.disabled ||= statuses.length > 0 && statuses.every(status => status === "diverged");
    say(buttons.play, this.isRunning() ? (map ? "Stop" : "Pause") : "Play");
    say(buttons.reset, map ? "Start over" : "Reset");
    // Whoever watches a map may have one like it.
    buttons.play.hidden = Boolean(watching);
    buttons.reset.hidden = Boolean(watching) && !map;
    // Who watches may see what the next step will be, and not have it made.
    buttons.slow.hidden = map || statuses.length > 1;
    buttons.step.hidden = buttons.seed.hidden = map || Boolean(watching);
    buttons.rewind.hidden = Boolean(watching) || !statuses.includes("diverged");
    buttons.keep.hidden = buttons.seeds.hidden = !keep;
  }

  isRunning() {
    return this.standing.statuses.includes("running");
  }

  playOrPause() {
    return this.order(this.isRunning() ? pause() : play(this.standing.until));
  }

  /** One after the other: a key that is held asks again and again. */
  async step() {
    if (this.stepping) return;
    this.stepping = true;
    await this.order(oneStep());
    this.stepping = false;
  }

  /** Whether the key was one of ours. @param {KeyboardEvent} event */
  key(event) {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || (event.repeat && name !== "step")) return false;
    const button = this.buttons[name];
    if (button.hidden || button.disabled) return false;
    button.click();
    return true;
  }
}

/** @param {HTMLButtonElement} button @param {string} label */
const say = (button, label) => change(/** @type {Element} */ (button.firstElementChild), label);
