// One step in slow motion: what the run would do next, moment by moment; at its end the run makes that very step.

/** @import { Arrays, CommandAnswer, FrameHeader, Moment, SlowHeader, Theme } from "../types.js" */
import { action, change, element } from "../page/dom.js";
import { toldOf } from "../maths/story.js";
import { networksPicture } from "./networks.js";
import { scene } from "./scene.js";

const SPEEDS = [4000, 2500, 1500, 800, 350]; // ms a moment takes
const AGAIN = 3000; // ms without an answer after which it is asked once more: a question may be lost with its connection or its worker
const AFRESH = ["draw z", "draw x"]; // with these moments another batch begins

/** What the scene shows after so many moments: the newest of each array. @param {Moment[]} moments @param {Arrays} arrays @param {number} at */
export function gathered(moments, arrays, at) {
  /** @type {Arrays} */
  let found = {};
  for (let i = 0; i <= at; i++) {
    const { name, arrays: names } = moments[i];
    if (name === "draw z" || (AFRESH.includes(name) && i === 0)) found = found.field ? { field: found.field } : {};
    if (name === "update" && found.generated && names.includes("generated")) found.before = found.generated;
    if (name === "update" && found.mean && names.includes("mean")) found.meanBefore = found.mean;
    // What was said of the networks before they learned is not so any more.
    if (name === "update") for (const old of ["pull", "by_z", "real_scores", "generated_scores"]) delete found[old];
    for (const array of names) found[array] = arrays[`${i}.${array}`];
  }
  return found;
}

/** @typedef {Pick<SlowHeader, "run" | "step" | "config">} Next a step by what it follows */

/** Whether what was worked out is still the next step of the run that a frame shows. @param {Next} told @param {FrameHeader} now */
export function isNext(told, now) {
  // A run that only starts tells no settings yet; who looks at the past sees another step than the run would make.
  if (!Object.keys(now.config).length || now.looking !== null) return true;
  const kept = Object.entries(told.config).every(([name, value]) => !(name in now.config) || JSON.stringify(now.config[name]) === JSON.stringify(value));
  return kept && told.run === now.run && told.step === now.step;
}

export class SlowMotion {
  /**
   * @param {object} run
   * @param {() => Theme} run.theme
   * @param {(id: number) => unknown} run.ask for the moments of the next step
   * @param {() => boolean} run.may whether one may do more than watch it
   * @param {() => FrameHeader | null} run.now
   * @param {() => unknown} run.rest
   * @param {() => Promise<CommandAnswer>} run.step lets the run make that step
   * @param {(on: boolean) => void} run.shown
   */
  constructor(run) {
    this.of = run;
    this.number = 0;
    /** @type {SlowHeader | null} what is shown */
    this.header = null;
    /** @type {Next | null} what was answered last, which may be why there is nothing to show */
    this.told = null;
    this.made = false; // the run was told to make the step that was shown
    this.making = false; // and has not said yet what became of it
    this.again = false; // an answer crossed a change on its way, and it was asked once more
    /** @type {Arrays} */
    this.arrays = {};
    this.at = 0;
    this.playing = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.next = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;

    this.who = element("span", { class: "who" });
    this.title = element("strong");
    this.formula = element("div", { class: "told", role: "status" });
    this.networks = element("div", { class: "networks" });
    this.picture = element("div", { class: "scene" });
    this.place = element("span", { class: "place" });
    this.play = action("Play", () => this.run(!this.playing));
    this.speed = element("input", { type: "range", min: 0, max: SPEEDS.length - 1, value: 2, "aria-label": "Speed" });
    this.end = action("Make this step", () => this.make());
    const steer = element("div", { class: "steer" },
      action("‹ Back", () => this.go(this.at - 1)), action("Next ›", () => this.forward()), this.play,
      element("label", {}, "Speed ", this.speed), this.place, this.end, action("Close", () => this.close()));
    this.root = element("section", { class: "genlab-slow", "aria-label": "One step in slow motion", tabindex: -1 },
      element("header", {}, this.who, this.title), this.formula, this.networks, this.picture, steer);
    this.root.hidden = true;
    this.root.addEventListener("keydown", event => this.key(event));
  }

  open() {
    this.root.hidden = false;
    this.of.shown(true);
    if (this.of.may()) this.of.rest();
    this.root.focus();
    this.begin();
  }

