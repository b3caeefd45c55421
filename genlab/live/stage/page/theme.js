// The colours of the page: Streamlit's theme, the palette, and what every Plotly figure takes from both.

/** @import { Surroundings, Theme } from "../types.js" */
import { hexOf, luminance, mix } from "../maths/colours.js";

/** Whether the page is light or dark. @param {Element} node @returns {"light" | "dark"} */
export function themeName(node) {
  return nameOf(hex(getComputedStyle(node).getPropertyValue("--st-background-color").trim() || "#ffffff"));
}

/** @param {string} background */
const nameOf = background => (luminance(background) < 0.4 ? "dark" : "light");

/** @param {Element} node @param {Surroundings["palette"]} palette @returns {Theme} */
export function readTheme(node, palette) {
  const style = getComputedStyle(node);
  /** @param {string} name @param {string} otherwise */
  const get = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = hex(get("--st-background-color", "#ffffff"));
  const name = nameOf(background);
  const text = hex(get("--st-text-color", name === "dark" ? "#fafafa" : "#31333f"));
  return {
    name, background, text,
    muted: mix(background, text, 0.72), grid: mix(background, text, 0.13), line: mix(background, text, 0.35),
    paper: mix(background, text, 0.05), ink: text,
    font: get("--st-font", "sans-serif"), ...palette[name],
  };
}

/** @param {Theme} theme @param {number} size of letters, in px */
export function baseLayout(theme, size) {
  const title = { standoff: Math.round(size / 3), font: { size } };
  const axis = { gridcolor: theme.grid, linecolor: theme.line, zerolinecolor: theme.line, automargin: true, title };
  const clear = "rgba(0,0,0,0)";
  // A number at the upper end of an axis stands above it by half of its height: without room there Plotly leaves it out.
  const margin = { l: 8, r: 12, t: Math.max(10, Math.ceil(0.7 * size)), b: 8 };
  return {
    // In a small figure the numbers of the axes need more of the room than the curves.
    autosize: true, minreducedheight: 24, minreducedwidth: 24, showlegend: false, margin,
    paper_bgcolor: clear, plot_bgcolor: clear, font: { family: theme.font, size, color: theme.text },
    xaxis: structuredClone(axis), yaxis: structuredClone(axis),
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.line, font: { family: theme.font, color: theme.text, size } },
  };
}

/** A copy in which every "@name" is the theme's colour of that name. @template T @param {T} value @param {Theme} theme @returns {T} */
export function resolve(value, theme) {
  /** @type {(part: any) => any} */
  const resolved = part => {
    if (typeof part === "string") return part.replace(/@(\w+)/g, (token, name) => theme[name] ?? token);
    if (Array.isArray(part)) return part.map(resolved);
    if (!part || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, resolved(item)]));
  };
  return resolved(value);
}

/** Any CSS colour as #rrggbb. @param {string} colour */
function hex(colour) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.fillStyle = colour;
  const [, ...parts] = /^rgba?\((\d+), (\d+), (\d+)/.exec(context.fillStyle) ?? [];
  return parts.length ? hexOf(parts.map(Number)) : context.fillStyle;
}
