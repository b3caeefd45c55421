// Asks the model what latent or noise vectors become: one request in flight, of each asker only the newest waits.

/** @import { Arrays, Code, Packet } from "../types.js" */
/** @import { Message } from "./messages.js" */
import { decodeCodes } from "./messages.js";

const PACE = 20; // ms between two requests at least: the server takes 60 messages a second
const PATIENCE = 2000; // ms for an answer: a worker that is being replaced, or has yet to find the run, answers nobody
const TRIES = 30; // of one request
const REMEMBERED = 1000; // times of a request's way there and back

/** @typedef {{z: Code | Code[], use: (arrays: Arrays) => void, asked: number, tries: number}} Request */

export class Decoder {
  /** @param {(message: Message) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {Map<string, Request>} */
    this.waiting = new Map();
    this.number = 0;
    this.free = 0;
    /** @type {(Request & {id: number, asker: string}) | null} */
    this.flying = null;
    /** @type {number[]} ms from each request to its answer */
    this.trips = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pausing = undefined;
  }

  /**
   * `use` is called with the answer (image, images or xy), unless a newer request of this asker has come before.
   * @param {string} asker @param {Code | Code[]} z @param {Request["use"]} use
   */
  ask(asker, z, use) {
    this.waiting.set(asker, { z, use, asked: performance.now(), tries: 1 });
    this.next();
  }

  /** @param {string} asker */
  forget(asker) {
    this.waiting.delete(asker);
    if (this.flying?.asker === asker) this.flying.tries = TRIES;
  }

  next() {
    const [first] = this.waiting;
    if (this.flying || this.pausing || !first) return;
    const pause = this.free - performance.now();
    if (pause > 0) {
      this.pausing = setTimeout(() => {
        this.pausing = undefined;
        this.next();
      }, pause);
      return;
    }
    const [asker, request] = first;
    this.waiting.delete(asker);
    this.number += 1;
    this.flying = { ...request, id: this.number, asker };
    this.free = performance.now() + PACE;
    this.send(decodeCodes(this.number, request.z));
    this.patience = setTimeout(() => this.again(), PATIENCE);
  }

  /** What was not answered is asked once more, unless its asker has asked for something newer or for nothing. */
  again() {
    const { flying } = this;
    if (flying && flying.tries < TRIES && !this.waiting.has(flying.asker)) {
      this.waiting.set(flying.asker, { ...flying, tries: flying.tries + 1 });
    }
    this.land();
  }

  land() {
    clearTimeout(this.patience);
    this.flying = null;
    this.next();
  }

  /** @param {Packet<{id: number}>} packet */
  answer({ header, arrays }) {
    if (this.flying?.id !== header.id) return;
    const { use, asked } = this.flying;
    this.land();
    use(arrays);
    this.trips.push(performance.now() - asked);
    if (this.trips.length > REMEMBERED) this.trips.shift();
  }

  /** There will be no answer: the next one may ask. @param {number} id */
  unanswered(id) {
    if (this.flying?.id === id) this.land();
  }

  close() {
    clearTimeout(this.patience);
    clearTimeout(this.pausing);
    this.waiting.clear();
  }
}
