// Controls of a page without a run: what a hand leaves goes to the page's script, which draws the page anew.

/** @import { CommandAnswer, ControlsSpec, Mount, Settings } from "./types.js" */
/** @import { Order } from "./wire/messages.js" */
import { Controls } from "./controls/controls.js";
import { element } from "./page/dom.js";
import { tellSettings } from "./page/settings.js";

/** @typedef {{controls: ControlsSpec, values: Settings, count: number}} FormData what the page has, after `count` changes */

/** @type {WeakMap<Element, Form>} */
const forms = new WeakMap();

/** @param {Mount<FormData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const form = forms.get(parentElement) ?? new Form(parentElement);
  forms.set(parentElement, form);
  form.render(data, settings => setTriggerValue("changed", settings));
  return () => {
    form.root.remove();
    tellSettings(form, null);
    forms.delete(parentElement);
  };
}

class Form {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("section", { class: "genlab-live form", "aria-label": "Settings" });
    this.controls = new Controls(this.root, order => this.send(order), () => {});
    this.count = 0;
    /** @type {Settings} What the page's script has not answered yet. */
    this.pending = {};
    /** @type {((answer: CommandAnswer) => void)[]} */
    this.waiting = [];
    parent.append(this.root);
  }

  /** @param {FormData} data @param {(changed: {count: number, settings: Settings}) => void} tell */
  render(data, tell) {
    this.tell = tell;
    tellSettings(this, data.values);
    this.controls.mount(data.controls);
    // A request that left before a change shows what was before it.
    if (data.count >= this.count) {
      this.count = data.count;
      this.pending = {};
      for (const settle of this.waiting.splice(0)) settle(answered(data.count));
    }
    // Those who wait are told first.
    setTimeout(() => this.controls.update({ ...data.values, ...this.pending }, data.count));
  }

  /** @param {Order} order @returns {Promise<CommandAnswer>} */
  send(order) {
    if (order.do !== "apply") throw new Error(`a form does not ${order.do}`);
    Object.assign(this.pending, order.settings);
    this.count += 1;
    this.tell?.({ count: this.count, settings: this.pending });
    return new Promise(settle => this.waiting.push(settle));
  }
}

/** @param {number} count @returns {CommandAnswer} */
const answered = count => ({ kind: "answer", number: count, command: count, step: null, error: "", note: "", run: "" });
