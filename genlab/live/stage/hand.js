// The hand on a run: sends what a person does, from anywhere on the stage, and has bar and controls follow the run.

/** @import { Lab } from "./lab.js" */
/** @import { Order } from "./wire/messages.js" */
import { RunBar } from "./bar/run_bar.js";
import { Controls } from "./controls/controls.js";
import { queryOf } from "./maths/query.js";
import { Commands } from "./wire/commands.js";
import { branch } from "./wire/messages.js";
import { UNKNOWN } from "./wire/packets.js";

export class Hand {
  /** @param {Lab} lab @param {HTMLElement} parent of the controls */
  constructor(lab, parent) {
    this.lab = lab;
    this.commands = new Commands(message => lab.feed.send(message));
    this.controls = new Controls(parent, order => this.send(order), (line, refused) => this.say(line, refused));
    this.bar = new RunBar(order => this.order(order), {
      slow: () => lab.slow.open(), seeds: () => lab.tell("seeds", true), keep: () => lab.tell("keep", true),
    });
  }

  /** What a control asks for. @param {Order} order */
  async send(order) {
    const answer = await this.commands.order(order);
    // Of a drag that is over the figures themselves are drawn.
    if (!this.controls.drag.going) this.lab.draw();
    return answer;
  }

  /** The page has been drawn anew. */
  mount() {
    const { controls, watching } = this.lab.data;
    this.controls.mount(controls, watching);
    this.follow();
    this.update();
  }

  /** What a person does; what became of it is said, and a run that it made is shown. @param {Order} order @param {Record<string, string>} [beside] what the address of that run says more */
  async order(order, beside = {}) {
    const answer = await this.commands.order(order);
    this.say(answer.error || answer.note, Boolean(answer.error));
    // What one looked back to is the past of another run then.
    if (["reset", "new_seed", "rewind"].includes(order.do) && !answer.error) this.lab.timeline.look(null);
    if (answer.run) {
      document.dispatchEvent(new CustomEvent("genlab-made"));
      this.lab.tell("address", { ...beside, run: answer.run });
    }
    return answer;
  }

  /** A new run from the snapshot of a step, with the curves of this one beside it. @param {number} step */
  branch(step) {
    return this.order(branch(step), { beside: this.lab.data.run });
  }

  /** A line about what was done, for a while, or refused, until the next one. @param {string} line @param {boolean} refused */
  say(line, refused) {
    this.lab.notes.hand.tell(line, !refused);
  }

  /** Whether a key was one of the run's. @param {KeyboardEvent} event */
  key(event) {
    return this.hasBar() && this.bar.key(event);
  }

  /** Of several mounts that share a page, one has the bar, and one that fills the screen. */
  hasBar() {
    const { data, enlarged } = this.lab;
    return Boolean(data.transport && (["all", "run"].includes(data.bar) || enlarged.area));
  }

  update() {
    const { data, words } = this.lab;
    this.bar.node.hidden = !this.hasBar();
    const statuses = this.lab.group().flatMap(({ header }) => (header ? [header.status] : []));
    this.bar.update({ statuses, connected: !words, watching: data.watching, ...data.transport });
  }

  /** The settings of now, also while another step is looked at. */
  settings() {
    const { present, config } = this.lab.header ?? UNKNOWN;
    const told = present ?? config;
    // A run that only starts tells none yet.
    return "seed" in told ? told : this.lab.data.config ?? {};
  }

  /** The run's own settings are the truth. */
  follow() {
    const { command, place } = this.lab.header ?? UNKNOWN;
    this.controls.trains(place);
    this.controls.update({ ...this.settings(), ...(place && { device: place.asked }) }, command);
  }

  /** What the address of the page says of the run. */
  address() {
    const { address, controls } = this.lab.data;
    return address && { ...address, ...(controls ? queryOf(controls.declarations, this.settings()) : {}) };
  }

  /** Another connection knows nothing of what was asked over the last one. */
  cut() {
    this.commands.cut();
  }
}
