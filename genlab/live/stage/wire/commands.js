// What a hand does to a run: numbered commands, each answered once, done or refused with one line.

/** @import { CommandAnswer } from "../types.js" */
/** @import { Message, Order } from "./messages.js" */
import { command } from "./messages.js";

const CUT = "The connection was cut before the answer: look whether it acted, and try again.";

export class Commands {
  /** @param {(message: Message) => boolean} send whether there is a connection */
  constructor(send) {
    this.send = send;
    this.count = 0;
    /** @type {Map<number, (answer: CommandAnswer) => void>} */
    this.waiting = new Map();
  }

  /** @param {Order} order @returns {Promise<CommandAnswer>} never rejected: a refusal has its line in `error` */
  order(order) {
    const number = ++this.count;
    return new Promise(settle => {
      this.waiting.set(number, settle);
      if (!this.send(command(number, order))) this.answer(unanswered(number, "Not connected to the server: nothing was done."));
    });
  }

  /** @param {CommandAnswer} answer */
  answer(answer) {
    this.waiting.get(answer.number)?.(answer);
    this.waiting.delete(answer.number);
  }

  /** Another connection knows nothing of what was asked over the last one. */
  cut() {
    for (const number of [...this.waiting.keys()]) this.answer(unanswered(number, CUT));
  }
}

/** @param {number} number @param {string} error @returns {CommandAnswer} */
const unanswered = (number, error) => ({ kind: "answer", number, command: 0, step: null, error, note: "", run: "" });