  get opened() {
    return !this.root.hidden;
  }

  begin() {
    clearTimeout(this.next);
    this.header = this.told = null;
    this.made = false;
    change(this.title, "The next step is worked out …");
    for (const part of [this.who, this.formula, this.place]) change(part, "");
    this.picture.replaceChildren();
    this.networks.replaceChildren();
    this.number += 1;
    this.ask();
  }

  ask() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.ask(), AGAIN);
    this.of.ask(this.number);
  }

  /** @param {{header: SlowHeader, arrays: Arrays}} packet */
  answer({ header, arrays }) {
    if (header.id !== this.number || !this.opened || this.told) return;
    clearTimeout(this.later);
    const now = this.of.now();
    if (now && !isNext(header, now) && !this.again) {
      this.again = true;
      return this.begin();
    }
    this.again = false;
    this.told = header;
    if (header.error) return change(this.title, header.error);
    [this.header, this.arrays] = [header, arrays];
    this.go(0);
  }

  /** There will be no answer before the run has moved. @param {number} id @param {string} error */
  unanswered(id, error) {
    const now = this.of.now();
    if (id !== this.number || !this.opened || this.told || !now) return;
    clearTimeout(this.later);
    this.told = now;
    change(this.title, error);
  }

  /** The run went on, or was changed: what is shown is no longer its next step. @param {FrameHeader} now */
  moved(now) {
    if (this.opened && this.told && !isNext(this.told, now)) this.begin();
  }

  // ---- the hand ----

  /** Space and S go on, as the clicker does; Escape closes. @param {KeyboardEvent} event */
  key(event) {
    const act = {
      " ": () => this.forward(), s: () => this.forward(), S: () => this.forward(), ArrowRight: () => this.forward(),
      ArrowLeft: () => this.go(this.at - 1), Escape: () => this.close(),
    }[event.key];
    if (!act || (event.key.startsWith("Arrow") && event.target === this.speed)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  forward() {
    // Asked in between, the run may still tell the step that it is about to make, only to make it under it.
    if (this.making) return;
    // The run said that it made the step, yet none was seen: what it would do next can be asked for.
    if (this.made) return this.begin();
    if (!this.header) return;
    if (this.at + 1 < this.header.moments.length) this.go(this.at + 1);
    else this.make();
  }

  /** @param {number} at */
  go(at) {
    if (!this.header) return;
    this.at = Math.max(0, Math.min(this.header.moments.length - 1, at));
    this.draw();
    clearTimeout(this.next);
    if (this.playing) this.next = setTimeout(() => this.forward(), SPEEDS[this.speed.valueAsNumber]);
  }

  /** @param {boolean} on */
  run(on) {
    this.playing = on;
    change(this.play, on ? "Pause" : "Play");
    this.go(this.at);
  }

  /** The run makes the step; when its frame comes, the next one is asked for. Who watches sees the same step again. */
  async make() {
    clearTimeout(this.next);
    if (!this.of.may()) return this.go(0);
    // Pressed twice, only what was shown is made.
    this.header = null;
    this.made = this.making = this.end.disabled = true;
    change(this.title, "The run makes this step …");
    const { error } = await this.of.step();
    this.making = false;
    if (!error || !this.opened || !this.made) return;
    // The bar says why it was not made; it is what the run would do next as before.
    this.playing = false;
    change(this.play, "Play");
    this.begin();
  }

  close() {
    this.run(false);
    clearTimeout(this.next);
    clearTimeout(this.later);
    this.root.hidden = true;
    this.header = this.told = null;
    this.made = false;
    this.of.shown(false);
  }

  // ---- what is drawn ----

  draw() {
    if (!this.header) return;
    const { moments, config, extent, numbers, step } = this.header;
    const told = toldOf(moments[this.at], config);
    const theme = this.of.theme();
    change(this.who, told.who);
    change(this.title, told.title);
    change(this.formula, told.formula);
    change(this.place, `step ${step + 1}: ${this.at + 1} / ${moments.length}`);
    this.networks.innerHTML = networksPicture(config, numbers, told, theme);
    this.picture.innerHTML = scene({ arrays: gathered(moments, this.arrays, this.at), config, extent, theme });
    this.end.hidden = !this.of.may();
    this.end.disabled = this.at + 1 < moments.length;
  }
}
