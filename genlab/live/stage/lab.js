// Everything of one mount of the live component: owns the data of the latest frame, and places the panels.

/** @import { Arrays, Change, Columns, CurveChoices, FrameHeader, LabData, Packet, PanelSpec, Size, Theme } from "./types.js" */
/** @import { Panel } from "./panels/panel.js" */
import { Area } from "./bar/area.js";
import { Companion } from "./bar/companion.js";
import { Timeline } from "./bar/timeline.js";
import { TopBar } from "./bar/top_bar.js";
import { DrawLoop } from "./draw_loop.js";
import { Enlargement } from "./enlargement.js";
import { historyOf } from "./maths/series.js";
import { lookup, number } from "./maths/text.js";
import { element, save, scrollerOf, targetOf } from "./page/dom.js";
import { recall, remember } from "./page/memory.js";
import { loadPlotly } from "./page/plotly.js";
import { readTheme, resolve } from "./page/theme.js";
import { KINDS } from "./panels/kinds.js";
import { Rerun } from "./rerun.js";
import { Decoder } from "./wire/decoder.js";
import { Example } from "./wire/example.js";
import { Feed } from "./wire/feed.js";
import { STREAMS } from "./wire/messages.js";

const WIDE = 1250; // px of component width from which the wide grid is used
const SHARED = 1700; // px of window width from which several mounts that share it write large
const STACKED = 640; // px of component width below which the panels stand in one column
const LOW = 480; // px of window height below which they do too: two above one another would leave no room for a curve
const NEWS = 200; // ms after news of one's own x before all panels are drawn again: a hand may be drawing

/** What is known of a run of which an event has come before any frame. */
const EMPTY = { step: 0, seconds: 0, steps_per_second: 0, last: {}, reference: {}, info: {}, config: {} };

/** @type {Set<Lab>} All that a page shows. */
const mounted = new Set();

export class Lab {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {LabData} set before anything reads it: a lab is made to be rendered */
    this.data = /** @type {any} */ (null);
    /** @type {Theme} likewise */
    this.theme = /** @type {any} */ (null);
    /** @type {(name: string, value: unknown) => void} Tells Streamlit something, which draws the page anew. */
    this.tell = () => {};
    /** @type {Map<string, Panel>} */
    this.panels = new Map();
    /** @type {Map<string, Area>} by the name of their grid area */
    this.areas = new Map();
    /** @type {FrameHeader | null} of the latest frame */
    this.header = null;
    /** @type {Change[]} of the run's live settings, as they were told last */
    this.changes = [];
    /** @type {Arrays} the latest of each */
    this.arrays = {};
    this.closed = false;
    this.frozen = false;
    this.frames = 0;
    this.fps = 0;
    this.words = ""; // about the connection
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.drawLater = undefined;
    /** @type {number | undefined} */
    this.lastDrawn = undefined;
    /** @type {CurveChoices} */
    this.curves = recall("curves", { smoothing: 0, x: "step" });
    /** @type {{step: number, columns: Columns} | null} */
    this.pinned = null;

    this.root = element("section", { class: "genlab-live", "aria-label": "Live training" });
    this.feed = new Feed({
      receive: packet => this.receive(packet),
      streams: () => this.streams(),
      say: words => this.connection(words),
      expectsNews: () => this.header?.status === "running",
      refused: () => this.tell("refused", true),
    });
    this.top = new TopBar(this);
    this.companion = new Companion(this);
    this.formula = element("div", { class: "formula" });
    this.grid = element("div", { class: "grid" });
    this.timeline = new Timeline(this);
    this.root.append(this.top.node, this.companion.node, this.formula, this.grid, this.timeline.node);
    parent.append(this.root);

    this.decoder = new Decoder(message => this.feed.send(message));
    this.example = new Example(this);
    this.loop = new DrawLoop(
      () => this.drawAround(), () => this.drawable(), () => this.beforePanels(), () => this.drawn());

