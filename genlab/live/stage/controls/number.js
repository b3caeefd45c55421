// A number: a slider that acts while it is dragged, and a box that takes any number exactly.

/** @import { Declaration } from "../types.js" */
/** @import { Hands } from "./control.js" */
import { linearStep, nearest, neighbour, positions, slides, written } from "../maths/scales.js";
import { element, press, toggle } from "../page/dom.js";
import { Control } from "./control.js";

const GRIPS = ["pointerdown", "keydown"];
const RELEASES = ["pointerup", "pointercancel", "keyup", "blur"];

export class NumberControl extends Control {
  /** @param {Declaration} setting @param {Hands} hands */
  constructor(setting, hands) {
    super(setting, hands);
    this.sorted = setting.scale === "log" ? positions(setting) : null;
    this.box = element("input", { id: this.id, type: "number", step: "any", inputmode: "decimal", class: "box" });
    if (setting.can_be_off) this.box.placeholder = "off";
    this.box.oninput = () => (this.held = true);
    this.box.onchange = () => this.typed();
    this.box.onblur = () => this.abandon();
    this.box.onkeydown = event => this.key(event);
    this.range = this.slider();
    this.off = setting.can_be_off ? toggle("off", `Switch ${setting.label} off`, on => this.leave(on ? null : this.whenOn())) : null;
    const row = element("div", { class: "row" }, ...(this.range ? [this.range] : []), this.box, ...(this.off ? [this.off] : []));
    this.node.insertBefore(row, this.about);
    if (this.range) this.node.insertBefore(this.ends(), this.about);
  }

  /** @returns {HTMLInputElement | null} */
  slider() {
    const { setting, sorted } = this;
    if (!slides(setting)) return null;
    const bounds = sorted ? { min: 0, max: sorted.length - 1, step: 1 } : { min: setting.low ?? 0, max: setting.high ?? 1, step: linearStep(setting) };
    const range = element("input", { type: "range", ...bounds, "aria-label": setting.label });
    range.oninput = () => this.dragged();
    // A key that repeats is a drag too: it ends when the key, or the pointer, is let go.
    let gripped = false;
    const leave = () => !gripped && this.held && this.leave(this.onRange());
    for (const name of GRIPS) range.addEventListener(name, () => (gripped = true));
    for (const name of RELEASES) range.addEventListener(name, () => ((gripped = false), leave()));
    range.onchange = leave;
    return range;
  }

  ends() {
    const { low, high } = this.setting;
    return element("div", { class: "ends", "aria-hidden": "true" }, element("span", {}, written(low ?? 0)), element("span", {}, written(high ?? 1)));
  }

  onRange() {
    const at = this.range?.valueAsNumber ?? 0;
    return this.sorted ? this.sorted[at] : at;
  }

  whenOn() {
    return this.last ?? this.setting.default;
  }

  dragged() {
    const value = this.onRange();
    this.held = true;
    this.describe(value);
    this.box.value = written(value);
    if (this.setting.live) this.hands.drag(this.setting.name, value);
  }

  /** A number, or nothing where that means off. */
  typed() {
    const { value, valueAsNumber } = this.box;
    if (value === "" && !this.setting.can_be_off) this.abandon();
    else this.leave(value === "" ? null : valueAsNumber);
  }

  /** What was typed and not entered is nothing. */
  abandon() {
    if (!this.held) return;
    this.held = false;
    this.show(this.truth);
  }

  /** The arrow keys of the box move as those of the slider. @param {KeyboardEvent} event */
  key(event) {
    const way = { ArrowUp: /** @type {const} */ (1), ArrowDown: /** @type {const} */ (-1) }[event.key];
    if (event.key === "Escape") this.abandon();
    if (!way || isNaN(this.box.valueAsNumber)) return;
    event.preventDefault();
    const value = neighbour(this.setting, this.box.valueAsNumber, way);
    this.box.value = written(value);
    this.leave(value);
  }

  /** @param {number | null} value */
  show(value) {
    if (value !== null) this.last = value;
    this.box.value = value === null ? "" : written(value);
    if (this.off) press(this.off, value === null);
    if (!this.range) return;
    this.range.classList.toggle("off", value === null);
    if (value !== null) this.range.value = String(this.sorted ? nearest(this.sorted, value) : value);
    this.describe(value);
  }

  /** The position is no number that anybody wants to hear. @param {number | null} value */
  describe(value) {
    this.range?.setAttribute("aria-valuetext", value === null ? "off" : written(value));
  }
}
