// A map of instability: a coloured square for each model, chosen with the mouse or the arrow keys.

/** @import { Lab } from "../lab.js" */
/** @import { AnswerHeader, Arrays, PanelSpec } from "../types.js" */
import { colourRange, colourTicks, endsOf, mix, spanOf, toldOf } from "../maths/colours.js";
import { duration, number, whole } from "../maths/text.js";
import { change, element } from "../page/dom.js";
import { examine } from "../wire/messages.js";
import { PlotlyPanel } from "./plotly_panel.js";

const EXAMINE_EVERY = 1000; // ms between two looks at the chosen cell while the map trains
/** @type {Record<string, number[]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const REPORT_AFTER = 300; // ms after the last move over the map before the page hears of the chosen cell

export class InstabilityMap extends PlotlyPanel {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    /** @type {number | null} The chosen one. */
    this.cell = null;
    /** @type {string | null} What the worker was asked about last: cell, step and status. */
    this.asked = null;
    this.askedAt = -Infinity;
    this.listening = false;
    this.tools = [this.menu()];
    this.canvas.tabIndex = 0;
    this.canvas.addEventListener("keydown", event => this.move(event));
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of the map" });
    this.left = element("span", { class: "left" });
    this.chosen = element("p", { class: "cell", role: "status", "aria-live": "polite" });
    this.under.replaceChildren(this.bar, this.left, this.chosen);
  }

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    const keys = "arrow keys choose a model";
    const axes = [spec.x.label, spec.y.label].filter(Boolean).join(" and ");
    this.canvas.setAttribute("aria-label", `${spec.measure.label} over ${axes}; ${keys}`);
    if (spec.cell !== null && spec.cell !== this.cell) this.pick(spec.cell);
  }

  async draw() {
    if (!this.lab.header) return;
    const { info = {}, status, step } = this.lab.header;
    this.bar.value = info.progress ?? 0;
    const percent = `${Math.floor(100 * (info.progress ?? 0))} %`;
    const left = info.remaining ? ` · about ${duration(info.remaining)} of training left` : "";
    this.caption.hidden = true;
    const traces = this.lab.arrays["map.diverged"] && this.fits() ? this.traces() : null;
    change(this.left, (status === "running" ? percent + left : percent) + (traces && !this.scaled() ? this.coloured(traces[1]) : ""));
    change(this.chosen, this.cell === null ? "Choose a cell to see its model." : this.words(this.cell));
    if (!traces) return;
    await this.react(traces, this.layout());
    this.listen();
    if (this.cell !== null && this.asked !== `${this.cell} ${step} ${status}`) this.ask();
  }

  /** Whether the arrays belong to this map and not to the one before it. */
  fits() {
    const { x, y } = this.spec;
    return this.lab.arrays["map.diverged"].values.length === x.values.length * y.values.length;
  }

  /** Whether there is nothing to read on the vertical axis. */
  isRow() {
    return !this.spec.y.label;
  }

  /** The measure of a cell; null where there is none. @param {number} cell */
  value(cell) {
    const value = this.lab.arrays[`map.${this.spec.measure.name}`]?.values[cell] ?? NaN;
    const absent = this.spec.measure.name === "diverged" && value < 0;
    return absent || !isFinite(value) ? null : value;
  }

  /** The step; −1 for a model that has not. @param {number} cell */
  divergedAt(cell) {
    return this.lab.arrays["map.diverged"]?.values[cell] ?? -1;
  }

  /** Column and row. @param {number} cell */
  place(cell) {
    const columns = this.spec.x.values.length;
    return [cell % columns, Math.floor(cell / columns)];
  }

  /** @param {number} cell */
  words(cell) {
    const { x, y, measure } = this.spec;
    const [column, row] = this.place(cell);
    const gone = this.divergedAt(cell);
    const value = this.value(cell);
    const taken = measure.stamp ? this.lab.arrays[`map.${measure.stamp}`]?.values[cell] : undefined;
    const averaged = measure.stamp || measure.name === "claim_holds" ? "" : ", mean of the last 100 steps or so";
    const when = taken === undefined || !isFinite(taken) ? averaged : ` at step ${whole(taken)}`;
    const figure = measure.name === "diverged" ? "" : `${measure.label}: ${value === null ? "not yet" : number(value, 4) + when}`;
    const end = gone >= 0 ? `diverged at step ${gone}` : measure.name === "diverged" ? "has not diverged" : "";
    const found = [figure, end].filter(Boolean).join(" · ");
    const where = [[x, column], [y, row]].flatMap(([axis, at]) => (axis.label ? [`${axis.label} = ${axis.values[at]}`] : []));
    return [...where, found].filter(Boolean).join(" · ");
  }

  /** Whether a scale has room to say what its colours stand for: not beside a single row of squares, nor in a low picture. */
  scaled() {
    const letters = toldOf(this.spec.measure, this.when()).length;
    return !this.isRow() && 0.6 * this.lab.room.fontSize() * letters < this.canvas.clientHeight - 110;
  }

  /** What the colours stand for, in words. @param {any} squares */
  coloured({ z, zmin, zmax }) {
    const { measure } = this.spec;
    const told = z.flat().some((/** @type {number | null} */ value) => value !== null);
    return ` · colour: ${toldOf(measure, this.when() + (told ? endsOf(zmin, zmax, measure) : ""))}`;
  }

  /** At which steps the figures behind the colours were taken, where that is not now. */
  when() {
    const { measure } = this.spec;
    const taken = Array.from((measure.stamp && this.lab.arrays[`map.${measure.stamp}`]?.values) || []).filter(isFinite);
    return spanOf(taken, this.lab.header?.step ?? 0);
  }

  traces() {
    const { x, y, measure } = this.spec;
    const { theme } = this.lab;
    /** @type {number[]} */
    const cells = [...Array(x.values.length * y.values.length).keys()];
    /** @type {<T>(of: (cell: number) => T) => T[][]} */
    const rows = of => y.values.map((/** @type {any} */ _, /** @type {number} */ row) =>
      x.values.map((/** @type {any} */ _, /** @type {number} */ column) => of(row * x.values.length + column)));
    /** @param {number} cell */
    const coloured = cell => (measure.name !== "diverged" && this.divergedAt(cell) >= 0 ? null : this.value(cell));
    /** @param {number | null} value */
    const scaled = value => (value === null || (measure.log && value <= 0) ? null : measure.log ? Math.log10(value) : value);
    const z = rows(cell => scaled(coloured(cell)));
    const [zmin, zmax] = colourRange(z.flat().filter(value => value !== null), measure);
    const gone = cells.filter(cell => this.divergedAt(cell) >= 0);
    const common = { type: "heatmap", x: [...x.values.keys()], y: [...y.values.keys()], xgap: 2, ygap: 2 };
    return [
      {
        ...common, z: rows(cell => (this.divergedAt(cell) >= 0 ? 1 : 0)), showscale: false, hoverinfo: "skip",
        zmin: 0, zmax: 1, colorscale: [[0, theme.paper], [1, mix(theme.background, theme.text, 0.3)]],
      },
      {
        // What is good is bright, whichever end it is.
        ...common, z, zmin, zmax, colorscale: "Cividis", reversescale: measure.good === "low", hoverongaps: true, showscale: !this.isRow(),
        text: rows(cell => this.words(cell).replaceAll(" · ", "<br>")), hovertemplate: "%{text}<extra></extra>",
        colorbar: {
          thickness: 14, outlinewidth: 0, ...(this.scaled() ? { title: { text: toldOf(measure, this.when()), side: "right" } } : {}), ...colourTicks(zmin, zmax, measure),
        },
      },
      {
        type: "scatter", mode: "text", hoverinfo: "skip", x: gone.map(cell => this.place(cell)[0]),
        y: gone.map(cell => this.place(cell)[1]), text: gone.map(() => "✖"),
        textfont: { size: this.lab.room.fontSize() + 3, color: theme.text },
      },
    ];
  }

  layout() {
    const { x, y } = this.spec;
    const { theme } = this.lab;
    /** @param {{label: string, values: number[]}} axis */
    const axis = ({ label, values }) => ({
      // The panel's title says what stands in a row.
      title: { text: this.isRow() ? "" : label }, tickvals: [...values.keys()], ticktext: values, range: [-0.5, values.length - 0.5],
      showgrid: false, zeroline: false, fixedrange: true, ticks: label ? "outside" : "",
    });
    const [column, row] = this.place(this.cell ?? 0);
    /** @param {string} colour @param {number} width */
    const frame = (colour, width) => ({
      type: "rect", x0: column - 0.48, x1: column + 0.48, y0: row - 0.48, y1: row + 0.48, line: { color: colour, width },
    });
    // Light in dark or dark in light: the frame stands out from every colour of the scale.
    const shapes = this.cell === null ? [] : [frame(theme.background, 7), frame(theme.text, 3)];
    return { xaxis: axis(x), yaxis: axis(y), shapes, hovermode: "closest", dragmode: false };
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.canvas.on("plotly_click", ({ points: [{ x, y }] }) => this.choose(y * this.spec.x.values.length + x));
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const columns = this.spec.x.values.length;
    const rows = this.spec.y.values.length;
    if (!MOVES[event.key]) return;
    const [right, up] = MOVES[event.key];
    event.preventDefault();
    event.stopPropagation();
    const [column, row] = this.cell === null ? [0, 0] : this.place(this.cell);
    /** @param {number} place @param {number} size */
    const within = (place, size) => Math.min(size - 1, Math.max(0, place));
    this.choose(within(row + up, rows) * columns + within(column + right, columns));
  }

  /** A person's choice: shown at once, and told to the page when the hand rests. @param {number} cell */
  choose(cell) {
    this.pick(cell);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.lab.tell("cell", cell), REPORT_AFTER);
    this.lab.draw();
  }

  /** @param {number} cell */
  pick(cell) {
    this.cell = cell;
    this.asked = null;
    this.askedAt = -Infinity;
  }

  /** Asks for the chosen cell, not too often while the map trains. */
  ask() {
    const early = EXAMINE_EVERY - (performance.now() - this.askedAt);
    clearTimeout(this.asking);
    if (early > 0) {
      this.asking = setTimeout(() => this.lab.draw(), early);
      return;
    }
    const { header, feed } = this.lab;
    if (!header || this.cell === null) return;
    this.asked = `${this.cell} ${header.step} ${header.status}`;
    this.askedAt = performance.now();
    feed.send(examine(this.cell));
  }

  /** What the worker knows of a cell; an answer about one that was left meanwhile is not shown. @param {AnswerHeader} header @param {Arrays} arrays */
  examined(header, arrays) {
    if (header.cell !== this.cell) return;
    for (const name of Object.keys(this.lab.arrays)) if (!/^(map|band)\./.test(name)) delete this.lab.arrays[name];
    Object.assign(this.lab.arrays, arrays);
    this.lab.root.dataset.cell = String(header.cell);
    this.lab.draw();
  }

  close() {
    clearTimeout(this.telling);
    clearTimeout(this.asking);
    super.close();
  }
}
