// The hand over a plane of codes, by pointer and by keyboard, and the sheet on which its marks are drawn.

/** @import { Code, Place } from "../types.js" */
/** @import { Explorer } from "./explorer.js" */
import { drawingOn, element } from "../page/dom.js";
import { cross, fitCanvas, flag, knot, polyline } from "../page/marks.js";

const DRAG = 6; // px from which a press that moves is a path and not a pin
const KNOTS = 10; // marks along a way, one for each output of the strip
/** @type {Record<string, number[]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Hand {
  /** @param {Explorer} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {{x: number, y: number, route: Code[], far: boolean} | null} A press that is not over yet. */
    this.drag = null;
    this.sheet = element("canvas", { "aria-hidden": "true" });
    this.node = element("div", { class: "hand", role: "application", tabindex: 0 }, this.sheet);
    this.listen();
  }

  listen() {
    /** @type {<K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) => void} */
    const on = (name, act) => this.node.addEventListener(name, event => this.panel.canvas._fullLayout && act(event));
    on("pointerdown", event => this.down(event));
    on("pointermove", event => this.move(event));
    on("pointerup", event => this.release(event));
    on("pointercancel", () => (this.drag = null));
    on("pointerleave", () => this.leave());
    on("focus", () => this.node.matches(":focus-visible") && this.appear());
    on("blur", () => this.leave());
    on("keydown", event => this.key(event));
  }

  /** @param {PointerEvent} event */
  codeAt({ clientX, clientY }) {
    const { left, top } = this.node.getBoundingClientRect();
    const { xaxis, yaxis } = this.panel.canvas._fullLayout;
    return this.panel.lift([xaxis.p2l(clientX - left), yaxis.p2l(clientY - top)]);
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0) return;
    this.node.setPointerCapture(event.pointerId);
    // Not every browser knows yet that the ring is for the keyboard alone.
    this.node.focus(/** @type {FocusOptions} */ ({ preventScroll: true, focusVisible: false }));
    this.panel.code = this.codeAt(event);
    this.drag = { x: event.clientX, y: event.clientY, route: [this.panel.code], far: false };
    this.appear();
  }

  /** @param {PointerEvent} event */
  move(event) {
    const code = (this.panel.code = this.codeAt(event));
    const { drag } = this;
    if (drag) {
      drag.far ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG;
      drag.route.push(code);
      if (drag.far) this.panel.follow(drag.route);
    }
    this.appear();
  }

  /** @param {PointerEvent} event */
  release(event) {
    const { drag, panel } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.far) panel.keep();
    else panel.pin((panel.code = this.codeAt(event)));
    panel.say();
  }

  leave() {
    if (document.activeElement !== this.node && !this.drag) this.panel.leave();
  }

  appear() {
    this.panel.here = true;
    this.panel.lab.loop.touched = performance.now();
    this.panel.look();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { panel } = this;
    const { xaxis, yaxis } = panel.canvas._fullLayout;
    const move = MOVES[event.key];
    if (move) {
      const share = event.shiftKey ? 0.1 : 0.02;
      const place = panel.project(panel.code).map((at, j) => {
        const [low, high] = [xaxis, yaxis][j].range;
        return Math.max(low, Math.min(high, at + share * (high - low) * move[j]));
      });
      panel.goTo(panel.lift(place));
    } else if (event.key === "Enter") {
      this.appear();
      panel.pin(panel.code);
      panel.say();
    } else if (event.key === "Escape" && !panel.course.empty) {
      panel.wipeOut();
      panel.say("cleared");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Lays the sheet over the figure's axes. */
  lay() {
    const layout = this.panel.canvas._fullLayout;
    if (!layout?.xaxis?._length) return;
    const [{ _offset: left, _length: width }, { _offset: top, _length: height }] = [layout.xaxis, layout.yaxis];
    Object.assign(this.node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    fitCanvas(this.sheet, width, height);
    this.sketch();
  }

  /** Pins, path and cursor on the sheet. */
  sketch() {
    const { panel } = this;
    if (!panel.canvas._fullLayout || !panel.axes()) return;
    const { theme } = panel.lab;
    const { at, pins } = panel.course;
    const context = drawingOn(this.sheet);
    context.clearRect(0, 0, this.sheet.width, this.sheet.height);
    if (at) {
      /** @type {Place[]} */
      const fine = Array.from({ length: 61 }, (_, i) => panel.pixel(at(i / 60)));
      polyline(context, fine, theme);
      for (let i = 0; i < KNOTS; i++) knot(context, panel.pixel(at(i / (KNOTS - 1))), theme);
    }
    pins.forEach((pin, i) => pin && flag(context, panel.pixel(pin), "AB"[i], theme));
    if (panel.here && !pins.includes(panel.code)) cross(context, panel.pixel(panel.code), theme);
  }
}