    this.stop = new AbortController();
    const { signal } = this.stop;
    this.rerun = new Rerun(this, signal);
    this.enlarged = new Enlargement(this, signal);
    document.addEventListener("visibilitychange", () => this.visible(), { signal });
    window.addEventListener("resize", () => this.fit(), { signal });
    this.root.addEventListener("keydown", event => this.key(event));
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.root);
    this.sizes.observe(document.body);
    mounted.add(this);
    window.genlab = this;
  }

  /** What Streamlit wants now; nothing that is already on screen is made again. @param {LabData} data */
  render(data) {
    const before = this.data;
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.root.dataset.theme = this.theme.name;
    this.root.dataset.bar = data.bar;
    const another = before && before.run !== data.run;
    if (before?.run !== data.run) {
      this.header = null;
      this.changes = [];
      this.arrays = {};
      this.pinned = recall("pinned", {})[data.group + data.model] ?? null;
    }
    this.writeFormula(before?.formula);
    this.timeline.node.hidden = !data.timeline;
    this.reconcile(data.panels);
    if (another) for (const panel of this.panels.values()) panel.enter();
    this.fit();
    this.arrange();
    this.feed.open(data);
    this.companion.open(data);
    this.top.update();
    this.rerun.drawn();
    this.draw();
  }

  /** @param {string | undefined} before */
  writeFormula(before) {
    if (before !== this.data.formula) this.formula.innerHTML = this.data.formula;
    for (const term of /** @type {NodeListOf<HTMLElement>} */ (this.formula.querySelectorAll("[data-colour]"))) {
      term.style.setProperty("--term", resolve(term.dataset.colour ?? "", this.theme));
    }
  }

  /** @param {PanelSpec[]} specs */
  reconcile(specs) {
    for (const [id, panel] of this.panels) {
      if (specs.find(spec => spec.id === id)?.kind === panel.spec.kind) continue;
      panel.close();
      this.panels.delete(id);
    }
    for (const spec of specs) {
      const panel = this.panels.get(spec.id) ?? new KINDS[spec.kind](this, spec);
      this.panels.set(spec.id, panel);
      // Buttons are made anew only when something differs: the one that has the keyboard's focus must not vanish.
      const made = JSON.stringify([spec, this.theme]);
      if (panel.made !== made) panel.configure(spec);
      panel.made = made;
    }
  }

  // ---- the room ----

  /** Puts each panel into its area of the present grid; moving a node keeps the figure in it. */
  arrange() {
    const size = this.size();
    this.root.classList.toggle("stacked", this.stacked());
    this.root.dataset.grid = size;
    this.grid.style.gridTemplate = this.data.grid[size];
    /** @type {Map<string, Panel[]>} */
    const placed = new Map();
    for (const { id, area } of this.data.panels) {
      const panel = this.panels.get(id);
      if (panel) placed.set(area[size], [...(placed.get(area[size]) ?? []), panel]);
    }
    for (const [name, area] of this.areas) {
      if (placed.has(name)) continue;
      if (area === this.enlarged.area) this.enlarged.show(null);
      area.node.remove();
      this.areas.delete(name);
    }
    for (const [name, panels] of placed) {
      const area = this.areas.get(name) ?? new Area(this, name);
      this.areas.set(name, area);
      area.hold(panels);
      if (!area.node.isConnected) this.grid.append(area.node);
    }
    this.feed.subscribe();
  }

  /** Fills the window below whatever the page has put above, so that nothing needs scrolling. */
  fit() {
    if (!this.data || this.enlarged.area) return;
    const top = this.root.getBoundingClientRect().top + scrollerOf(this.root).scrollTop;
    this.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
    if (this.size() !== this.root.dataset.grid || this.stacked() !== this.root.classList.contains("stacked")) {
      this.arrange();
      this.draw();
    }
  }

  /** One of several mounts of a page shows little, and goes by the width of the window that they share. @returns {Size} */
  size() {
    const width = this.data.bar === "all" ? this.root.clientWidth : window.innerWidth;
    return width >= (this.data.bar === "all" ? WIDE : SHARED) ? "wide" : "narrow";
  }

  stacked() {
    return this.data.bar === "all" && (this.root.clientWidth < STACKED || window.innerHeight < LOW);
  }

  /** On a large screen, which is often a projector's, everything is written larger. */
  fontSize() {
    if (this.enlarged.area) return this.enlarged.fontSize();
    return this.root.dataset.grid === "wide" ? 15 : 13;
  }

  /** This lab and those of the same page that are switched with it. */
  group() {
    const { group } = this.data;
    return group ? [...mounted].filter(lab => lab.data.group === group) : [this];
  }

  /** Brings the tab of a panel to the front. @param {string} id */
  reveal(id) {
    const area = [...this.areas.values()].find(area => area.panels.some(panel => panel.id === id));
    area?.choose(id);
  }

  // ---- what comes ----

  /** What the panels that can be seen now need. */
  needs() {
    const seen = [...this.panels.values()].filter(panel => panel.shown);
    return [...new Set(seen.flatMap(panel => panel.streams()))].sort();
  }

  /** What of it comes in the frames, which are the same for everybody; the rest is about the visitor's own x. */
  streams() {
    return this.needs().filter(name => STREAMS.includes(name));
  }

  /** @param {Packet} packet */
  receive({ header, arrays }) {
    if (header.kind === "decoded") return this.decoder.answer({ header, arrays });
    if (header.kind === "encoded") return this.example.answer({ header, arrays });
    if (header.kind === "examined") return this.panels.get("map")?.examined(header, arrays);
    if (header.kind === "changes") this.changes = header.changes;
    else if (header.kind === "event") this.header = { ...(this.header ?? EMPTY), ...header };
    else if (header.kind === "frame") {
      this.header = header;
      Object.assign(this.arrays, arrays);
      this.frames += 1;
    } else return;
    this.rerun.look();
    this.draw();
  }

  /** News of the own x: its panel at once, the rest a little later. */
  encoded() {
    if (!this.header) return;
    for (const panel of this.panels.values()) panel.renew();
    this.drawLater ??= setTimeout(() => {
      this.drawLater = undefined;
      this.draw();
    }, NEWS);
  }

  /** @param {string} words */
  connection(words) {
    this.words = words;
    this.root.dataset.connected = String(words === "");
    this.top.update();
  }

  visible() {
    this.feed.rate();
    this.companion.feed.rate();
    this.draw();
  }

  // ---- what is drawn ----

  draw() {
    this.loop.ask();
  }

  drawAround() {
    this.top.update();
    this.timeline.update();
    this.enlarged.update();
    if (this.header) this.root.dataset.status = this.header.status;
  }

  drawable() {
    return this.header && !this.frozen ? [...this.panels.values()].filter(panel => this.enlarged.sees(panel)) : [];
  }

  async beforePanels() {
    await loadPlotly(this.data);
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (this.formula.querySelectorAll("[data-value]"))) {
      place.textContent = number(lookup(this.header, place.dataset.value ?? ""), 4);
    }
  }

  drawn() {
    const now = performance.now();
    const rate = 1000 / Math.max(1, now - (this.lastDrawn ?? now));
    this.fps = this.fps ? 0.8 * this.fps + 0.2 * rate : rate;
    this.lastDrawn = now;
    const { step = 0 } = this.header ?? {};
    Object.assign(this.root.dataset, { step, frames: this.frames, fps: this.fps.toFixed(1) });
  }

  /** @param {boolean} frozen */
  freeze(frozen) {
    this.frozen = frozen;
    this.root.classList.toggle("frozen", frozen);
    this.top.update();
    this.companion.say("");
    this.draw();
  }

  // ---- curves, which several panels share ----

  /** @param {Partial<CurveChoices>} change */
  changeCurves(change) {
    Object.assign(this.curves, change);
    remember("curves", this.curves);
    this.draw();
  }

  /** Keeps the present history as dashed lines, until it is unpinned or replaced. @param {boolean} on */
  pin(on) {
    /** @param {ArrayLike<number>} values */
    const finite = values => Array.from(values, x => (isFinite(x) ? x : null)); // JSON knows no NaN
    const columns = Object.fromEntries(this.history().map(([name, { values }]) => [name, finite(values)]));
    this.pinned = on ? { step: this.header?.step ?? 0, columns } : null;
    remember("pinned", { ...recall("pinned", {}), [this.data.group + this.data.model]: this.pinned });
    this.top.update();
    this.draw();
  }

  history() {
    return historyOf(this.arrays);
  }

  csv() {
    const columns = this.history();
    const rows = columns[0]?.[1].values.length ?? 0;
    const lines = [columns.map(([name]) => name).join(",")];
    for (let row = 0; row < rows; row++) {
      lines.push(columns.map(([, { values }]) => (isFinite(values[row]) ? String(values[row]) : "")).join(","));
    }
    save(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }), this.fileName("history", "csv", this.header?.step));
  }

  /** @param {string} what @param {string} ending @param {number | undefined} step */
  fileName(what, ending, step = this.header?.looking ?? this.header?.step) {
    return `genlab-${this.header?.model ?? "run"}-${what}-step${step ?? 0}.${ending}`;
  }

  // ---- keys and the end ----

  /** The page's shortcuts (space, "r", …) must not fire as well while one of our controls has the key. @param {KeyboardEvent} event */
  key(event) {
    const target = targetOf(event);
    if (event.key === "Escape") this.escape();
    if (target.closest("input, select")) event.stopPropagation();
    if ([" ", "Enter"].includes(event.key) && target.closest("button, summary")) event.stopPropagation();
  }

  escape() {
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (this.root.querySelectorAll("details[open]"))) {
      menu.open = false;
    }
    this.enlarged.show(null);
  }

  close() {
    this.closed = this.loop.closed = true;
    mounted.delete(this);
    this.stop.abort();
    this.sizes.disconnect();
    this.rerun.close();
    this.feed.close();
    this.companion.feed.close();
    this.decoder.close();
    this.example.close();
    clearTimeout(this.drawLater);
    for (const panel of this.panels.values()) panel.close();
    this.root.remove();
    if (window.genlab === this) delete window.genlab;
  }
}
