// Everything of one mount of the live component: owns the data of the latest frame, and places the panels.

/** @import { Arrays, Change, Columns, CurveChoices, FrameHeader, LabData, Packet, PanelSpec, Theme, Unanswered } from "./types.js" */
/** @import { Panel } from "./panels/panel.js" */
import { Address } from "./address.js";
import { Companion } from "./bar/companion.js";
import { Formula } from "./bar/formula.js";
import { Notes } from "./bar/notes.js";
import { Timeline } from "./bar/timeline.js";
import { TopBar } from "./bar/top_bar.js";
import { DrawLoop } from "./draw_loop.js";
import { Enlargement } from "./enlargement.js";
import { Hand } from "./hand.js";
import { historyOf } from "./maths/series.js";
import { element, save, watchPlace } from "./page/dom.js";
import { recall, remember } from "./page/memory.js";
import { mounted } from "./page/mounted.js";
import { loadPlotly } from "./page/plotly.js";
import { readTheme } from "./page/theme.js";
import { KINDS } from "./panels/kinds.js";
import { Presenter } from "./presenter.js";
import { Rerun } from "./rerun.js";
import { Room } from "./room.js";
import { Shortcuts } from "./shortcuts.js";
import { SlowMotion } from "./slow/motion.js";
import { Decoder } from "./wire/decoder.js";
import { Example } from "./wire/example.js";
import { Feed } from "./wire/feed.js";
import { oneStep, pause, rehearse, STREAMS } from "./wire/messages.js";
import { UNKNOWN } from "./wire/packets.js";

