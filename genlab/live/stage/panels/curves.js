// Histories with what a training dashboard has; min, max and last value of each stand on its switch.

/** @import { Lab } from "../lab.js" */
/** @import { Columns, CurveChoices, FrameHeader, Level, PanelSpec, Series, Theme } from "../types.js" */
/** @import { Place } from "../maths/labels.js" */
import {
  extremes, fromNothing, interpolate, joined, middleRange, newestOf, pointsOf, rangeOf, scaledOf, segmentsOf, smooth, takenAt, thenOf, valuesOf,
} from "../maths/series.js";
import { placesOf } from "../maths/labels.js";
import { hasRoom } from "../maths/room.js";
import { number, whole } from "../maths/text.js";
import { action, change, element, press, rich, swatch, toggle } from "../page/dom.js";
import { recall, remember } from "../page/memory.js";
import { resolve } from "../page/theme.js";
import { PlotlyPanel } from "./plotly_panel.js";

/** @typedef {{log: boolean, logX: boolean, outliers: boolean, hidden: string[]}} Options */
/**
 * @typedef {{
 *   node: HTMLElement, last: Element, when: HTMLElement, range: Element,
 *   other: HTMLElement, theirs: Element, theirTime: Element, series: Series,
 * }} Row
 */

/** Lines of changed settings in a figure: beyond, the triangles alone mark them, which cost little to draw. */
const MOST_LINES = 40;
/** Height of a figure, in letters, from which on its lines to compare with say what they are. */
const LOWEST_WRITTEN = 7;

