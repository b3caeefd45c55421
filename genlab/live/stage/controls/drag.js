// The way of a drag: the newest value wins, one at a time is under way, and at most twenty leave in a second.

/** @import { CommandAnswer, Settings } from "../types.js" */
/** @import { Order } from "../wire/messages.js" */
import { apply } from "../wire/messages.js";

const EVERY = 50; // ms between two values of a drag at least

export class Drag {
  /** @param {(order: Order) => Promise<CommandAnswer>} order @param {(error: string) => void} say */
  constructor(order, say) {
    this.order = order;
    this.say = say;
    this.count = 0;
    this.going = false;
    this.pumping = false;
    /** @type {Settings | null} The newest value on the way that was not sent yet. */
    this.next = null;
    /** @type {Promise<unknown>} Settled when nothing is under way. */
    this.tail = Promise.resolve();
  }

  /** A value on the way. @param {Settings} settings */
  move(settings) {
    if (!this.going) this.count += 1;
    this.going = true;
    this.next = settings;
    if (!this.pumping) this.pump();
  }

  /** The value at which a hand has let go; of a drag it is the last. @param {Settings} settings @returns {Promise<CommandAnswer>} */
  end(settings) {
    const drag = this.going ? this.count : null;
    this.going = false;
    this.next = null;
    return this.queue(() => this.order(apply(settings, drag)));
  }

  async pump() {
    this.pumping = true;
    while (this.next) {
      const at = performance.now();
      const answer = await this.queue(() => this.send());
      if (answer?.error) this.say(answer.error);
      await new Promise(done => setTimeout(done, at + EVERY - performance.now()));
    }
    this.pumping = false;
  }

  send() {
    const settings = this.next;
    this.next = null;
    return settings && this.order(apply(settings, this.count));
  }

  /** @template T @param {() => T | Promise<T>} task what is sent once all before it is answered @returns {Promise<T>} */
  queue(task) {
    const result = this.tail.then(task);
    this.tail = result;
    return result;
  }
}
