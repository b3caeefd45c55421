// What the components of genlab share: the theme's colours, Plotly, small helpers. genlab/live/component.py puts this in
// front of a component's own script, so that the two are one module.

// -------------------------------------------------------------------------------------------------------- Theme

function readTheme(node, palette) {
  const style = getComputedStyle(node);
  const get = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = hex(get("--st-background-color", "#ffffff"));
  const name = luminance(background) < 0.4 ? "dark" : "light";
  const text = hex(get("--st-text-color", name === "dark" ? "#fafafa" : "#31333f"));
  return {
    name, background, text,
    muted: mix(background, text, 0.72), grid: mix(background, text, 0.13), line: mix(background, text, 0.35),
    paper: mix(background, text, 0.05), ink: text,
    font: get("--st-font", "sans-serif"), ...palette[name],
  };
}

function baseLayout(theme, size) {
  const title = { standoff: 4, font: { size } };
  const axis = { gridcolor: theme.grid, linecolor: theme.line, zerolinecolor: theme.line, automargin: true, title };
  const clear = "rgba(0,0,0,0)";
  return {
    autosize: true, showlegend: false, margin: { l: 8, r: 12, t: 10, b: 8 },
    paper_bgcolor: clear, plot_bgcolor: clear, font: { family: theme.font, size, color: theme.text },
    xaxis: structuredClone(axis), yaxis: structuredClone(axis),
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.line, font: { family: theme.font, color: theme.text, size } },
    modebar: { bgcolor: clear, color: theme.muted, activecolor: theme.text },
  };
}

/** A copy in which every "@name" is the theme's colour of that name. */
function resolve(value, theme) {
  if (typeof value === "string") return value.replace(/@(\w+)/g, (token, name) => theme[name] ?? token);
  if (Array.isArray(value)) return value.map(item => resolve(item, theme));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, theme)]));
  }
  return value;
}

/** Any CSS colour as #rrggbb. */
function hex(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  const [, r, g, b] = /^rgba?\((\d+), (\d+), (\d+)/.exec(context.fillStyle) ?? [];
  return r === undefined ? context.fillStyle : `#${[r, g, b].map(c => Number(c).toString(16).padStart(2, "0")).join("")}`;
}

const rgb = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
const mix = (one, other, share) =>
  `#${rgb(one).map((c, i) => Math.round(c + share * (rgb(other)[i] - c)).toString(16).padStart(2, "0")).join("")}`;

function luminance(colour) {
  const [r, g, b] = rgb(colour).map(c => (c / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// ----------------------------------------------------------------------------------------------------- Helpers

/** plotly.js, once for the whole document. */
function loadPlotly({ base, plotly }) {
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

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function action(label, act) {
  const button = element("button", { type: "button" }, label);
  button.onclick = act;
  return button;
}

function toggle(label, title, act) {
  const button = action(label, () => act(button.getAttribute("aria-pressed") !== "true"));
  button.setAttribute("aria-pressed", "false");
  if (title) button.title = title;
  if (title && !label) button.setAttribute("aria-label", title);
  return button;
}

function press(button, pressed, label) {
  button.setAttribute("aria-pressed", pressed);
  if (label !== undefined) change(button, label);
}

function swatch(colour, dash) {
  const pattern = { dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" }[dash] ?? "";
  const holder = element("span", { class: "swatch", "aria-hidden": "true" });
  holder.innerHTML = '<svg width="24" height="8"><line x1="0" y1="4" x2="24" y2="4" stroke-width="3"/></svg>';
  const line = holder.querySelector("line");
  line.setAttribute("stroke", colour);
  line.setAttribute("stroke-dasharray", pattern);
  return holder;
}

/** Sets text only where it differs, so that screen readers are told of real changes alone. */
function change(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function number(value, digits) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!isFinite(value)) return String(value);
  const size = Math.abs(value);
  const extreme = size !== 0 && (size < 1e-3 || size >= 1e6);
  const text = extreme ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = value && base[key] && [value, base[key]].every(part => typeof part === "object" && !Array.isArray(part));
    merged[key] = both ? merge(base[key], value) : value;
  }
  return merged;
}

function menu(title, items) {
  const summary = element("summary", { title, "aria-label": title }, "⋯");
  const details = element("details", { class: "menu" }, summary, element("div", { class: "items" }, ...items));
  details.addEventListener("focusout", event => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
  });
  return details;
}

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
