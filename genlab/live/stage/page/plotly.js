// plotly.js, as the lab serves it out of the installed package.

/** @import { PlotlyDiv, Surroundings } from "../types.js" */
import { element } from "./dom.js";

/** The buttons over a figure that the pointer is in. */
const CONFIG = {
  displaylogo: false,
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
};

/** px of a picture for a slide, and of its letters. */
const SLIDE = { width: 1200, height: 900, size: 20, small: 18 };

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
 * The figure as it is now, in a file that stands for itself on a slide: with its title, a line of what made it, and a
 * legend.
 * @param {PlotlyDiv} canvas @param {"png" | "svg"} format @param {string} filename
 * @param {{title: string, lines: string[], background: string}} words
 */
export function download(canvas, format, filename, { title, lines, background }) {
  const { data = [], layout } = canvas;
  const { width, height, size, small } = SLIDE;
  const under = lines.map(line => `<br><span style="font-size:${small}px">${line}</span>`).join("");
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis/.test(name));
  const figure = {
    // No entry for what is drawn faintly behind a curve, nor for marks that only hovering explains.
    data: data.map(trace => ({ ...trace, showlegend: Boolean(trace.name) && trace.yaxis !== "y2" && !(trace.opacity < 0.5) })),
    layout: {
      ...layout, paper_bgcolor: background, showlegend: true, font: { ...layout.font, size },
      ...Object.fromEntries(axes.map(([name, axis]) => [name, { ...axis, title: { ...axis.title, font: { size } } }])),
      annotations: (layout.annotations ?? []).map((/** @type {any} */ one) => ({ ...one, font: { ...one.font, size: small } })),
      title: { text: `<b>${title}</b>${under}`, x: 0.02, xanchor: "left", y: 0.98, yanchor: "top" },
      legend: { orientation: "h", x: 0, y: -0.14, yanchor: "top" },
      margin: { l: 60, r: 30, t: 70 + 26 * lines.length, b: 110 },
    },
  };
  window.Plotly.downloadImage(figure, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
}
