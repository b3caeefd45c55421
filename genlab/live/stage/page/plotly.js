// plotly.js, as the lab serves it out of the installed package.

/** @import { PictureSize, PictureWords, PlotlyDiv, Surroundings } from "../types.js" */
import { drawingOn, element } from "./dom.js";
import { SLIDE } from "./sheet.js";

/** Plotly's own buttons would lie over the curves: what they do stands in the panel's menu. */
const CONFIG = { displayModeBar: false };

/** @type {WeakMap<PlotlyDiv, Promise<unknown>>} What Plotly is still at work on. */
const work = new WeakMap();

/** Once for the whole document. @param {Surroundings} surroundings */
export function loadPlotly({ base, plotly }) {
  window.genlabPlotly ??= new Promise((done, fail) => {
    const script = element("script", { src: `${base.replace(/\/$/, "")}/live/plotly.min.js?v=${plotly}` });
    script.onload = done;
    script.onerror = () => {
      window.genlabPlotly = undefined;
      script.remove();
      fail(new Error("plotly.js did not load"));
    };
    document.head.append(script);
  });
  return window.genlabPlotly;
}

/** The place of a figure before Plotly makes one of it. @returns {PlotlyDiv} */
export const plotlyDiv = () => /** @type {PlotlyDiv} */ (element("div", { class: "canvas", role: "figure" }));

/** Makes a figure or gives it other traces and another layout. @param {PlotlyDiv} canvas @param {any[]} traces @param {any} layout */
export function react(canvas, traces, layout) {
  // Plotly goes on to fit the first range that it was given into a figure of equal scales, whatever comes later.
  for (const [name, axis] of Object.entries(layout)) {
    const drawn = /^[xy]axis/.test(name) && axis.range && canvas._fullLayout?.[name];
    if (drawn) drawn._inputRange = null;
  }
  const done = window.Plotly.react(canvas, traces, layout, CONFIG);
  work.set(canvas, done);
  return done;
}

/** Changes some attributes of some traces. @param {PlotlyDiv} canvas @param {Record<string, any>} update @param {number[]} traces */
export function restyle(canvas, update, traces) {
  const done = window.Plotly.restyle(canvas, update, traces);
  work.set(canvas, done);
  return done;
}

/** Factor of one press that zooms. */
export const ZOOM = 1.5;

/** Shows the middle of a figure closer, or from farther away. @param {PlotlyDiv} canvas @param {number} factor */
export async function zoom(canvas, factor) {
  const ranges = ["xaxis", "yaxis"].map(axis => {
    const [from, to] = canvas._fullLayout[axis].range;
    const [middle, half] = [(from + to) / 2, (to - from) / 2 / factor];
    return [`${axis}.range`, [middle - half, middle + half]];
  });
  await window.Plotly.relayout(canvas, Object.fromEntries(ranges));
}

/** Takes a figure apart, once Plotly's hand is off it. @param {PlotlyDiv} canvas */
export async function purge(canvas) {
  await Promise.allSettled([work.get(canvas)]);
  if (canvas._fullLayout) window.Plotly.purge(canvas);
}

/** After the room for a figure has changed. @param {PlotlyDiv} canvas */
export function resize(canvas) {
  if (canvas._fullLayout && canvas.offsetParent) window.Plotly.Plots.resize(canvas);
}

/**
 * The figure as it is now, as one that stands for itself on a slide: with its title, lines of what made it, and a legend.
 * @param {PlotlyDiv} canvas @param {PictureWords} words @param {PictureSize} size
 */
function slideOf(canvas, { title, lines, background }, { width, height, letter, small }) {
  const { data = [], layout } = canvas;
  // Of a title in several lines Plotly places the foot of the first one, of one in a single line its top.
  const under = lines.map(line => `<br><span style="font-size:${small}px">${line}</span>`).join("");
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis/.test(name));
  return {
    // No entry for what is drawn faintly behind a curve, nor for marks that only hovering explains.
    data: data.map(trace => ({ ...trace, showlegend: Boolean(trace.name) && trace.yaxis !== "y2" && !(trace.opacity < 0.5) })),
    layout: {
      ...layout, width, height, paper_bgcolor: background, showlegend: true,
      // A picture is drawn without the page's own fonts: letters would take other widths than those that were measured.
      font: { ...layout.font, family: "sans-serif", size: letter },
      ...Object.fromEntries(axes.map(([name, axis]) => [name, { ...axis, title: titleOf(axis, layout.meta?.titles?.[name], letter) }])),
      annotations: (layout.annotations ?? []).map((/** @type {any} */ one) => ({ ...one, font: { ...one.font, size: small } })),
      title: { text: `<b>${title}</b>${under}`, x: 0.02, xanchor: "left", y: 1 - (lines.length ? 1.8 : 0.9) * letter / height, yanchor: "top" },
      legend: { orientation: "h", x: 0, y: -2.7 * letter / (height / 2), yanchor: "top" },
      margin: { l: 3 * letter, r: 1.5 * letter, t: 3.5 * letter + 1.3 * letter * lines.length, b: 5.5 * letter },
    },
  };
}

/** The title of an axis, also where the panel that shows it had no room for one. @param {any} axis @param {string | undefined} told @param {number} size */
const titleOf = ({ title }, told, size) => ({ ...title, text: title?.text || told || "", font: { size } });

/**
 * The figure in a file of its own.
 * @param {PlotlyDiv} canvas @param {"png" | "svg"} format @param {string} filename @param {PictureWords} words
 */
export function download(canvas, format, filename, words) {
  const { width, height } = SLIDE;
  window.Plotly.downloadImage(slideOf(canvas, words, SLIDE), { format, filename, width, height, scale: format === "png" ? 2 : 1 });
}

/** The figure as a picture. @param {PlotlyDiv} canvas @param {PictureWords} words @param {PictureSize} size */
export async function pictureOf(canvas, words, size) {
  const { width, height } = size;
  const source = await window.Plotly.toImage(slideOf(canvas, words, size), { format: "png", width, height });
  const image = element("img", { src: source });
  await image.decode();
  const sheet = element("canvas", { width, height });
  drawingOn(sheet).drawImage(image, 0, 0, width, height);
  return sheet;
}
