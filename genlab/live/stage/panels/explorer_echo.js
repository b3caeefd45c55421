// What the codes become, in the picture of the data, where that can be seen beside the plane of codes.

/** @import { NumberArray, Place } from "../types.js" */
/** @import { Explorer } from "./explorer.js" */
/** @import { Panel } from "./panel.js" */
import { element } from "../page/dom.js";
import { diamond, fitCanvas, flag, knot, polyline } from "../page/marks.js";
import { BETWEEN } from "./explorer_strip.js";

export class Echo {
  /** @param {Explorer} panel */
  constructor(panel) {
    this.panel = panel;
    this.sheet = element("canvas", { class: "echo", "aria-hidden": "true" });
    /** @type {Panel | undefined} The panel that the sheet lies on. */
    this.over = undefined;
  }

  /** The picture of the data. */
  target() {
    return this.panel.lab.panels.get(this.panel.spec.explore?.target);
  }

  draw() {
    const { lab, id } = this.panel;
    const target = this.target();
    const layout = target?.canvas._fullLayout;
    // An answer may come when the panel has gone.
    if (!target || !layout?.xaxis?._length || lab.panels.get(id) !== this.panel) return;
    this.lie(target);
    const { offsetLeft, offsetTop, clientWidth, clientHeight } = target.canvas;
    Object.assign(this.sheet.style, { left: `${offsetLeft}px`, top: `${offsetTop}px` });
    const context = fitCanvas(this.sheet, clientWidth, clientHeight);
    context.clearRect(0, 0, clientWidth, clientHeight);
    if (!this.panel.shown) return;
    const { xaxis, yaxis } = layout;
    context.save();
    context.beginPath();
    context.rect(xaxis._offset, yaxis._offset, xaxis._length, yaxis._length);
    context.clip();
    this.drawMarks(context, ({ values }, i) => [
      xaxis._offset + xaxis.l2p(values[2 * i]), yaxis._offset + yaxis.l2p(values[2 * i + 1]),
    ]);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context @param {(points: NumberArray, i: number) => Place} at where point number i stands */
  drawMarks(context, at) {
    const { course, latest, here, strip } = this.panel;
    const { theme } = this.panel.lab;
    const { codes, arrays } = strip.decoded ?? { codes: [], arrays: {} };
    if (codes.length && course.at) {
      polyline(context, codes.map((_, i) => at(arrays.xy, i)), theme);
      codes.forEach((_, i) => i % BETWEEN === 0 && knot(context, at(arrays.xy, i), theme));
    }
    course.pins.forEach((pin, i) => {
      if (pin && codes.length) flag(context, at(arrays.xy, course.at && i ? codes.length - 1 : 0), "AB"[i], theme);
    });
    if (here && latest) diamond(context, at(latest.xy, 0), 9, theme);
  }

  /** @param {Panel} target */
  lie(target) {
    if (this.over === target) return;
    this.over = target;
    target.node.append(this.sheet);
    target.canvas.on("plotly_afterplot", () => this.over === target && this.draw());
  }

  close() {
    this.over = undefined;
    this.sheet.remove();
  }
}
