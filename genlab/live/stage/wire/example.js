// The x that this visitor looks at, and nobody else with them: asked for again as the model changes.

/** @import { AnswerHeader, FrameHeader, Packet, PanelSpec, X } from "../types.js" */
/** @import { Lab } from "../lab.js" */
import { recall, rememberOf } from "../page/memory.js";
import { encodeX } from "./messages.js";

const OWN_ARRAYS = /^(posterior|evidence|ladder)\./;
const ASK_EVERY = 300; // ms between two looks at how the model has changed
const PATIENCE = 2000; // ms for an answer: a worker that is being replaced answers nobody
const FIRST = { held_out: 0 };

export class Example {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    /** @type {X} */
    this.x = FIRST;
    /** Number of the request; 0 when nothing was chosen yet. */
    this.id = 0;
    /** Number of the newest answer that was shown. */
    this.shown = -1;
    /** @type {string | null} The model of which everything about x is known. */
    this.known = null;
    this.asked = -Infinity;
    this.flying = false;
    this.bound = false;
    this.run = "";
    this.data = "";
    this.latents = 0;
    this.timer = setInterval(() => this.follow(), ASK_EVERY);
  }

  /** Of a run of this model: the x that was chosen there before, if any. @param {PanelSpec} spec */
  of({ data, latents }) {
    const run = this.lab.data.run;
    this.latents = latents;
    if (this.run === run && this.data === data) return;
    this.run = run;
    this.data = data;
    const kept = recall("x", {})[run];
    [this.x, this.id] = kept?.data === data ? [kept.x, 1] : [FIRST, 0];
    this.shown = -1;
    this.known = null;
  }

  /** @param {X} x */
  choose(x) {
    this.x = x;
    this.id = Math.max(Date.now(), this.id + 1);
    rememberOf(this.run, "x", { data: this.data, x });
    this.ask();
  }

  ask() {
    this.bound = this.lab.needs().includes("evidence");
    this.asked = performance.now();
    this.flying = true;
    this.lab.feed.send(encodeX(this.id, this.x, this.bound));
  }

  /** Asks again when the model, or what is to be known of x, is no longer that of the last answer. */
  follow() {
    const { header, frozen } = this.lab;
    const needs = this.lab.needs();
    if (!header?.config || frozen || document.hidden || !needs.includes("posterior") || !this.fits(header)) return;
    if (this.flying && performance.now() - this.asked < PATIENCE) return;
    if (this.known !== this.state(header, needs.includes("evidence"))) this.ask();
  }

  /** False when the run has become one of other data, which this x is none of. @param {FrameHeader} header */
  fits({ config }) {
    return config.data === this.data && config.latent_dim === this.latents;
  }

  /** Of the model that is seen: that of a frame, which may be one of the past, or that of an answer. @param {any} header @param {boolean} bound */
  state({ run, step, looking, config }, bound) {
    return JSON.stringify([run, looking ?? step, config, bound]);
  }

  /** @param {Packet<AnswerHeader>} packet */
  answer({ header, arrays }) {
    this.flying = false;
    // While a hand draws, an answer may come after the next request: it is shown as long as no newer one was.
    if (header.id < this.shown) return;
    this.shown = header.id;
    this.known = header.settled && header.id === this.id ? this.state(header, this.bound) : null;
    for (const name of Object.keys(this.lab.arrays)) if (OWN_ARRAYS.test(name)) delete this.lab.arrays[name];
    Object.assign(this.lab.arrays, arrays);
    this.lab.encoded();
  }

  /** There will be no answer of this model: it is asked again once that is another one. */
  unanswered() {
    this.flying = false;
    this.known = this.lab.header && this.state(this.lab.header, this.bound);
  }

  close() {
    clearInterval(this.timer);
  }
}