const NEWS = 200; // ms after news of one's own x before all panels are drawn again: a hand may be drawing

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
      refused: () => this.askAgain(),
      cut: () => this.hand.cut(),
      opened: () => this.timeline.again(),
    });
    this.top = new TopBar(this);
    this.companion = new Companion(this);
    this.formula = new Formula(this);
    this.notes = new Notes(() => this.room.picture());
    this.room = new Room(this);
    this.timeline = new Timeline(this);
    this.sentences = element("div", { class: "sentences" }, this.formula.node, this.companion.node);
    this.slow = new SlowMotion({
      theme: () => this.theme,
      ask: id => this.feed.send(rehearse(id)),
      may: () => !this.data.watching,
      now: () => this.header,
      rest: () => this.header?.status === "running" && this.hand.order(pause()),
      step: () => this.hand.order(oneStep()),
      shown: on => this.root.classList.toggle("in-slow-motion", on),
    });
    this.pictures = element("div", { class: "pictures" }, this.slow.root, this.room.grid, this.timeline.node);
    this.desk = element("div", { class: "desk" });
    this.hand = new Hand(this, this.desk);
    this.desk.append(this.pictures);
    this.top.line.prepend(this.hand.bar.node);
    this.root.append(this.top.node, this.desk, this.notes.node);
    parent.append(this.root);

    this.decoder = new Decoder(message => this.feed.send(message));
    this.example = new Example(this);
    this.loop = new DrawLoop(
      () => this.drawAround(), () => this.drawable(), () => this.beforePanels(), () => this.drawn(),
      () => this.hand.controls.drag.going);

    this.stop = new AbortController();
    const { signal } = this.stop;
    this.rerun = new Rerun(this, signal);
    this.address = new Address(() => this.hand.address(), asked => this.tell("address", asked), this.stop);
    this.enlarged = new Enlargement(this);
    this.presenter = new Presenter(this, signal);
    document.addEventListener("visibilitychange", () => this.visible(), { signal });
    window.addEventListener("resize", () => this.room.fit(), { signal });
    new Shortcuts(this, signal);
    this.sizes = watchPlace(this.root, () => this.room.fit(), this.room.grid, this.sentences);
    mounted.add(this);
    window.genlab = this;
  }

  /** What Streamlit wants now; nothing that is already on screen is made again. @param {LabData} data */
  render(data) {
    const before = this.data;
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.root.dataset.theme = this.theme.name;
    this.root.style.setProperty("--kl", this.theme.kl);
    this.root.dataset.bar = data.bar;
    const another = before && before.run !== data.run;
    if (before?.run !== data.run) {
      this.header = null;
      this.changes = [];
      this.arrays = {};
      this.pinned = recall("pinned", {})[data.group + data.model] ?? null;
      this.timeline.enter();
    }
    this.timeline.node.hidden = !data.timeline;
    this.reconcile(data.panels);
    if (another) for (const panel of this.panels.values()) panel.enter();
    this.room.fit();
    this.room.arrange();
    this.presenter.opened();
    this.hand.mount();
    this.address.drawn();
    this.formula.mount();
    this.feed.open(data);
    this.companion.open(data);
    this.top.update();
    this.rerun.drawn();
    this.draw();
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

  /** The run is not what it was, or not there: the page finds it again by its address, or says that it is gone. */
  askAgain() {
    this.tell("address", this.hand.address() ?? {});
  }

  /** This lab and those of the same page that are switched with it. */
  group() {
    const { group } = this.data;
    return group ? [...mounted].filter(lab => lab.data.group === group) : [this];
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
    if (header.kind === "rehearsed") return this.slow.answer({ header, arrays });
    if (header.kind === "unanswered") return this.unanswered(header);
    if (header.kind === "answer") return this.hand.commands.answer(header);
    if (header.kind === "examined") return this.panels.get("map")?.examined(header, arrays);
    const before = this.header?.status;
    if (header.kind === "changes") this.changes = header.changes;
    else if (header.kind === "event") this.header = { ...(this.header ?? UNKNOWN), ...header };
    else if (header.kind === "frame") {
      this.header = header;
      Object.assign(this.arrays, arrays);
      this.frames += 1;
    } else return;
    this.hand.follow();
    this.address.follow();
    this.rerun.look();
    // Words and buttons wait for no picture.
    this.drawAround();
    // The bar of twins stands on one mount, and speaks of both.
    if (this.header?.status !== before) for (const lab of this.group()) lab.hand.update();
    if (this.header) this.slow.moved(this.header);
    this.draw();
  }

  /** Nobody waits on for what was asked; slow motion says itself why. @param {Unanswered} why */
  unanswered({ asked, id, error }) {
    if (asked === "rehearse") return this.slow.unanswered(id, error);
    if (asked === "decode") this.decoder.unanswered(id);
    if (asked === "encode") this.example.unanswered();
    this.notes.hand.say(error, false);
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
    this.hand.update();
    this.presenter.update();
    if (this.header) this.root.dataset.status = this.header.status;
  }

  drawable() {
    return this.header && !this.frozen ? [...this.panels.values()].filter(panel => this.room.sees(panel)) : [];
  }

  async beforePanels() {
    await loadPlotly(this.data);
    this.formula.update();
    // A frame that comes while the panels are drawn is not in all of them.
    this.begun = { step: this.header?.step ?? 0, frames: this.frames };
  }

  drawn() {
    const now = performance.now();
    const rate = 1000 / Math.max(1, now - (this.lastDrawn ?? now));
    this.fps = this.fps ? 0.8 * this.fps + 0.2 * rate : rate;
    this.lastDrawn = now;
    Object.assign(this.root.dataset, { ...this.begun, fps: this.fps.toFixed(1) });
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

  close() {
    this.closed = this.loop.closed = true;
    mounted.delete(this);
    this.stop.abort();
    this.sizes.disconnect();
    this.timeline.sizes.disconnect();
    this.feed.close();
    this.companion.feed.close();
    this.decoder.close();
    this.example.close();
    clearTimeout(this.drawLater);
    this.notes.close();
    this.slow.close();
    for (const panel of this.panels.values()) panel.close();
    this.root.remove();
    if (window.genlab === this) delete window.genlab;
  }
}
