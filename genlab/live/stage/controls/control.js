// What every control has: its name, its help, what it shows, and whether a hand is on it.

/** @import { CommandAnswer, Declaration } from "../types.js" */
import { element } from "../page/dom.js";

/**
 * What a control needs of the panel that it stands in.
 * @typedef {object} Hands
 * @property {(name: string, value: any) => void} drag a value on the way of a drag
 * @property {(name: string, value: any) => Promise<CommandAnswer>} set the value that a hand has left
 */

/** The base of all controls: shows what the run has, unless a hand is on it or what it asked for is on its way. */
export class Control {
  /** @param {Declaration} setting @param {Hands} hands */
  constructor(setting, hands) {
    this.setting = setting;
    this.hands = hands;
    this.held = false;
    /** Frames from this command on show what the hand has left; Infinity until that is answered, 0 when nothing is asked. */
    this.asked = 0;
    this.asks = 0; // how often a hand has left a value
    this.seen = 0; // the newest command that the run has shown
    /** @type {any} What the run has. */
    this.truth = undefined;
    this.id = `genlab-setting-${setting.name}`;
    this.node = element("div", { class: `control ${setting.kind}`, "data-setting": setting.name });
    this.name = element("label", { for: this.id }, nameOf(setting));
    this.head = element("div", { class: "head" }, this.name);
    if (setting.live === false) this.head.append(element("span", { class: "afresh", title: "Starts a fresh run" }, "↻"));
    this.about = element("details", { class: "about" }, element("summary", { "aria-label": `About ${setting.label}` }, "?"));
    this.about.append(element("p", {}, setting.help + (setting.unit ? ` In ${setting.unit}.` : "")));
    this.about.hidden = !setting.help && !setting.unit;
    this.node.append(this.head, this.about);
  }

  /** What the run has, as a frame of this command tells. @param {any} value @param {number} command */
  update(value, command) {
    this.truth = value;
    this.seen = command;
    if (this.asked && command >= this.asked) this.asked = 0;
    if (!this.held && !this.asked) this.show(value);
  }

  /** The value that a hand has left. @param {any} value */
  async leave(value) {
    this.held = false;
    this.asked = Infinity;
    const mine = ++this.asks;
    const { command, error } = await this.hands.set(this.setting.name, value);
    // Meanwhile the hand may have come back and left another value, which is not answered yet.
    if (mine !== this.asks) return;
    // The frame that shows it may have come before the answer; of a run at rest no other one comes.
    this.asked = error || this.seen >= command ? 0 : command;
    if (!this.asked && !this.held) this.show(this.truth);
  }

  /** @param {any} value */
  show(value) {
    throw new Error(`no way to show ${value}`);
  }

  /** @param {boolean} disabled */
  disable(disabled) {
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (this.node.querySelectorAll("input, select, button"))) {
      field.disabled = disabled;
    }
  }
}

/** Label and symbol, where the label does not hold it. @param {Declaration} setting */
const nameOf = ({ label, symbol }) => (!symbol || label.split(" ").includes(symbol) ? label : `${label} · ${symbol}`);

/** A list of named values. */
export class Choice extends Control {
  /** @param {Declaration} setting @param {Hands} hands */
  constructor(setting, hands) {
    super(setting, hands);
    this.field = element("select", { id: this.id });
    this.field.append(...(setting.choices ?? []).map(([value, label]) => new Option(label, value)));
    this.field.onchange = () => this.leave(this.field.value);
    this.node.insertBefore(this.field, this.about);
  }

  /** @param {string} value */
  show(value) {
    const { choices, further_help } = this.setting;
    // A further value, as of data of a person's own, has no place in the list until a run has it.
    const offered = [...this.field.options].some(option => option.value === value);
    if (!offered && choices) this.field.append(new Option(`${further_help.split(":")[0]} data …${value.slice(-4)}`, value));
    this.field.value = value;
  }
}

/** On or off. */
export class Switch extends Control {
  /** @param {Declaration} setting @param {Hands} hands */
  constructor(setting, hands) {
    super(setting, hands);
    this.field = element("input", { id: this.id, type: "checkbox" });
    this.field.onchange = () => this.leave(this.field.checked);
    this.head.prepend(this.field);
  }

  /** @param {boolean} value */
  show(value) {
    this.field.checked = value;
  }
}

