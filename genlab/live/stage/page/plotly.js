// plotly.js, as the lab serves it out of the installed package.

/** @import { PlotlyDiv, Surroundings } from "../types.js" */
import { element } from "./dom.js";

/** The buttons over a figure that the pointer is in. */
const CONFIG = {
  displaylogo: false,
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
};

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

/** The figure as it is now, in a file. @param {PlotlyDiv} canvas @param {"png" | "svg"} format @param {string} filename @param {string} background */
export function download(canvas, format, filename, background) {
  const { data, layout, clientWidth: width, clientHeight: height } = canvas;
  const figure = { data, layout: { ...layout, paper_bgcolor: background } };
  window.Plotly.downloadImage(figure, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
}
