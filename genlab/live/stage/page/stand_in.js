// What stands in for a figure of Plotly's while a slider is dragged: its own marks, lines and words on a canvas, in their
// new places. Plotly makes every mark anew, which takes many times as long, and meanwhile the hand is not heard.

/** @import { PlotlyDiv } from "../types.js" */
import { element } from "./dom.js";
import { paintField, strokeLevels } from "./field.js";
import { fitCanvas } from "./marks.js";

/** @typedef {{alpha: number, fill: string, fillAlpha: number, stroke: string, strokeAlpha: number, width: number, dash: number[], path: Path2D}} Look */
/** @import { Box } from "./field.js" */
/** @typedef {{points: Look[], line: Look | null, box?: Box}} Looks of a trace; `box` is a field's, within the plane */

export class StandIn {
  /** @param {PlotlyDiv} canvas of the figure */
  constructor(canvas) {
    this.canvas = canvas;
    this.sheet = element("canvas", { class: "stand-in", "aria-hidden": "true", hidden: "" });
    this.frame = "";
    /** @type {(Looks | null)[] | null | undefined} What Plotly has made of each trace; null where a canvas cannot follow, undefined until it was looked at. */
    this.looks = undefined;
  }

  /** The figure has been drawn with these, and is seen again. @param {any[]} traces @param {any} layout */
  leave(traces, layout) {
    this.frame = frameOf(traces, layout);
    this.looks = undefined;
    this.sheet.hidden = true;
    this.canvas.classList.remove("stood-in");
  }

  /** Draws the traces instead of Plotly; false where more has changed than places. @param {any[]} traces @param {any} layout */
  draw(traces, layout) {
    if (!this.canvas._fullLayout || frameOf(traces, layout) !== this.frame) return false;
    this.looks ??= looksOf(this.canvas, traces);
    if (!this.looks) return false;
    const { offsetLeft, offsetTop, clientWidth, clientHeight } = this.canvas;
    if (this.canvas.nextSibling !== this.sheet) this.canvas.after(this.sheet);
    Object.assign(this.sheet.style, { left: `${offsetLeft}px`, top: `${offsetTop}px` });
    const context = fitCanvas(this.sheet, clientWidth, clientHeight);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const { xaxis, yaxis } = this.canvas._fullLayout;
    context.save();
    context.beginPath();
    context.rect(xaxis._offset, yaxis._offset, xaxis._length, yaxis._length);
    context.clip();
    for (const [i, look] of this.looks.entries()) {
      if (!look) continue;
      const { type, x, y, text, textfont } = traces[i];
      if (look.box) {
        const { x: left, y: top } = look.box;
        paintField(context, traces[i], { ...look.box, x: xaxis._offset + left, y: yaxis._offset + top });
        continue;
      }
      if (type === "contour") {
        strokeLevels(context, traces[i], value => xaxis._offset + xaxis.d2p(value), value => yaxis._offset + yaxis.d2p(value));
        continue;
      }
      /** @type {[number, number][]} A gap is NaN. */
      const places = Array.from(x, (value, k) => (value === null ? [NaN, NaN] : [xaxis._offset + xaxis.d2p(value), yaxis._offset + yaxis.d2p(y[k])]));
      if (look.line) stroke(context, look.line, throughAll(places));
      look.points.forEach((point, k) => mark(context, point, places[k]));
      if (textfont) write(context, text, places, textfont);
    }
    const words = layout.annotations ?? [];
    const noted = words.every(isPlain);
    this.canvas.classList.toggle("noted", noted);
    if (noted) for (const one of words) note(context, one, this.canvas._fullLayout);
    context.restore();
    this.sheet.hidden = false;
    this.canvas.classList.add("stood-in");
    return true;
  }
}

/** @param {any} trace */
const isSeen = ({ visible, x }) => visible !== false && x?.length > 0;

/**
 * Everything but the places, and words that are written anew: where two are the same, marks have only moved, or colours.
 * @param {any[]} traces @param {any} layout
 */
function frameOf(traces, { annotations = [], ...layout }) {
  /** @param {any} trace */
  const lasting = ({ mode, x, y, z, line }) => (z ? [x[0], x.at(-1), y[0], y.at(-1), x.length, line] : mode?.includes("lines") || x.length);
  return JSON.stringify([layout, annotations.every(isPlain) || annotations, traces.map(trace => isSeen(trace) && lasting(trace))]);
}

/** Words in the middle of the picture's upper or lower edge, or over it. @param {any} annotation */
const isPlain = ({ xref, yref, x, showarrow, text }) => xref === "paper" && yref === "paper" && x === 0.5 && showarrow === false && !text.includes("<");

