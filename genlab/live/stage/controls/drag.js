// The way of a drag: the newest value wins, one at a time is under way, and at most twenty leave in a second.

/** @import { CommandAnswer, Settings } from "../types.js" */
/** @import { Order } from "../wire/messages.js" */
import { apply } from "../wire/messages.js";

const EVERY = 50; // ms between two values of a drag at least

export class Drag {
  /** @param {(order: Order) => Promise<CommandAnswer>} order @param {(error: string, refused: boolean) => void} say */
  constructor(order, say) {
    this.order = order;
    this.say = say;
    this.latest = { number: 0, acted: 0 }; // a drag, and its last command that changed anything
    this.going = false;
    this.pumping = false;
    /** @type {Settings | null} The newest value on the way that was not sent yet. */
    this.next = null;
    /** @type {Promise<unknown>} Settled when nothing is under way. */
    this.tail = Promise.resolve();
  }

  /** A value on the way. @param {Settings} settings */
  move(settings) {
    if (!this.going) this.latest = { number: this.latest.number + 1, acted: 0 };
    this.going = true;
    this.next = settings;
    if (!this.pumping) this.pump();
  }

  /** The value at which a hand has let go; of a drag it is the last. @param {Settings} settings @returns {Promise<CommandAnswer>} */
  end(settings) {
    const drag = this.going ? this.latest : null;
    this.going = false;
    this.next = null;
    return this.queue(async () => {
      const answer = await this.order(apply(settings, drag && drag.number));
      // When the run has the value already, by a command of this drag, it may not have shown it yet.
      return drag && !answer.error ? { ...answer, command: Math.max(answer.command, drag.acted) } : answer;
    });
  }

  async pump() {
    this.pumping = true;
    while (this.next) {
      const at = performance.now();
      const answer = await this.queue(() => this.send());
      if (answer?.error) this.say(answer.error, true);
      await new Promise(done => setTimeout(done, at + EVERY - performance.now()));
    }
    this.pumping = false;
  }

  async send() {
    const [settings, drag] = [this.next, this.latest];
    this.next = null;
    if (!settings) return null;
    const answer = await this.order(apply(settings, drag.number));
    drag.acted = Math.max(drag.acted, answer.command);
    return answer;
  }

  /** @template T @param {() => T | Promise<T>} task what is sent once all before it is answered @returns {Promise<T>} */
  queue(task) {
    const result = this.tail.then(task);
    this.tail = result;
    return result;
  }
}
