// A figure built in Python; `bind` says which arrays fill which traces, `layers` which traces can be switched, and
// `counted` of which trace the points are counted that lie outside.

/** @import { Lab } from "../lab.js" */
/** @import { Bind, LayerSpec, NumberArray, PanelSpec } from "../types.js" */
import { OneLine } from "../bar/one_line.js";
import { TRANSFORMS } from "../maths/transforms.js";
import { assign, number } from "../maths/text.js";
import { change, element, press, rich, toggle } from "../page/dom.js";
import { recall, remember } from "../page/memory.js";
import { StandIn } from "../page/stand_in.js";
import { resolve } from "../page/theme.js";
import { PlotlyPanel } from "./plotly_panel.js";

const STRAY = 0.02; // of the points: as many may lie outside a picture without a word

export class Plot extends PlotlyPanel {
  /** @type {Record<string, boolean>} The layers, each on or off. */
  on = {};

  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    this.standIn = new StandIn(this.canvas);
    this.chips = new OneLine(this.under, "layers");
  }

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    const layers = Object.fromEntries((spec.layers ?? []).map(({ id, on }) => [id, on]));
    this.on = { ...layers, ...recall(`layers-${this.id}`, {}) };
    const chips = (spec.layers ?? []).map(layer => this.chip(layer));
    this.under.hidden = !chips.length;
    this.chips.fill(chips);
    if (!this.tools.length) this.tools.push(this.menu());
  }

  /** The switch of a layer. @param {LayerSpec} layer */
  chip(layer) {
    const chip = toggle("", "", on => {
      for (const lab of this.lab.group()) {
        const panel = lab.panels.get(this.id);
        if (panel instanceof Plot) panel.switchLayer(layer.id, on);
      }
    });
    chip.classList.add("chip");
    chip.dataset.layer = layer.id;
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, layer.mark);
    mark.style.color = resolve(layer.colour, this.lab.theme);
    chip.append(mark, rich("span", layer.label), ...(layer.ramp ? [this.ramp(layer.ramp)] : []));
    press(chip, this.on[layer.id]);
    return chip;
  }

  /** The colours of a field with what its ends stand for. @param {NonNullable<LayerSpec["ramp"]>} ramp */
  ramp({ symbol, colours }) {
    const stops = resolve(colours, this.lab.theme).map(([at, colour]) => `${colour} ${100 * at}%`);
    const band = element("span", { class: "band", style: `background: linear-gradient(to right, ${stops})` });
    return element("span", { class: "ramp" }, `${symbol} `, element("output"), band, element("output"));
  }

  /** @param {LayerSpec} layer @param {any} trace */
  tellEnds({ id, ramp }, { zmin, zmax }) {
    const ends = ramp && this.chipOf(id)?.querySelectorAll("output");
    [zmin, zmax].forEach((end, i) => ends?.[i] && change(ends[i], number(end, 2)));
  }

  /** @param {string} id @param {boolean} on */
  switchLayer(id, on) {
    this.on[id] = on;
    remember(`layers-${this.id}`, this.on);
    const chip = this.chipOf(id);
    if (chip) press(chip, on);
    this.lab.feed.subscribe();
    this.lab.draw();
  }

  /** @param {string} id @returns {HTMLElement | null} */
  chipOf(id) {
    return this.chips.items.find(chip => chip.dataset.layer === id) ?? null;
  }

  /** Switches layers on, as a press of their chips does. @param {string[]} ids */
  light(ids) {
    for (const id of ids) if (this.on[id] === false) this.chipOf(id)?.click();
  }

  /** Shows these ranges of the axes until the zoom is reset. @param {number[][]} ranges */
  async zoomTo([x, y]) {
    await this.draw();
    this.zoomed = y ? { xaxis: true, yaxis: true } : { xaxis: true };
    await window.Plotly.relayout(this.canvas, { "xaxis.range": x, ...(y ? { "yaxis.range": y } : {}) });
    this.lab.draw();
  }

  streams() {
    const layers = (this.spec.layers ?? []).filter(({ id }) => this.on[id]);
    return [...this.spec.streams, ...layers.flatMap(layer => layer.streams)];
  }

  async draw() {
    super.draw();
    const { header, theme } = this.lab;
    if (!header) return;
    const traces = resolve(this.spec.figure.data, theme);
    const layout = resolve(this.spec.figure.layout, theme);
    for (const { id, traces: mine } of this.spec.layers ?? []) for (const i of mine) traces[i].visible = this.on[id];
    const given = new Map(this.spec.bind.map(bind => [bind, this.given(bind)]));
    const fed = this.spec.bind.filter(({ arrays }) => arrays);
    this.sayNothing(fed.length > 0 && fed.every(bind => !given.get(bind)));
    for (const [bind, arrays] of given) {
      if (!arrays || (bind.layer && !this.on[bind.layer])) continue;
      const target = bind.trace === undefined ? layout : traces[bind.trace];
      if (target.visible === false) continue;
      const filled = TRANSFORMS[bind.use](arrays, bind, header);
      for (const [path, value] of Object.entries(filled)) assign(target, path, value);
    }
    for (const one of this.spec.layers ?? []) this.tellEnds(one, traces[one.traces[0]]);
    layout.annotations = resolve(layout.annotations ?? [], theme);
    if (layout.yaxis?.type === "log") Object.assign(layout.yaxis, this.logTicks(traces));
    this.adapt(layout);
    this.tellOutside(traces[this.spec.counted ?? -1], layout);
    if (this.lab.hand.controls.drag.going && this.standIn.draw(traces, layout)) return;
    await this.react(traces, layout);
    this.standIn.leave(traces, layout);
  }

  /** Points that left the picture are gone from sight: how many they are is written into it. @param {any} trace @param {any} layout */
  tellOutside(trace, layout) {
    if (!trace?.x?.length || trace.visible === false) return;
    const { xaxis, yaxis } = this.canvas._fullLayout ?? layout;
    /** @type {(value: number, axis: {range: [number, number]}) => boolean} */
    const within = (value, { range: [low, high] }) => value >= low && value <= high;
    const all = trace.x.length;
    let outside = 0;
    for (let i = 0; i < all; i++) outside += Number(!within(trace.x[i], xaxis) || !within(trace.y[i], yaxis));
    if (outside <= STRAY * all) return;
    const { background, text } = this.lab.theme;
    layout.annotations.push({
      xref: "paper", yref: "paper", x: 0.5, y: 1, yanchor: "top", showarrow: false, bgcolor: background,
      font: { color: text }, text: `◆ ${outside} of ${all} lie outside`,
    });
  }

  /** The arrays of a bind by their roles; null before all of them have come. @param {Bind} bind @returns {Record<string, NumberArray> | null} */
  given({ arrays = {} }) {
    if (!this.has(...Object.values(arrays))) return null;
    return Object.fromEntries(Object.entries(arrays).map(([role, name]) => [role, this.lab.arrays[name]]));
  }

  /** A last word on the layout, for kinds of plots that have one. @param {any} layout */
  adapt(layout) {}

  close() {
    this.chips.close();
    super.close();
  }
}
