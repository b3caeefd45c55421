// Draws at most once per animation frame, and leaves the browser some time for the pointer after a costly draw.

/** @import { Panel } from "./panels/panel.js" */

const HAND = 400; // ms for which a hand counts as moving
const LONGEST = 1500; // ms between two panels while a hand moves
const REST = 100; // ms of rest after a draw at most
const SELDOM = 600; // ms between two draws of what stands beside the main picture, while a slider is dragged

export class DrawLoop {
  /**
   * @param {() => void} around what changes with every draw, beside the panels
   * @param {() => Panel[]} panels that are seen and have something to draw
   * @param {() => Promise<unknown>} ready before the first panel is drawn
   * @param {() => void} drawn after all panels
   * @param {() => boolean} dragging whether a hand holds a slider
   */
  constructor(around, panels, ready, drawn, dragging) {
    this.around = around;
    this.panels = panels;
    this.ready = ready;
    this.drawn = drawn;
    this.dragging = dragging;
    this.touched = -Infinity; // when a hand last moved over a plane of codes
    /** @type {WeakMap<Panel, number>} When each was drawn last. */
    this.last = new WeakMap();
    this.free = 0; // when the next draw may begin
    this.waiting = false;
    this.again = false;
    this.closed = false;
  }

  ask() {
    // What comes while the panels are drawn is not in all of them: they are drawn once more.
    this.again = this.waiting;
    if (this.waiting || document.hidden || this.closed) return;
    this.waiting = true;
    const pause = Math.max(0, this.free - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.draw()), pause);
  }

  async draw() {
    if (this.closed) return;
    this.again = false;
    const began = performance.now();
    this.around();
    if (this.panels().length) {
      await this.ready();
      for (const [place, panel] of this.panels().entries()) {
        if (place && this.isEarly(panel)) continue;
        await this.drawPanel(panel);
        if (this.closed) return;
        // Meanwhile the page may have turned to another run, of which nothing has come yet.
        if (!this.panels().length) break;
      }
      this.drawn();
    }
    this.free = performance.now() + Math.min(REST, 0.3 * (performance.now() - began));
    this.waiting = false;
    if (this.again) this.ask();
  }

  /** While a slider is dragged the main picture follows, the others now and then. @param {Panel} panel */
  isEarly(panel) {
    const early = (this.last.get(panel) ?? -Infinity) + SELDOM - performance.now();
    if (early <= 0 || !this.dragging()) return false;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.ask(), early);
    return true;
  }

  /** @param {Panel} panel */
  async drawPanel(panel) {
    // Meanwhile the page may have given up the panel.
    if (panel.closed) return;
    const start = performance.now();
    try {
      await panel.draw();
    } catch (reason) {
      console.error("genlab:", reason);
    }
    // One panel in a task: between two of them the pointer is served. While it moves, a draw of c ms that comes
    // every c² / 5 ms makes it wait for 2.5 ms on average, whatever c is. While a slider is dragged half of the time
    // is for the hand: what it sends and what comes back must not wait for pictures of the value before.
    const cost = performance.now() - start;
    this.last.set(panel, performance.now());
    const moving = performance.now() - this.touched < HAND;
    const rest = moving ? Math.min(LONGEST, cost ** 2 / 5) : this.dragging() ? cost : 0;
    await new Promise(done => setTimeout(done, rest));
  }
}