/** @param {PlotlyDiv} canvas @param {any[]} traces */
function looksOf(canvas, traces) {
  const [fields, image] = [traces.filter(trace => trace.type === "heatmap" && isSeen(trace)), canvas.querySelector(".heatmaplayer image")];
  /** @type {(Looks | null)[]} */
  const looks = [];
  for (const [i, trace] of traces.entries()) {
    if (!isSeen(trace)) {
      looks.push(null);
      continue;
    }
    const { type = "scatter", mode = "", fill = "none", line, yaxis = "y" } = trace;
    if (type === "contour" && trace.contours.coloring === "none") {
      looks.push({ points: [], line: null });
      continue;
    }
    if (type === "heatmap" && trace.zsmooth === "fast" && fields.length === 1 && image) {
      const [x, y, width, height] = ["x", "y", "width", "height"].map(name => Number(image.getAttribute(name)));
      looks.push({ points: [], line: null, box: { x, y, width, height } });
      continue;
    }
    if (type !== "scatter" || fill !== "none" || (line?.shape ?? "linear") !== "linear" || yaxis !== "y") return null;
    const group = canvas.querySelector(`.scatterlayer .trace${canvas._fullData[i].uid}`);
    const alpha = Number(group && getComputedStyle(group).opacity) || 1;
    /** @type {(selector: string) => Look[]} */
    const all = selector => [.../** @type {NodeListOf<SVGPathElement>} */ (group?.querySelectorAll(selector) ?? [])].map(node => lookOf(node, alpha));
    const points = mode.includes("markers") ? all("path.point") : [];
    const [drawn = null] = mode.includes("lines") ? all("path.js-line") : [];
    if (mode.includes("markers") ? points.length !== trace.x.length : mode.includes("lines") && !drawn) return null;
    looks.push({ points, line: drawn });
  }
  return looks;
}

/** @type {Map<string, Path2D>} by their description: there are as many as there are symbols */
const symbols = new Map();

/** @param {SVGPathElement} node @param {number} alpha of its group @returns {Look} */
function lookOf(node, alpha) {
  const { style } = node;
  const shape = node.classList.contains("point") ? node.getAttribute("d") ?? "" : "";
  const path = symbols.get(shape) ?? new Path2D(shape);
  symbols.set(shape, path);
  return {
    alpha: alpha * Number(style.opacity || 1), path,
    fill: style.fill, fillAlpha: Number(style.fillOpacity || 1),
    stroke: style.stroke, strokeAlpha: Number(style.strokeOpacity || 1),
    width: parseFloat(style.strokeWidth) || 0, dash: style.strokeDasharray.split(/[ ,]+/).map(parseFloat).filter(isFinite),
  };
}

/** A line through places, interrupted by its gaps. @param {[number, number][]} places */
function throughAll(places) {
  const path = new Path2D();
  let open = false;
  for (const [x, y] of places) {
    if (isNaN(x)) open = false;
    else if (open) path.lineTo(x, y);
    else [open] = [true, path.moveTo(x, y)];
  }
  return path;
}

/** @param {CanvasRenderingContext2D} context @param {Look} look @param {Path2D} path */
function stroke(context, { alpha, stroke, strokeAlpha, width, dash }, path) {
  if (!width || stroke === "none" || !stroke) return;
  Object.assign(context, { globalAlpha: alpha * strokeAlpha, strokeStyle: stroke, lineWidth: width, lineJoin: "round" });
  context.setLineDash(dash);
  context.stroke(path);
}

/** @param {CanvasRenderingContext2D} context @param {Look} look @param {[number, number]} place */
function mark(context, look, [x, y]) {
  context.translate(x, y);
  if (look.fill && look.fill !== "none") {
    Object.assign(context, { globalAlpha: look.alpha * look.fillAlpha, fillStyle: look.fill });
    context.fill(look.path);
  }
  stroke(context, look, look.path);
  context.translate(-x, -y);
}

/** Words of Plotly's annotation that is plain. @param {CanvasRenderingContext2D} context @param {any} annotation @param {any} layout the full one */
function note(context, { text, y, yanchor, bgcolor, font }, { _size: { l, t, w, h }, font: letters }) {
  const size = font?.size ?? letters.size;
  Object.assign(context, { globalAlpha: 1, font: `${size}px ${letters.family}`, textAlign: "center", textBaseline: "middle" });
  const [wide, high] = [context.measureText(text).width + 4, 1.3 * size + 4];
  const [middle, top] = [l + w / 2, t + (1 - y) * h - (yanchor === "bottom" ? high : 0)];
  context.fillStyle = bgcolor ?? "transparent";
  context.fillRect(middle - wide / 2, top, wide, high);
  context.fillStyle = font?.color ?? letters.color;
  context.fillText(text, middle, top + high / 2 + 1);
}

/** @param {CanvasRenderingContext2D} context @param {string[]} words @param {[number, number][]} places @param {{size: number, weight?: number, color: string, family?: string, shadow?: string}} font */
function write(context, words, places, { size, weight = 400, color, family, shadow }) {
  const face = family ?? getComputedStyle(context.canvas).fontFamily;
  Object.assign(context, { globalAlpha: 1, fillStyle: color, font: `${weight} ${size}px ${face}`, textAlign: "center", textBaseline: "middle" });
  const [, halo] = shadow?.match(/(#\w+|rgb\([^)]*\))/) ?? [];
  if (halo) Object.assign(context, { shadowColor: halo, shadowBlur: 4 });
  // A halo is as strong as on the page after it was written twice.
  for (const _ of halo ? [1, 2] : [1]) places.forEach(([x, y], i) => context.fillText(words[i], x, y));
  context.shadowBlur = 0;
}