export class Curves extends PlotlyPanel {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Options} */
    this.options = { log: false, logX: false, outliers: false, hidden: [] };
    /** @type {Partial<Options>} What of it a person chose: what is usual differs from model to model. */
    this.chosen = recall(`curves-${spec.id}`, {});
    this.logButton = toggle("log", "Logarithmic vertical axis", on => this.option({ log: on }));
    this.logX = toggle("Logarithmic horizontal axis", "", on => this.option({ logX: on }));
    const middle = "Scale to the middle 90 % of the values";
    this.outliers = toggle("Ignore outliers in scaling", middle, on => this.option({ outliers: on }));
    this.tools = [this.logButton, this.menu(this.logX, this.outliers, action("History (CSV)", () => this.lab.csv()))];
    this.note = element("span", { class: "note" });
    /** @type {Map<string, Place>} where the words of each line to compare with stand */
    this.places = new Map();
  }

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    this.rows = spec.series.map(series => this.row(series));
    this.under.replaceChildren(...this.rows.map(({ node }) => node), this.note);
    this.option({});
  }

  /** The switch of one series, which is also its row of figures. @param {Series} series @returns {Row} */
  row(series) {
    const colour = resolve(series.colour, this.lab.theme);
    const [last, range, theirs] = [element("b"), element("small", { class: "range" }), element("b")];
    const [when, theirTime] = [element("small", { class: "when" }), element("small", { class: "when" })];
    const other = element("span", { class: "other", hidden: "" }, swatch(colour, "dash"), theirs, theirTime);
    const node = toggle("", "", on => {
      const hidden = this.options.hidden.filter(name => name !== series.name);
      this.option({ hidden: on ? hidden : [...hidden, series.name] });
    });
    node.classList.add("series");
    node.dataset.series = series.name;
    node.append(swatch(colour, series.dash), rich("span", series.label), last, when, range, other);
    return { node, last, when, range, other, theirs, theirTime, series };
  }

  /** @param {Partial<Options>} change */
  option(change) {
    Object.assign(this.chosen, change);
    remember(`curves-${this.id}`, this.chosen);
    const { log = false, middle = false } = this.spec;
    this.options = { log, logX: false, outliers: middle, hidden: [], ...this.chosen };
    press(this.logButton, this.options.log);
    press(this.logX, this.options.logX);
    press(this.outliers, this.options.outliers);
    for (const { node, series } of this.rows) press(node, !this.options.hidden.includes(series.name));
    this.lab.draw();
  }

  async draw() {
    super.draw();
    /** @type {Columns} */
    const columns = Object.fromEntries(this.lab.history().map(([name, { values }]) => [name, values]));
    const { header } = this.lab;
    if (!columns.step || !header) return this.sayNothing(true);
    const { theme, curves, pinned, companion } = this.lab;
    const shown = this.rows.filter(({ series }) => !this.options.hidden.includes(series.name));
    /** @type {any[]} */
    const traces = shown.flatMap(({ series }) => this.lines(series, columns, theme, curves));
    const segments = this.segments(columns);
    const drawn = traces.flatMap(trace => Array.from(trace.y));
    const left = traces.filter(trace => !trace.yaxis).flatMap(trace => Array.from(trace.y));
    for (const { name, other } of [{ name: "pinned", other: pinned }, { name: companion.label, other: companion }]) {
      const theirs = other?.columns;
      if (theirs) traces.push(...shown.flatMap(({ series }) => this.dashedLine(name, series, theirs, theme, curves)));
    }
    for (const row of this.rows) {
      this.figures(row, columns, header);
      const theirs = companion.columns && valuesOf(row.series, companion.columns);
      row.other.hidden = !theirs?.length;
      if (!theirs?.length || !companion.columns) continue;
      const newest = newestOf(companion.columns);
      change(row.theirs, number(theirs[theirs.length - 1], 4));
      change(row.theirTime, takenAt(row.series, newest, newest.step ?? undefined));
    }
    this.sayNothing(!columns.step.length && !traces.some(({ x }) => x?.length));
    const begun = segments[segments.length - 1][0];
    // Losses of another objective have another scale, and its first step is often a spike.
    const comparable = begun ? shown.flatMap(({ series }) => scaledOf(series, columns).slice(begun)) : left;
    const range = begun || this.options.outliers ? middleRange(comparable, this.options.log) : undefined;
    const below = this.options.log ? drawn.filter(y => y <= 0).length : 0;
    const notes = [
      below ? `log axis: ${below} values ≤ 0 cannot be shown` : "",
      begun ? `scaled to what came after the objective changed at step ${whole(this.cuts()[segments.length - 2])}` : "",
    ];
    change(this.note, notes.filter(Boolean).join("; "));
    /** @type {any} */
    const layout = this.layout(columns, curves.x, range, theme, traces);
    Object.assign(layout, this.rightAxis(traces));
    if (this.options.log) Object.assign(layout.yaxis, this.logTicks([...traces.filter(trace => !trace.yaxis), { y: this.levels().map(({ y }) => y) }]));
    traces.push(...this.changeMarks(columns, curves.x));
    await this.react(traces, layout);
  }

  /** A curve: the smoothed line, and the raw one faintly behind it; hovering gives the exact value. @param {Series} series @param {Columns} columns @param {Theme} theme @param {CurveChoices} choices */
  lines(series, columns, theme, { smoothing, x }) {
    const found = this.points(series, columns, x);
    if (!found) return [];
    const { raw, drawn, steps } = found;
    const line = { color: resolve(series.colour, theme), width: 2.2, dash: series.dash };
    const segments = segmentsOf(steps, this.cuts());
    const common = { type: "scatter", mode: found.mode, ...axisOf(series), x: joined(found.x, segments), name: series.label };
    const exact = { customdata: joined(raw, segments), hovertemplate: "%{customdata:.6~g}", line };
    const y = joined(drawn, segments);
    if (!smoothing) return [{ ...common, y, ...exact }];
    return [
      { ...common, y, line: { ...line, width: 1, dash: "solid" }, opacity: 0.3, hoverinfo: "skip" },
      { ...common, y: joined(drawn, segments, part => smooth(part, smoothing)), ...exact },
    ];
  }

  /** What is drawn of a curve, and where. @param {Series} series @param {Columns} columns @param {CurveChoices["x"]} x */
  points(series, columns, x) {
    const raw = valuesOf(series, columns);
    if (!raw) return null;
    const { rows, at } = pointsOf(series, columns);
    const steps = Array.from(at, step => step ?? NaN);
    const scaled = scaledOf(series, columns);
    return {
      raw: rows.map(row => raw[row]), drawn: rows.map(row => scaled[row]), steps,
      x: series.stamp === undefined ? Array.from(columns[x] ?? []) : steps.map(step => this.along(x, columns, step)),
      // A line needs two points.
      mode: steps.length > 1 ? "lines" : "markers",
    };
  }

  /** The steps at which another objective began, where the curves are of its terms. */
  cuts() {
    return this.spec.segmented ? this.lab.changes.filter(({ settings }) => "objective" in settings).map(({ step }) => step) : [];
  }

  /** @param {Columns} columns */
  segments(columns) {
    return segmentsOf(/** @type {ArrayLike<number>} */ (columns.step), this.cuts());
  }

  /** The same curve of a run to compare with. @param {string} whose @param {Series} series @param {Columns} columns @param {Theme} theme @param {CurveChoices} choices */
  dashedLine(whose, series, columns, theme, { smoothing, x }) {
    const found = this.points(series, columns, x);
    if (!found) return [];
    const { raw, drawn } = found;
    const line = { color: resolve(series.colour, theme), width: 1.4, dash: "dash" };
    const y = smoothing ? smooth(drawn, smoothing) : drawn;
    const name = `${whose}: ${series.label}`;
    const hovertemplate = "%{customdata:.6~g}";
    const trace = { type: "scatter", mode: found.mode, ...axisOf(series), x: found.x, y, customdata: raw, name, line, hovertemplate };
    return [{ ...trace, opacity: 0.75 }];
  }

  /** @param {Row} row @param {Columns} columns @param {FrameHeader} header */
  figures({ node, last, when, range, series }, columns, { looking, last: then }) {
    const values = valuesOf(series, columns);
    const finite = Array.from(values ?? [], y => y ?? NaN).filter(isFinite);
    if (!values || !finite.length) {
      // What stood here was of another run, or of before a reset.
      for (const node of [last, when, range]) change(node, "");
      when.style.minWidth = "";
      node.title = "";
      return;
    }
    const [low, high] = extremes(finite);
    const past = Number.isInteger(looking);
    const newest = newestOf(columns);
    const taken = takenAt(series, past ? then : newest, (past ? looking : newest.step) ?? undefined);
    const here = past ? thenOf(series, then) : values[values.length - 1];
    change(last, number(here, 4));
    change(when, taken);
    // Where a step once stood its room stays: else the lines of the legend, and the height of the curves, come and go with it.
    if (taken.length > (parseInt(when.style.minWidth) || 0)) when.style.minWidth = `${taken.length}ch`;
    change(range, `${number(low, 3)} … ${number(high, 3)}`);
    node.title = `${taken.replace("@", "at step") || (past ? `at step ${looking}` : "last")} ${here}, min ${low}, max ${high}`;
  }

  /** @param {Columns} columns @param {CurveChoices["x"]} x */
  changesAt(columns, x) {
    return this.lab.changes.map(({ step }) => this.along(x, columns, step));
  }

  /** Where a step stands on the horizontal axis. @param {CurveChoices["x"]} x @param {Columns} columns @param {number} step */
  along(x, columns, step) {
    if (x === "step") return step;
    return interpolate(/** @type {ArrayLike<number>} */ (columns.step), /** @type {ArrayLike<number>} */ (columns.seconds), step);
  }

  /** The line at the step that is looked at, with its number. @param {Columns} columns @param {CurveChoices["x"]} x @param {Theme} theme */
  lookMark(columns, x, theme) {
    const looking = this.lab.header?.looking;
    if (looking === null || looking === undefined) return { shapes: [], annotations: [] };
    const at = this.along(x, columns, looking);
    const line = { color: theme.text, width: 2 };
    const font = { size: this.lab.room.fontSize() - 1, color: theme.background };
    const text = `step ${whole(looking)}`;
    const place = { x: this.options.logX ? Math.log10(Math.max(at, 1e-9)) : at, xanchor: "auto", yref: "paper", y: 0, yanchor: "bottom" };
    return {
      shapes: [{ type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line }],
      annotations: [{ ...place, text, showarrow: false, bgcolor: theme.text, font }],
    };
  }

  /** Triangles along the top where a setting was changed; hovering says which. @param {Columns} columns @param {CurveChoices["x"]} x */
  changeMarks(columns, x) {
    const at = this.changesAt(columns, x);
    if (!at.length) return [];
    /** @type {(change: [string, [unknown, unknown]]) => string} */
    const say = ([name, [before, after]]) => `${name}: ${before ?? "off"} → ${after ?? "off"}`;
    const text = this.lab.changes.map(({ settings, note }) =>
      [...Object.entries(settings).map(say), ...(note ? [note] : [])].join("<br>"));
    const marker = { symbol: "triangle-down", size: 9, color: this.lab.theme.text };
    const marks = { type: "scatter", mode: "markers", yaxis: "y2", name: "setting", cliponaxis: false };
    return [{ ...marks, x: at, y: at.map(() => 1), text, marker, hovertemplate: "%{text}" }];
  }

  /** A line where each setting was changed, unless there are so many that nothing could be read. @param {Columns} columns @param {CurveChoices["x"]} x @param {object} line */
  changeLines(columns, x, line) {
    const at = this.changesAt(columns, x);
    return at.length > MOST_LINES ? [] : at.map(x => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line }));
  }

  /** @param {Columns} columns @param {CurveChoices["x"]} x @param {[number, number] | undefined} range @param {Theme} theme @param {any[]} traces */
  layout(columns, x, range, theme, traces) {
    const { log, logX, outliers } = this.options;
    const levels = this.levels();
    /** @param {number} width */
    const dotted = width => ({ color: theme.muted, width, dash: "dot" });
    const looked = this.lookMark(columns, x, theme);
    // A title that has no room would lie on the numbers or be cut.
    const [height, letter] = [this.canvas.clientHeight, this.lab.room.fontSize()];
    const across = height > 15 * letter ? (x === "step" ? this.spec.x ?? "step" : "training time / s") : "";
    const up = hasRoom(this.spec.y, height, letter) ? this.spec.y : "";
    return {
      // Also of what has no room here a picture that is taken away tells.
      meta: { titles: { xaxis: x === "step" ? this.spec.x ?? "step" : "training time / s", yaxis: this.spec.y, yaxis3: this.spec.right } },
      hovermode: "x unified",
      xaxis: {
        ...titled(across),
        type: logX ? "log" : "linear", rangemode: "nonnegative", hoverformat: x === "step" ? ",.0f" : ".2f", uirevision: `${x}${logX}${this.zooms}`,
      },
      yaxis: {
        ...titled(up), type: log ? "log" : "linear", exponentformat: "power",
        uirevision: `${log}${outliers}${this.zooms} ${this.cuts()}`, ...(range ? { range, autorange: false } : { autorange: true }),
      },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      shapes: [
        ...levels.map(({ y }) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: dotted(1.5) })),
        ...this.changeLines(columns, x, dotted(1)),
        ...looked.shapes,
      ],
      // The axis makes room for what is written on it: of a low picture that would leave the curves nothing.
      annotations: [...looked.annotations, ...(height < LOWEST_WRITTEN * letter ? [] : this.words(levels, traces, range)).map(({ y, label, place }) => ({
        xref: "paper", x: place.x, xanchor: place.x === 0.5 ? "center" : place.x ? "right" : "left",
        y: log ? Math.log10(y) : y, yanchor: place.below ? "top" : "bottom", text: label,
        showarrow: false, bgcolor: theme.background, opacity: 0.85, font: { size: letter - 1, color: theme.muted },
      }))],
    };
  }

  /** The lines to compare with, each with a place for its words where they cover least of the curves. @param {(Level & {y: number})[]} levels @param {any[]} traces @param {[number, number] | undefined} range */
  words(levels, traces, range) {
    if (!levels.length) return [];
    const { log, logX } = this.options;
    const letter = this.lab.room.fontSize() - 1;
    const { w: width, h: height } = this.canvas._fullLayout?._size ?? { w: 0.8 * this.canvas.clientWidth, h: 0.7 * this.canvas.clientHeight };
    /** @param {ArrayLike<number>} values @param {boolean} log */
    const scaled = (values, log) => Array.from(values, value => (log ? Math.log10(value) : value));
    const at = scaled(levels.map(({ y }) => y), log);
    const left = traces.filter(({ yaxis }) => !yaxis).flatMap(({ y }) => scaled(y, log));
    const across = this.seen("xaxis") ?? extremes(traces.flatMap(({ x }) => scaled(x, logX)).filter(isFinite));
    const up = this.seen("yaxis") ?? range ?? rangeOf([...left, ...at], false, false).seen;
    const right = this.rightRange(traces).seen;
    /** @param {number[]} values @param {[number, number]} ends */
    const shares = (values, [from, to]) => values.map(value => (value - from) / (to - from || 1));
    const courses = traces.map(({ x, y, yaxis }) => ({ x: shares(scaled(x, logX), across), y: shares(scaled(y, log), yaxis ? right : up) }));
    const heights = shares(at, up);
    const places = placesOf(levels.map(({ label, below = false }, i) => ({
      at: heights[i], below, before: this.places.get(label), width: Math.min(1, (0.55 * letter * label.replace(/<[^>]*>/g, "").length + 6) / width),
    })), (1.3 * letter + 4) / height, courses);
    return levels.map((level, i) => {
      this.places.set(level.label, places[i]);
      return { ...level, place: places[i] };
    });
  }

  /** The range of an axis that a person has chosen. @param {"xaxis" | "yaxis"} axis @returns {[number, number] | undefined} */
  seen(axis) {
    return this.zoomed[axis] ? this.canvas.layout[axis].range : undefined;
  }

  /** What has the axis on the right is an amount that something costs. @param {any[]} traces */
  rightRange(traces) {
    const own = traces.filter(({ yaxis }) => yaxis === "y3").flatMap(({ y }) => Array.from(y));
    const { given, seen } = rangeOf(own, this.options.log, this.options.outliers);
    return this.options.log ? { given, seen } : { given: given && fromNothing(given), seen: fromNothing(seen) };
  }

  /** Terms of another size have an axis of their own, on which they are not flat. @param {any[]} traces */
  rightAxis(traces) {
    if (!traces.some(trace => trace.yaxis === "y3" && trace.y.length)) return {};
    const { log, outliers } = this.options;
    const range = this.rightRange(traces).given;
    const title = this.spec.right ?? "";
    const letter = this.lab.room.fontSize();
    const fits = hasRoom(title, this.canvas.clientHeight, letter);
    const yaxis3 = {
      overlaying: "y", side: "right", showgrid: false, zeroline: false, automargin: true, type: log ? "log" : "linear",
      ...titled(fits ? title : "", { size: letter }), exponentformat: "power", tickmode: "auto", nticks: 4, rangemode: "tozero",
      uirevision: `${log}${outliers}${this.zooms}`, ...(range ? { range, autorange: false } : { autorange: true }),
    };
    return { yaxis3 };
  }

  /** The lines to compare with that have a place on the present axis. */
  levels() {
    const reference = this.lab.header?.reference ?? {};
    const known = (this.spec.levels ?? []).map(level => ({ ...level, y: level.value ?? reference[level.reference] }));
    return known.filter(({ y }) => Number.isFinite(y) && (y > 0 || !this.options.log));
  }
}

/** The title of an axis; for an empty one Plotly would keep a line free. @param {string} text @param {{size: number}} [font] */
const titled = (text, font) => (text ? { title: font ? { text, font } : { text } } : {});

/** @param {Series} series */
const axisOf = ({ right }) => (right ? { yaxis: "y3" } : {});
