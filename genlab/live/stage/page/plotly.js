// plotly.js, as the lab serves it out of the installed package.

/** @import { PlotlyDiv, Surroundings } from "../types.js" */
import { element } from "./dom.js";

/** The buttons over a figure that the pointer is in. */
export const CONFIG = {
  displaylogo: false,
  modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
};

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
