// A panel with a Plotly figure in it that is made once and from then on only changed.

/** @import { Lab } from "../lab.js" */
/** @import { PanelSpec, PictureSize } from "../types.js" */
import { logTicks } from "../maths/series.js";
import { merge } from "../maths/text.js";
import { action, menu, press, toggle } from "../page/dom.js";
import { download, pictureOf, purge, react, resize, zoom, ZOOM } from "../page/plotly.js";
import { baseLayout } from "../page/theme.js";
import { toTake } from "../take/take.js";
import { Panel } from "./panel.js";

/** @type {("xaxis" | "yaxis")[]} */
const AXES = ["xaxis", "yaxis"];

export class PlotlyPanel extends Panel {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    /** @type {{xaxis?: boolean, yaxis?: boolean}} The axes whose range a person has chosen. */
    this.zoomed = {};
    this.zooms = 0;
    this.moves = false; // whether a drag moves the picture
    this.revision = 0;
  }

  /** @param {any[]} traces @param {any} layout */
  async react(traces, layout) {
    const merged = merge(baseLayout(this.lab.theme, this.lab.room.fontSize()), layout);
    for (const axis of AXES) {
      if (this.zoomed[axis]) {
        Object.assign(merged[axis], { range: [...this.canvas.layout[axis].range], autorange: false });
      }
    }
    if (this.moves && merged.dragmode === undefined) merged.dragmode = "pan";
    merged.datarevision = ++this.revision;
    merged.uirevision = this.zooms;
    const first = !this.canvas._fullLayout;
    await react(this.canvas, traces, merged);
    if (!first) return;
    this.watchZoom();
    // A picture that gets another size has its axes elsewhere.
    this.canvas.on("plotly_afterplot", () => this.lab.notes.follow(this.canvas));
  }

  watchZoom() {
    this.canvas.on("plotly_relayout", event => {
      for (const axis of AXES) {
        if (Object.keys(event).some(key => key.startsWith(`${axis}.range`))) this.zoomed[axis] = true;
        if (event[`${axis}.autorange`]) this.zoomed[axis] = false;
      }
    });
    // The double click's own relayout comes after this event.
    this.canvas.on("plotly_doubleclick", () => setTimeout(() => this.resetZoom()));
  }

  resetZoom() {
    this.zoomed = {};
    this.zooms += 1;
    this.draw();
  }

  /** As many ticks of a logarithmic vertical axis as their labels have room. @param {{y: ArrayLike<number>}[]} traces */
  logTicks(traces) {
    const room = Math.max(2, Math.floor((this.canvas.clientHeight - 50) / (1.6 * this.lab.room.fontSize())));
    return logTicks(traces.flatMap(({ y }) => Array.from(y)), room);
  }

  /** Whether there is a figure; that there is none yet is said. */
  drawn() {
    const drawn = Boolean(this.canvas._fullLayout) && this.nothing.hidden;
    if (!drawn) this.lab.hand.say("Nothing is drawn in this panel yet.", true);
    return drawn;
  }

  /** The middle of the picture closer, or from farther away. @param {number} factor */
  async zoomBy(factor) {
    if (!this.drawn()) return;
    await zoom(this.canvas, factor);
    this.lab.draw();
  }

  /** What dragging over the picture does. */
  grip() {
    const button = toggle("Drag to move (off: to zoom)", "", on => {
      this.moves = on;
      press(button, on);
      this.lab.draw();
    });
    press(button, this.moves);
    return button;
  }

  resize() {
    resize(this.canvas);
  }

  /** @param {"png" | "svg"} format */
  image(format) {
    if (!this.drawn()) return;
    const filename = this.lab.fileName(this.id, format).replace(/\.\w+$/, "");
    download(this.canvas, format, filename, this.wordsOf(true));
  }

  /** @param {PictureSize} size @param {boolean} [told] */
  async picture(size, told = true) {
    return this.canvas._fullLayout && this.nothing.hidden ? pictureOf(this.canvas, this.wordsOf(told), size) : null;
  }

  /** @param {...HTMLElement} items */
  menu(...items) {
    return menu("More", [
      ...items,
      action("Zoom in", () => this.zoomBy(ZOOM)),
      action("Zoom out", () => this.zoomBy(1 / ZOOM)),
      action("Reset zoom", () => this.resetZoom()),
      this.grip(),
      action("Picture (PNG)", () => this.image("png")),
      action("Picture (SVG)", () => this.image("svg")),
      ...toTake(this),
    ]);
  }

  close() {
    super.close();
    purge(this.canvas);
  }
}
