// The WebSocket: opens, opens again after a loss, and says in words how it stands ("" while all is well).

/** @import { Packet } from "../types.js" */
/** @import { Message } from "./messages.js" */
import { pong, rate, subscribe } from "./messages.js";
import { decode } from "./packets.js";

export const CALM = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

const REFUSED = 1008; // the code with which the server closes what it does not allow
const SLOWEST = 5000; // ms between two tries at most
const QUIET = 3000; // ms without a frame of a running run, after which it is said
const PINGED = 40_000; // ms in which the server pings whoever says nothing

/**
 * @typedef {object} Ends
 * @property {(packet: Packet) => void} receive
 * @property {() => string[]} streams that are wanted now
 * @property {(words: string) => void} say
 * @property {() => boolean} expectsNews whether frames should come on their own
 * @property {() => void} [refused] is called when the server refuses: it may not know the run
 * @property {() => void} [cut] is called when a connection is lost
 * @property {() => void} [opened] is called when there is one
 * @property {number} [fastest] frames per second
 */

export class Feed {
  /** @param {Ends} ends */
  constructor({ receive, streams, say, expectsNews, refused = () => {}, cut = () => {}, opened = () => {}, fastest = 5 }) {
    this.receive = receive;
    this.streams = streams;
    this.say = say;
    this.expectsNews = expectsNews;
    this.refused = refused;
    this.cut = cut;
    this.opened = opened;
    this.fastest = fastest;
    this.lost = 0;
    this.refusals = 0;
    this.heard = 0; // when something came last
    this.tried = 0; // when a connection was opened last
    this.closed = true;
    this.address = "";
    /** @type {string | null} */
    this.run = null;
    /** @type {WebSocket | undefined} */
    this.socket = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} Until the next try after a loss. */
    this.timer = undefined;
    /** @type {string | null} The streams that the server was told of. */
    this.sent = null;
  }

  /** @param {{base: string, run: string, token: string}} where */
  open({ base, run, token }) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ run, token, hz: String(this.hz()) });
    const path = `${base.replace(/\/$/, "")}/live/ws`;
    if (this.run === run && this.token === token && this.base === base) return;
    this.close();
    this.closed = false;
    this.lost = this.refusals = 0;
    this.run = run;
    this.token = token;
    this.base = base;
    this.address = `${scheme}//${location.host}${path}?${query}`;
    this.say("connecting …");
    this.heard = performance.now();
    this.watch = setInterval(() => this.listen(), 1000);
    this.connect();
  }

  connect() {
    this.tried = performance.now();
    this.timer = undefined;
    this.socket?.close();
    this.cut();
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.sent = null;
      this.subscribe();
      this.opened();
      this.rate();
    };
    socket.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer) || this.socket !== socket) return;
      this.heard = performance.now();
      this.lost = this.refusals = 0;
      this.say("");
      const packet = decode(data);
      if (packet.header.kind === "ping") this.send(pong());
      else this.receive(packet);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket || this.closed) return;
      this.lost += 1;
      this.cut();
      // The page makes a run again that a restarted server does not know. Its own connection may come back later.
      if (code === REFUSED && [1, 3].includes(++this.refusals)) this.refused();
      this.say(`${reason || `the server is gone since ${this.since()}`}; trying again …`);
      this.timer = setTimeout(() => this.connect(), Math.min(SLOWEST, 250 * 2 ** this.lost));
    };
    this.socket = socket;
  }

  /** A connection may be cut without a word: when what should come does not, it is said, and another one is opened. */
  listen() {
    const now = performance.now();
    if (this.timer || document.hidden || now - this.heard < (this.expectsNews() ? QUIET : PINGED)) return;
    this.say(`no news since ${this.since()}; trying again …`);
    if (now - this.tried > SLOWEST) this.connect();
  }

  /** The time at which something came last. */
  since() {
    return new Date(Date.now() - (performance.now() - this.heard)).toLocaleTimeString("en-GB");
  }

  /** @param {Message} message @returns {boolean} whether there is a connection */
  send(message) {
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (open) this.socket?.send(JSON.stringify(message));
    return open;
  }

  subscribe() {
    const streams = this.streams();
    if (this.socket?.readyState !== WebSocket.OPEN || this.sent === streams.join()) return;
    this.sent = streams.join();
    this.send(subscribe(streams));
  }

  hz() {
    return Math.min(this.fastest, document.hidden ? 1 : CALM ? 2 : 5);
  }

  rate() {
    this.send(rate(this.hz()));
  }

  close() {
    this.closed = true;
    this.run = null;
    clearTimeout(this.timer);
    this.timer = undefined;
    clearInterval(this.watch);
    this.socket?.close();
    this.cut();
  }
}
