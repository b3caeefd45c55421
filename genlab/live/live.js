// The live component of genlab: pictures of one training run, fed by a WebSocket.
//
// Streamlit calls the default export at every rerun; the lab of a mount is kept by its parent element, so that a
// rerun changes what differs and leaves figures, zoom, tabs and the socket alone. Sections in the order of the screen:
//   mount · Lab · Feed (socket, packets) · Companion · TopBar · Happening (diagnosis) · Timeline · Area (tabs) · panels: Plot, Explorer,
//   Curves, Mosaic, Posterior, Bound, InstabilityMap · transforms · small helpers (theme and shared helpers: common.js)

/**
 * A packet, as genlab/runtime/messages.py writes it: uint32 (little endian) header length H, H bytes of JSON, then the
 * arrays. 4 + H and every offset are multiples of 8, so typed arrays can be views of the message itself.
 * @typedef {{dtype: "f4"|"f8"|"u1"|"i4", shape: number[], offset: number}} ArrayEntry  offset from the header's end
 * @typedef {{values: ArrayLike<number>, shape: number[]}} NumberArray
 * @typedef {{kind: "frame"|"event"|"decoded"|"encoded"|"examined"|"ping", run: string, model: "vae"|"gan", status: string, message: string, step: number,
 *   seconds: number, steps_per_second: number, config: Object, changes: {step: number, settings: Object}[],
 *   diverged: null|{step: number, quantity: string}, last: Object<string, number>, reference: Object<string, number>,
 *   diagnosis: null|{name: string, saw: string, why: string, attempts: {label: string, settings: Object}[], page: string},
 *   info: Object<string, number>, timeline: number[], looking: null|number, arrays: Object<string, ArrayEntry>}} FrameHeader
 * An "encoded" packet has id, step and config of its answer, and settled: nothing more will come for this model.
 */

const labs = new WeakMap();
const mounted = new Set();

export default function mount({ data, parentElement, setTriggerValue }) {
  let lab = labs.get(parentElement);
  if (!lab) labs.set(parentElement, (lab = new Lab(parentElement)));
  mounted.add(lab);
  lab.report = (name, value) => setTriggerValue(name, value);
  lab.choose = cell => setTriggerValue("cell", cell);
  lab.dismiss = () => setTriggerValue("dismiss", true);
  lab.go = (where, step) => setTriggerValue(where, step);
  lab.attempt = settings => setTriggerValue("attempt", settings);
  lab.render(data);
  return () => {
    lab.close();
    labs.delete(parentElement);
    mounted.delete(lab);
  };
}

// ---------------------------------------------------------------------------------------------------------- Lab

const WIDE = 1250; // px of component width from which the wide grid is used
const SHARED = 1700; // px of window width from which several mounts that share it write large
const RUNS = 12; // runs of which a tab remembers what was chosen and pinned there
const LEAVING = 10_000; // ms in which the page that a link leads to may come
const STACKED = 640; // px below which the panels stand in one column

/** What a page shows for a status: all the ways to be at rest have the same buttons. */
const shownFor = status => (["starting", "paused", "idle"].includes(status) ? "at rest" : status);

/** Everything of one mount: owns the data of the latest frame and decides when to draw. */
class Lab {
  constructor(parent) {
    this.root = element("section", { class: "genlab-live", "aria-label": "Live training" });
    this.top = new TopBar(this);
    this.companion = new Companion(this);
    this.formula = element("div", { class: "formula" });
    this.grid = element("div", { class: "grid" });
    this.timeline = new Timeline(this);
    this.root.append(this.top.node, this.companion.node, this.formula, this.grid, this.timeline.node);
    parent.append(this.root);

    this.areas = new Map();
    this.panels = new Map();
    this.header = null;
    this.arrays = {};
    this.frozen = false;
    this.frames = 0;
    this.fps = 0;
    this.touched = -Infinity; // when a hand last moved over a plane of codes
    this.left = -Infinity; // when a link was last followed
    this.curves = recall("curves", { smoothing: 0, x: "step" });
    this.pinned = null;
    this.feed = new Feed(frame => this.receive(frame), () => this.streams(), words => this.connection(words));
    this.feed.refused = () => this.report("refused", true);
    this.decoder = new Decoder(message => this.feed.send(message));
    this.example = new Example(this);

    this.stop = new AbortController();
    const { signal } = this.stop;
    document.addEventListener("visibilitychange", () => this.visible(), { signal });
    window.addEventListener("resize", () => this.fit(), { signal });
    const leaves = event => { if (event.target.closest?.("a[href]")) this.left = performance.now(); };
    document.addEventListener("click", leaves, { signal, capture: true });
    // The page's shortcuts (space, "r", …) must not fire as well while one of our controls has the key.
    this.root.addEventListener("keydown", event => {
      if (event.key === "Escape") this.escape();
      if (event.target.closest("input, select")) event.stopPropagation();
      if ([" ", "Enter"].includes(event.key) && event.target.closest("button, summary")) event.stopPropagation();
    });
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.root);
    this.sizes.observe(document.body);
    window.genlab = this;
  }

  /** What Streamlit wants now; nothing that is already on screen is made again. */
  render(data) {
    const before = this.data;
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.root.dataset.theme = this.theme.name;
    this.root.dataset.bar = data.bar;
    const another = before && before.run !== data.run;
    if (before?.run !== data.run) {
      this.header = null;
      this.arrays = {};
      this.pinned = recall("pinned", {})[data.group + data.model] ?? null;
    }
    if (before?.formula !== data.formula) this.formula.innerHTML = data.formula;
    for (const term of this.formula.querySelectorAll("[data-colour]")) {
      term.style.setProperty("--term", resolve(term.dataset.colour, this.theme));
    }
    this.timeline.node.hidden = !data.timeline;
    this.reconcile(data.panels);
    if (another) for (const panel of this.panels.values()) panel.enter();
    this.fit();
    this.arrange();
    this.feed.open(data);
    this.companion.open(data);
    this.top.update();
    clearTimeout(this.reporting);
    this.reporting = null;
    if (this.header) this.reportStatus();
    this.draw();
  }

  reconcile(specs) {
    const wanted = new Set(specs.map(spec => spec.id));
    for (const [id, panel] of this.panels) {
      const spec = specs.find(spec => spec.id === id);
      if (!wanted.has(id) || spec.kind !== panel.spec.kind) {
        panel.close();
        this.panels.delete(id);
      }
    }
    for (const spec of specs) {
      if (!this.panels.has(spec.id)) this.panels.set(spec.id, new PANELS[spec.kind](this, spec));
      const panel = this.panels.get(spec.id);
      // Buttons are made anew only when something differs: the one that has the keyboard's focus must not vanish.
      const made = JSON.stringify([spec, this.theme]);
      if (panel.made !== made) panel.configure(spec);
      panel.made = made;
    }
  }

  /** Puts each panel into its area of the present grid; moving a node keeps the figure in it. */
  arrange() {
    const size = this.size();
    this.root.classList.toggle("stacked", this.stacked());
    this.root.dataset.grid = size;
    this.grid.style.gridTemplate = this.data.grid[size];
    const placed = new Map();
    for (const { id, area } of this.data.panels) {
      if (!placed.has(area[size])) placed.set(area[size], []);
      placed.get(area[size]).push(this.panels.get(id));
    }
    for (const [name, area] of this.areas) {
      if (!placed.has(name)) {
        area.node.remove();
        this.areas.delete(name);
      }
    }
    for (const [name, panels] of placed) {
      if (!this.areas.has(name)) this.areas.set(name, new Area(this, name));
      this.areas.get(name).hold(panels);
    }
    this.grid.append(...[...placed.keys()].map(name => this.areas.get(name).node).filter(node => !node.isConnected));
    this.feed.subscribe();
  }

  /** Fills the window below whatever the page has put above, so that nothing needs scrolling. */
  fit() {
    if (!this.data) return;
    const scroller = this.root.closest("[data-testid=stMain]") ?? document.scrollingElement;
    const top = this.root.getBoundingClientRect().top + scroller.scrollTop;
    this.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
    if (this.size() !== this.root.dataset.grid || this.stacked() !== this.root.classList.contains("stacked")) {
      this.arrange();
      this.draw();
    }
  }

  /** One of several mounts of a page shows little, and goes by the width of the window that they share. */
  size() {
    const width = this.data.bar === "all" ? this.root.clientWidth : window.innerWidth;
    return width >= (this.data.bar === "all" ? WIDE : SHARED) ? "wide" : "narrow";
  }

  stacked() {
    return this.data.bar === "all" && this.root.clientWidth < STACKED;
  }

  /** This lab and those of the same page that are switched with it. */
  group() {
    const { group } = this.data;
    return group ? [...mounted].filter(lab => lab.data.group === group) : [this];
  }

  /** On a large screen, which is often a projector's, everything is written larger. */
  fontSize() {
    return this.root.dataset.grid === "wide" ? 15 : 13;
  }

  /** What the panels that can be seen now need. */
  needs() {
    const seen = [...this.panels.values()].filter(panel => panel.shown);
    return [...new Set(seen.flatMap(panel => panel.streams()))].sort();
  }

  /** What of it comes in the frames, which are the same for everybody. */
  streams() {
    return this.needs().filter(name => !OWN.includes(name));
  }

  receive(frame) {
    const { header, arrays } = frame;
    if (header.kind === "event") this.header = { ...(this.header ?? EMPTY), ...header };
    else if (header.kind === "frame") {
      this.header = header;
      Object.assign(this.arrays, arrays);
      this.frames += 1;
    } else if (header.kind === "decoded") return this.decoder.answer(frame);
    else if (header.kind === "encoded") return this.example.answer(frame);
    else if (header.kind === "examined") return this.panels.get("map")?.examined(header, arrays);
    else return;
    this.reportStatus();
    this.draw();
  }

  /** News of the own x: its panel at once, the rest a little later. A hand may be drawing. */
  encoded() {
    if (!this.header) return;
    for (const panel of this.panels.values()) if (panel instanceof Posterior) panel.renew();
    this.drawLater ??= setTimeout(() => {
      this.drawLater = null;
      this.draw();
    }, 200);
  }

  /**
   * Asks Streamlit for one rerun when the run has a status for which the page has other buttons or words, or settings
   * (those of the step that is looked at) for which it has other controls, formulas and labels.
   */
  reportStatus() {
    const settings = () => JSON.stringify(this.header.config);
    const changed = () => this.data.status && shownFor(this.header.status) !== shownFor(this.data.status);
    // A run that only starts tells no settings yet.
    const others = () =>
      this.data.config && this.header.run === this.data.run && "seed" in this.header.config &&
      settings() !== JSON.stringify(this.data.config) && settings() !== this.told;
    const differs = () => this.header && (changed() || others());
    if (!differs() || this.reporting) return;
    // A press of the person's own button also makes the two differ for a moment. A timer, not the next frame, looks
    // again: a run that diverged sends no other.
    this.reporting = setTimeout(() => {
      this.reporting = null;
      if (!differs() || this.closed) return;
      // A rerun asked for while another page is on its way would bring this one back.
      if (performance.now() - this.left < LEAVING) this.reportStatus();
      else {
        this.reporting = true;
        if (changed()) this.report("status", this.header.status);
        if (!others()) return;
        this.report("settings", { now: this.header.looking === null, ...this.header.config });
        // Told once: should the page not follow, it is not asked again and again.
        this.told = settings();
      }
    }, 700);
  }

  connection(words) {
    this.words = words;
    this.root.dataset.connected = String(words === "");
    this.top.update();
  }

  /** Draws at most once per animation frame, and leaves the browser some time for the pointer after a costly one. */
  draw() {
    // What comes while the panels are drawn is not in all of them: they are drawn once more.
    this.again = Boolean(this.waiting);
    if (this.waiting || document.hidden || this.closed) return;
    this.waiting = true;
    const pause = Math.max(0, (this.free ?? 0) - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.drawNow()), pause);
  }

  async drawNow() {
    if (this.closed) return;
    this.again = false;
    const began = performance.now();
    this.top.update();
    this.timeline.update();
    if (this.header) this.root.dataset.status = this.header.status;
    if (this.header && !this.frozen) {
      await loadPlotly(this.data);
      this.fillNumbers();
      for (const panel of [...this.panels.values()].filter(panel => panel.shown)) {
        const start = performance.now();
        try {
          await panel.draw();
        } catch (reason) {
          console.error("genlab:", reason);
        }
        // One panel in a task: between two of them the pointer is served. While it moves, a draw of c ms that comes
        // every c² / 5 ms makes it wait for 2.5 ms on average, whatever c is.
        const cost = performance.now() - start;
        const moving = performance.now() - this.touched < 400;
        await new Promise(done => setTimeout(done, moving ? Math.min(1500, cost ** 2 / 5) : 0));
        if (this.closed) return;
        // Meanwhile the page may have turned to another run, of which nothing has come yet.
        if (!this.header) break;
      }
      const now = performance.now();
      const rate = 1000 / Math.max(1, now - (this.drawn ?? began));
      this.fps = this.fps ? 0.8 * this.fps + 0.2 * rate : rate;
      this.drawn = now;
      Object.assign(this.root.dataset, {
        step: this.header?.step ?? 0, frames: this.frames, fps: this.fps.toFixed(1),
      });
    }
    this.free = performance.now() + Math.min(100, 0.3 * (performance.now() - began));
    this.waiting = false;
    if (this.again) this.draw();
  }

  fillNumbers() {
    for (const place of this.formula.querySelectorAll("[data-value]")) {
      place.textContent = number(lookup(this.header, place.dataset.value), 4);
    }
  }

  freeze(frozen) {
    this.frozen = frozen;
    this.root.classList.toggle("frozen", frozen);
    this.top.update();
    this.companion.say("");
    this.draw();
  }

  /** Brings the tab of a panel to the front. */
  reveal(id) {
    const area = [...this.areas.values()].find(area => area.panels.some(panel => panel.id === id));
    area?.choose(id);
  }

  changeCurves(change) {
    Object.assign(this.curves, change);
    remember("curves", this.curves);
    this.draw();
  }

  /** Keeps the present history as dashed lines, until it is unpinned or replaced. */
  pin(on) {
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

  fileName(what, ending, step = this.header?.looking ?? this.header?.step) {
    return `genlab-${this.header?.model ?? "run"}-${what}-step${step ?? 0}.${ending}`;
  }

  visible() {
    this.feed.rate();
    this.companion.feed.rate();
    this.draw();
  }

  escape() {
    for (const menu of this.root.querySelectorAll("details[open]")) menu.open = false;
    for (const area of this.areas.values()) area.enlarge(false);
  }

  close() {
    this.closed = true;
    this.stop.abort();
    this.sizes.disconnect();
    this.feed.close();
    this.companion.feed.close();
    this.decoder.close();
    this.example.close();
    for (const panel of this.panels.values()) panel.close();
    this.root.remove();
    if (window.genlab === this) delete window.genlab;
  }
}

const EMPTY = { step: 0, seconds: 0, steps_per_second: 0, last: {}, reference: {}, info: {}, config: {}, changes: [] };

// --------------------------------------------------------------------------------------------------------- Feed

const REFUSED = 1008;
const DTYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, i4: Int32Array };
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The WebSocket: opens, opens again after a loss, and says in words how it stands ("" while all is well). */
class Feed {
  constructor(receive, streams, say, fastest = 5) {
    Object.assign(this, { receive, streams, say, fastest, lost: 0, refusals: 0 });
  }

  open({ base, run, token }) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ run, token, hz: this.hz() });
    const path = `${base.replace(/\/$/, "")}/live/ws`;
    if (this.run === run && this.token === token && this.base === base) return;
    this.close();
    Object.assign(this, { run, token, base, closed: false, lost: 0, refusals: 0 });
    this.address = `${scheme}//${location.host}${path}?${query}`;
    this.connect();
  }

  connect() {
    this.say(this.lost ? "the server is gone; trying again …" : "connecting …");
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.sent = null;
      this.subscribe();
      this.rate();
    };
    socket.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      this.lost = this.refusals = 0;
      this.say("");
      const packet = decode(data);
      if (packet.header.kind === "ping") this.send({ type: "pong" });
      else this.receive(packet);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket || this.closed) return;
      this.lost += 1;
      // The page makes a run again that a restarted server does not know. Its own connection may come back later.
      if (code === REFUSED && [1, 3].includes(++this.refusals)) this.refused?.();
      this.say(`${reason || "the server is gone"}; trying again …`);
      this.timer = setTimeout(() => this.connect(), Math.min(5000, 250 * 2 ** this.lost));
    };
    this.socket = socket;
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  subscribe() {
    const streams = this.streams();
    if (this.socket?.readyState !== WebSocket.OPEN || this.sent === streams.join()) return;
    this.sent = streams.join();
    this.send({ type: "streams", streams });
  }

  hz() {
    return Math.min(this.fastest, document.hidden ? 1 : CALM ? 2 : 5);
  }

  rate() {
    this.send({ type: "rate", hz: this.hz() });
  }

  close() {
    this.closed = true;
    this.run = null;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}

/** @param {ArrayBuffer} buffer @returns {{header: FrameHeader, arrays: Object<string, NumberArray>}} */
function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const [name, { dtype, shape, offset }] of Object.entries(header.arrays ?? {})) {
    const count = shape.reduce((product, n) => product * n, 1);
    arrays[name] = { shape, values: new DTYPES[dtype](buffer, 4 + length + offset, count) };
  }
  return { header, arrays };
}

// ---------------------------------------------------------------------------------------------------- Companion

/** Another run of the same kind: its curves stand dashed beside those of the lab's own run, and a line names it. */
class Companion {
  constructor(lab) {
    Object.assign(this, { lab, columns: null, header: null });
    // Of its pictures nothing is shown: its history alone, which twice a second is often enough.
    this.feed = new Feed(frame => this.receive(frame), () => ["history"], words => this.say(words), 2);
    this.words = element("span");
    this.away = action("Take away", () => lab.dismiss());
    this.away.title = "Remove the dashed curves; the other run goes on";
    this.node = element("div", { class: "companion", hidden: "" }, swatch("currentcolor", "dash"), this.words, this.away);
  }

  open({ companion, base }) {
    this.node.hidden = !companion;
    this.away.hidden = !companion?.dismissable;
    if (companion?.run !== this.run) Object.assign(this, { run: companion?.run, columns: null, header: null });
    this.label = companion?.label;
    if (companion) this.feed.open({ ...companion, base });
    else this.feed.close();
    this.say("");
  }

  receive({ header, arrays }) {
    this.header = { ...this.header, ...header };
    if (header.kind === "frame") this.columns = Object.fromEntries(historyOf(arrays).map(([name, { values }]) => [name, values]));
    this.say("");
    this.lab.draw();
  }

  say(words) {
    if (!this.label || this.lab.frozen) return;
    const { status, step, message } = this.header ?? {};
    const how = words || (STATUS[status]?.[1] ?? "connecting …") + (status === "stopped" ? `: ${message}` : "");
    change(this.words, `Dashed: ${this.label} · step ${(step ?? 0).toLocaleString("en")} · ${how}`);
  }
}

// ------------------------------------------------------------------------------------------------------- TopBar

const STATUS = {
  starting: ["◌", "warming up"],
  paused: ["❚❚", "paused"],
  running: ["▶\uFE0E", "running"],
  idle: ["☾", "paused, because nobody was watching"],
  diverged: ["✖\uFE0E", "diverged"],
  stopped: ["■", "stopped"],
  failed: ["✖\uFE0E", "failed"],
};

const NUMBERS = "Steps of this run, its steps in a second of the clock and where it trains, the seconds of its own training";

/** One line: how the run stands, and the controls that all curves share. */
class TopBar {
  constructor(lab) {
    this.lab = lab;
    this.icon = element("span", { class: "icon", "aria-hidden": "true" });
    this.status = element("strong", { role: "status", "aria-live": "polite" });
    this.numbers = element("span", { class: "numbers" });
    this.smoothing = element("input", { type: "range", min: 0, max: 0.99, step: 0.01, "aria-label": "Smoothing of curves" });
    this.smoothed = element("output", { class: "smoothed" });
    this.smoothing.oninput = () => lab.changeCurves({ smoothing: Number(this.smoothing.value) });
    this.x = element("select", { "aria-label": "Horizontal axis of curves" });
    this.x.append(new Option("steps", "step"), new Option("seconds", "seconds"));
    this.x.onchange = () => lab.changeCurves({ x: this.x.value });
    this.pin = toggle("Pin", "Keep the present curves as dashed lines to compare with", on => lab.pin(on));
    this.freeze = toggle("Freeze", "Stop all motion on the screen; training goes on", on =>
      lab.group().forEach(one => one.freeze(on)));
    this.pin.classList.add("pin");
    this.freeze.classList.add("freeze");
    this.line = element("div", { class: "line" });
    const smoothing = element("label", { class: "smoothing" }, "Smooth ", this.smoothing, this.smoothed);
    const x = element("label", {}, "x ", this.x);
    this.happening = new Happening(lab);
    const status = element("div", { class: "status" }, this.icon, this.status, this.happening.node, this.numbers);
    this.line.append(status, element("div", { class: "controls" }, smoothing, x, this.pin, this.freeze));
    this.message = element("div", { class: "message", role: "status", "aria-live": "polite" });
    this.node = element("header", { class: "top" }, this.line, this.message);
  }

  update() {
    const { header, words, curves, pinned, frozen } = this.lab;
    const [icon, word] = words ? ["◌", words] : STATUS[header?.status] ?? ["◌", "connecting …"];
    change(this.icon, icon);
    change(this.status, word);
    this.node.dataset.status = words ? "connecting" : header?.status ?? "connecting";
    if (curves) {
      this.smoothing.value = curves.smoothing;
      change(this.smoothed, curves.smoothing.toFixed(2));
      this.x.value = curves.x;
    }
    press(this.pin, Boolean(pinned), pinned ? `Unpin (step ${pinned.step})` : "Pin");
    press(this.freeze, Boolean(frozen), frozen ? "Unfreeze" : "Freeze");
    change(this.message, header ? messageOf(header) : "");
    if (!header || frozen) return;
    this.happening.show(header.diagnosis);
    const speed = `${number(header.steps_per_second ?? 0, 3)} steps/s`;
    const where = header.place?.label ? ` on ${header.place.label}` : "";
    const more = this.lab.data.bar === "all" ? ` · ${speed}${where} · ${duration(header.seconds)}` : "";
    this.numbers.title = [NUMBERS, header.place?.why].filter(Boolean).join("; ");
    change(this.numbers, `step ${header.step.toLocaleString("en")}${more}`);
  }
}

/** The line under the status; a divergence is a lesson and says so. */
function messageOf({ status, message, diverged }) {
  if (status !== "diverged" || !diverged) return message ?? "";
  return (
    `Diverged at step ${diverged.step}: ${diverged.quantity} became NaN or infinite – this is what instability looks ` +
    "like. Reset, or rewind to the last finite state."
  );
}

// ---------------------------------------------------------------------------------------------------- Happening

const CALM_NAMES = { healthy: "✓", "warming up": "◌" };

/** The diagnosis: its name in the bar, and unfolded below it what was seen, why, what to try and where to read on. */
class Happening {
  constructor(lab) {
    this.lab = lab;
    this.icon = element("span", { class: "icon", "aria-hidden": "true" });
    this.name = element("span", { role: "status", "aria-live": "polite" });
    this.saw = element("p");
    this.why = element("p");
    this.attempts = element("div", { class: "attempts" });
    this.more = element("a", { target: "_blank", rel: "noopener" }, "Read more: why this happens ↗");
    const summary = element("summary", { title: "What is happening now?" }, this.icon, this.name);
    this.node = element("details", { class: "happening" }, summary, element("div", { class: "card" }, this.saw, this.why, this.attempts, this.more));
    this.node.addEventListener("focusout", event => {
      if (event.relatedTarget && !this.node.contains(event.relatedTarget)) this.node.open = false;
    });
  }

  show(diagnosis) {
    this.node.hidden = !diagnosis;
    if (!diagnosis) return;
    const { name, saw, why, attempts, page } = diagnosis;
    this.node.dataset.name = name;
    this.node.dataset.calm = String(name in CALM_NAMES);
    change(this.icon, CALM_NAMES[name] ?? "⚠\uFE0E");
    change(this.name, name);
    change(this.saw, saw);
    change(this.why, why);
    this.more.hidden = !page;
    this.more.href = `${this.lab.data.base.replace(/\/$/, "")}/${page}`;
    // Made anew only when they differ: the button that has the keyboard's focus must not vanish.
    const made = JSON.stringify(attempts);
    if (this.made === made) return;
    this.made = made;
    const buttons = attempts.map(({ label, settings }) => action(label, () => this.lab.attempt(settings)));
    const focused = this.attempts.contains(document.activeElement);
    this.attempts.replaceChildren(...(buttons.length ? [element("span", {}, "Try"), ...buttons] : []));
    if (focused) this.node.firstElementChild.focus();
  }
}

// ----------------------------------------------------------------------------------------------------- Timeline

const ANSWER = 1500; // ms within which the frames follow a request to look back
const LABEL = 64; // px that the label of a stop needs

/**
 * Scrubs back: one stop for each snapshot of the run and the present as the last. The stops stand evenly, because the
 * snapshots lie dense in the recent past; their steps are written under them.
 */
class Timeline {
  constructor(lab) {
    Object.assign(this, { lab, stops: [], asked: null, held: false });
    this.words = element("span", { class: "words" });
    this.range = element("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Look back to a snapshot" });
    this.marks = element("div", { class: "marks", "aria-hidden": "true" });
    this.now = action("Now", () => this.look(null));
    this.branch = action("Branch from here", () => this.leave("branch"));
    this.rewind = action("Rewind to here", () => this.leave("rewind"));
    this.now.title = "Show the run as it is now";
    this.branch.title = "A new run from this state, with the curves of this one beside it; this run goes on";
    this.rewind.title = "This run goes back to this state; what came after it is lost";
    const track = element("div", { class: "track" }, this.range, this.marks);
    this.node = element("div", { class: "timeline", hidden: "" }, this.words, track, this.now, this.branch, this.rewind);
    this.range.oninput = () => this.look(this.stops[this.range.valueAsNumber] ?? null);
    // Stops that came or went while a hand holds the thumb would move it away.
    this.range.onpointerdown = () => (this.held = true);
    this.range.onchange = this.range.onpointerup = this.range.onpointercancel = () => (this.held = false);
  }

  look(step) {
    this.asked = { step, until: performance.now() + ANSWER };
    this.lab.feed.send({ type: "look", step });
    this.update();
  }

  /** A new run, or this one, goes on from the step that is looked at; the page shows its present. */
  leave(where) {
    const step = this.looking();
    if (step === null) return;
    this.look(null);
    this.lab.go(where, step);
  }

  /** The step that is looked at, as far as this page knows; null for the present. */
  looking() {
    const seen = this.lab.header?.looking ?? null;
    if (this.asked && (this.asked.step === seen || performance.now() > this.asked.until)) this.asked = null;
    return this.asked ? this.asked.step : seen;
  }

  update() {
    const { header, frozen } = this.lab;
    if (!header || frozen || this.node.hidden) return;
    const looking = this.looking();
    const step = header.step.toLocaleString("en");
    if (!this.held) this.place(header.timeline?.filter(stop => stop < header.step) ?? [], looking);
    const then = looking === null ? "" : looking.toLocaleString("en");
    const run = header.status === "diverged" ? `the run diverged at ${step}` : `the run is at ${step}`;
    const where = then ? `Looking at step ${then}; ${run}` : `Now, step ${step}`;
    const way = then ? `Going to step ${then} …` : "Back to now …";
    change(this.words, this.asked ? way : where);
    this.range.setAttribute("aria-valuetext", then ? `step ${then}` : "now");
    this.lab.root.toggleAttribute("data-looking", Boolean(then));
    for (const button of [this.now, this.branch, this.rewind]) button.disabled = !then;
  }

  place(stops, looking) {
    const shown = `${stops} ${this.range.clientWidth}`;
    if (shown !== this.placed) {
      this.placed = shown;
      this.stops = stops;
      this.range.max = stops.length || 1;
      this.range.disabled = !stops.length;
      this.label();
    }
    const at = looking === null ? this.range.max : stops.indexOf(looking);
    if (at >= 0) this.range.value = at;
  }

  /** A mark for each stop, and as many steps as there is room for; the first and the present are always named. */
  label() {
    const last = this.stops.length;
    const every = Math.max(1, Math.ceil((LABEL * last) / Math.max(1, this.range.clientWidth)));
    const marks = [...this.stops, null].map((step, i) => {
      const named = i === 0 || i === last || (i % every === 0 && last - i >= every);
      const mark = element("span", {}, named ? (step === null ? "now" : step.toLocaleString("en")) : "");
      mark.style.setProperty("--at", last ? i / last : 1);
      return mark;
    });
    this.marks.replaceChildren(...marks);
  }
}

// --------------------------------------------------------------------------------------------------------- Area

/** A cell of the grid; several panels in it are tabs, moved through with the arrow keys. */
class Area {
  constructor(lab, name) {
    Object.assign(this, { lab, name, panels: [] });
    this.tabs = element("div", { class: "tabs" });
    this.tools = element("div", { class: "tools" });
    this.bigger = toggle("", "Enlarge (Escape ends it)", on => this.enlarge(on));
    this.bigger.innerHTML = '<svg width="14" height="14" aria-hidden="true"><path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9" /></svg>';
    this.body = element("div", { class: "body" });
    this.node = element("div", { class: "area", style: `grid-area:${name}` });
    this.node.append(element("div", { class: "head" }, this.tabs, this.tools, this.bigger), this.body);
    this.tabs.onkeydown = event => this.move(event);
  }

  hold(panels) {
    this.panels = panels;
    this.current = panels.find(panel => panel.id === recall(this.memory(), "")) ?? panels[0];
    const titles = panels.map(panel => `${panel.id} ${panel.spec.title}`).join();
    if (titles !== this.titles) {
      const single = panels.length === 1;
      this.tabs.setAttribute("role", single ? "presentation" : "tablist");
      this.tabs.replaceChildren(...panels.map(panel => (single ? element("h3", {}, panel.spec.title) : this.tab(panel))));
      this.titles = titles;
    }
    this.body.append(...panels.map(panel => panel.node).filter(node => node.parentNode !== this.body));
    this.show(this.current);
  }

  tab(panel) {
    const tab = element("button", { type: "button", role: "tab", "data-tab": panel.id }, panel.spec.title);
    tab.onclick = () => this.choose(panel.id);
    return tab;
  }

  choose(id) {
    remember(this.memory(), id);
    for (const lab of this.lab.group()) lab.areas.get(this.name)?.bring(id);
  }

  bring(id) {
    const panel = this.panels.find(panel => panel.id === id);
    if (!panel) return;
    this.show(panel);
    this.lab.feed.subscribe();
    this.lab.draw();
  }

  memory() {
    return `tab-${this.lab.data.group}${this.name}`;
  }

  show(current) {
    this.current = current;
    for (const panel of this.panels) panel.show(panel === current);
    if (this.tools.firstChild !== current.tools[0]) this.tools.replaceChildren(...current.tools);
    for (const tab of this.tabs.querySelectorAll("[role=tab]")) {
      const selected = tab.dataset.tab === current.id;
      tab.setAttribute("aria-selected", selected);
      tab.tabIndex = selected ? 0 : -1;
    }
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tabs = [...this.tabs.querySelectorAll("[role=tab]")];
    if (!step || !tabs.length) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  enlarge(on) {
    press(this.bigger, on);
    this.node.classList.toggle("enlarged", on);
  }
}

// ------------------------------------------------------------------------------------------------- Panel (base)

/** What all panels share: a node, tools for the head of its area, visibility, streams. */
class Panel {
  constructor(lab, spec) {
    Object.assign(this, { lab, spec, id: spec.id, shown: false, tools: [] });
    this.canvas = element("div", { class: "canvas", role: "figure" });
    this.under = element("div", { class: "under" });
    this.caption = element("p", { class: "caption" });
    this.node = element("div", { class: `panel ${spec.kind}`, "data-panel": spec.id }, this.canvas, this.under, this.caption);
    this.sizes = new ResizeObserver(() => this.shown && this.resize());
    this.sizes.observe(this.canvas);
  }

  configure(spec) {
    this.spec = spec;
    this.canvas.setAttribute("aria-label", spec.title);
  }

  show(shown) {
    this.shown = shown;
    this.node.hidden = !shown;
  }

  streams() {
    return this.spec.streams;
  }

  draw() {
    const caption = fill(this.spec.caption ?? "", this.lab.header);
    if (caption !== this.said) this.caption.innerHTML = this.said = caption;
    this.caption.hidden = !this.spec.caption;
  }

  /** Another run is shown from now on. */
  enter() {}

  /** True when all arrays have come. */
  has(...names) {
    return names.every(name => this.lab.arrays[name]);
  }

  close() {
    this.sizes.disconnect();
    this.node.remove();
  }
}

/** A panel with a Plotly figure in it that is made once and from then on only changed. */
class PlotlyPanel extends Panel {
  constructor(lab, spec) {
    super(lab, spec);
    this.zoomed = {};
    this.zooms = 0;
    this.revision = 0;
  }

  async react(traces, layout) {
    const merged = merge(baseLayout(this.lab.theme, this.lab.fontSize()), layout);
    for (const axis of ["xaxis", "yaxis"]) {
      if (this.zoomed[axis]) {
        Object.assign(merged[axis], { range: [...this.canvas.layout[axis].range], autorange: false });
      }
    }
    merged.datarevision = ++this.revision;
    merged.uirevision = this.zooms;
    const first = !this.canvas._fullLayout;
    const modeBarButtons = [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]];
    const config = { displaylogo: false, modeBarButtons };
    await window.Plotly.react(this.canvas, traces, merged, config);
    if (first) this.watchZoom();
  }

  watchZoom() {
    this.canvas.on("plotly_relayout", event => {
      for (const axis of ["xaxis", "yaxis"]) {
        if (Object.keys(event).some(key => key.startsWith(`${axis}.range`))) this.zoomed[axis] = true;
        if (event[`${axis}.autorange`]) this.zoomed[axis] = false;
      }
    });
    // The double click's own relayout comes after this event.
    this.canvas.on("plotly_doubleclick", () => setTimeout(() => this.resetZoom()));
  }

  resetZoom() {
    this.zoomed = {};
    this.zooms += 1;
    this.draw();
  }

  resize() {
    if (this.canvas._fullLayout && this.canvas.offsetParent) window.Plotly.Plots.resize(this.canvas);
  }

  image(format) {
    const { data, layout, clientWidth: width, clientHeight: height } = this.canvas;
    const figure = { data, layout: { ...layout, paper_bgcolor: this.lab.theme.background } };
    const filename = this.lab.fileName(this.id, format).replace(/\.\w+$/, "");
    window.Plotly.downloadImage(figure, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
  }

  menu(...items) {
    return menu("More", [
      ...items,
      action("Reset zoom", () => this.resetZoom()),
      action("Picture (PNG)", () => this.image("png")),
      action("Picture (SVG)", () => this.image("svg")),
    ]);
  }

  close() {
    if (this.canvas._fullLayout) window.Plotly.purge(this.canvas);
    super.close();
  }
}

// --------------------------------------------------------------------------------------------------------- Plot

const STRAY = 0.02; // of the points: as many may lie outside a picture without a word

/**
 * A figure built in Python; `bind` says which arrays fill which traces, `layers` which traces can be switched, and
 * `counted` of which trace the points are counted that lie outside.
 */
class Plot extends PlotlyPanel {
  configure(spec) {
    super.configure(spec);
    const layers = Object.fromEntries((spec.layers ?? []).map(({ id, on }) => [id, on]));
    this.on = { ...layers, ...recall(`layers-${this.id}`, {}) };
    const chips = (spec.layers ?? []).map(layer => this.chip(layer));
    this.under.replaceChildren(...chips);
    this.under.hidden = !chips.length;
    this.tools = this.tools.length ? this.tools : [this.menu()];
  }

  chip(layer) {
    const chip = toggle("", "", on => {
      for (const lab of this.lab.group()) lab.panels.get(this.id)?.switchLayer(layer.id, on);
    });
    chip.classList.add("chip");
    chip.dataset.layer = layer.id;
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, layer.mark);
    mark.style.color = resolve(layer.colour, this.lab.theme);
    chip.append(mark, rich("span", layer.label));
    press(chip, this.on[layer.id]);
    return chip;
  }

  switchLayer(id, on) {
    this.on[id] = on;
    remember(`layers-${this.id}`, this.on);
    press(this.under.querySelector(`[data-layer="${id}"]`), on);
    this.lab.feed.subscribe();
    this.lab.draw();
  }

  /** Switches layers on, as a press of their chips does. */
  light(ids) {
    const off = ids.filter(id => this.on[id] === false);
    for (const id of off) this.under.querySelector(`[data-layer="${id}"]`).click();
  }

  /** Shows these ranges of the axes until the zoom is reset. */
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
    const traces = resolve(this.spec.figure.data, theme);
    const layout = resolve(this.spec.figure.layout, theme);
    for (const { id, traces: mine } of this.spec.layers ?? []) for (const i of mine) traces[i].visible = this.on[id];
    for (const bind of this.spec.bind) {
      const given = this.given(bind);
      if (!given) continue;
      const target = bind.trace === undefined ? layout : traces[bind.trace];
      if (target.visible === false) continue;
      const filled = TRANSFORMS[bind.use](given, bind, header);
      for (const [path, value] of Object.entries(filled)) assign(target, path, value);
    }
    this.adapt(layout);
    this.tellOutside(traces[this.spec.counted], layout);
    await this.react(traces, layout);
  }

  /** Points that left the picture are gone from sight: how many they are is written into it. */
  tellOutside(trace, layout) {
    if (!trace?.x?.length || trace.visible === false) return;
    const { xaxis, yaxis } = this.canvas._fullLayout ?? layout;
    const within = (value, { range: [low, high] }) => value >= low && value <= high;
    const all = trace.x.length;
    let outside = 0;
    for (let i = 0; i < all; i++) outside += !within(trace.x[i], xaxis) || !within(trace.y[i], yaxis);
    if (outside <= STRAY * all) return;
    const { background, text } = this.lab.theme;
    (layout.annotations ??= []).push({
      xref: "paper", yref: "paper", x: 0.5, y: 1, yanchor: "top", showarrow: false, bgcolor: background,
      font: { color: text }, text: `◆ ${outside} of ${all} lie outside`,
    });
  }

  /** The arrays of a bind by their roles; null before all of them have come. */
  given({ arrays = {} }) {
    if (!this.has(...Object.values(arrays))) return null;
    return Object.fromEntries(Object.entries(arrays).map(([role, name]) => [role, this.lab.arrays[name]]));
  }

  /** A last word on the layout, for kinds of plots that have one. */
  adapt() {}
}

// ----------------------------------------------------------------------------------------------------- Explorer

const STEPS = 10; // outputs in a strip
const BETWEEN = 4; // parts into which a curve of points is cut between two of them
const PLACES = 60; // of a path that are remembered
const DRAG = 6; // px from which a press that moves is a path and not a pin
const PACE = 20; // ms between two requests at least: the server takes 60 messages a second

/** Asks the model what latent or noise vectors become: one request in flight, of each asker only the newest waits. */
class Decoder {
  constructor(send) {
    Object.assign(this, { send, waiting: new Map(), number: 0, free: 0, trips: [] });
  }

  /** use({image | images | xy}) is called with the answer, unless a newer request of this asker has come before. */
  ask(asker, z, use) {
    this.waiting.set(asker, { z, use, asked: performance.now() });
    this.next();
  }

  forget(asker) {
    this.waiting.delete(asker);
  }

  next() {
    if (this.flying || this.pausing || !this.waiting.size) return;
    const pause = this.free - performance.now();
    if (pause > 0) {
      this.pausing = setTimeout(() => {
        this.pausing = null;
        this.next();
      }, pause);
      return;
    }
    const [asker, request] = this.waiting.entries().next().value;
    this.waiting.delete(asker);
    this.number += 1;
    this.flying = { ...request, id: this.number };
    this.free = performance.now() + PACE;
    this.send({ type: "decode", id: this.number, z: request.z });
    // A worker that is being replaced answers nobody.
    this.patience = setTimeout(() => this.land(), 2000);
  }

  land() {
    clearTimeout(this.patience);
    this.flying = null;
    this.next();
  }

  answer({ header, arrays }) {
    if (this.flying?.id !== header.id) return;
    const { use, asked } = this.flying;
    this.land();
    use(arrays);
    this.trips.push(performance.now() - asked);
    if (this.trips.length > 1000) this.trips.shift();
  }

  close() {
    clearTimeout(this.patience);
    clearTimeout(this.pausing);
    this.waiting.clear();
  }
}

const OWN = ["posterior", "evidence"]; // needs that are answered to each visitor about their own x
const OWN_ARRAYS = /^(posterior|evidence|ladder)\./;
const ASK_EVERY = 300; // ms between two looks at how the model has changed
const FIRST = { held_out: 0 };

/** The x that this visitor looks at, and nobody else with them: asked for again as the model changes. */
class Example {
  constructor(lab) {
    this.lab = lab;
    this.take(FIRST, 0);
    this.timer = setInterval(() => this.follow(), ASK_EVERY);
  }

  /** Number 0: nothing was chosen yet. */
  take(x, id) {
    Object.assign(this, { x, id, shown: -1, known: null });
  }

  /** Of a run of this model: the x that was chosen there before, if any. */
  of({ data, latents }) {
    const run = this.lab.data.run;
    if (this.run === run && this.data === data) return void (this.latents = latents);
    Object.assign(this, { run, data, latents });
    const kept = recall("x", {})[run];
    this.take(...(kept?.data === data ? [kept.x, 1] : [FIRST, 0]));
  }

  choose(x) {
    this.x = x;
    this.id = Math.max(Date.now(), this.id + 1);
    rememberOf(this.run, "x", { data: this.data, x });
    this.ask();
  }

  ask() {
    this.bound = this.lab.needs().includes("evidence");
    this.asked = performance.now();
    this.flying = true;
    this.lab.feed.send({ type: "encode", id: this.id, x: this.x, bound: this.bound });
  }

  /** Asks again when the model, or what is to be known of x, is no longer that of the last answer. */
  follow() {
    const { header, frozen } = this.lab;
    const needs = this.lab.needs();
    if (!header?.config || frozen || document.hidden || !needs.includes("posterior") || !this.fits(header)) return;
    // A worker that is being replaced answers nobody.
    if (this.flying && performance.now() - this.asked < 2000) return;
    if (this.known !== this.state(header, needs.includes("evidence"))) this.ask();
  }

  /** Whether the run has become one of other data, which this x is none of. */
  fits({ config }) {
    return config.data === this.data && config.latent_dim === this.latents;
  }

  /** Of the model that is seen: that of a frame, which may be one of the past, or that of an answer. */
  state({ run, step, looking, config }, bound) {
    return JSON.stringify([run, looking ?? step, config, bound]);
  }

  answer({ header, arrays }) {
    this.flying = false;
    // While a hand draws, an answer may come after the next request: it is shown as long as no newer one was.
    if (header.id < this.shown) return;
    this.shown = header.id;
    this.known = header.settled && header.id === this.id ? this.state(header, this.bound) : null;
    for (const name of Object.keys(this.lab.arrays)) if (OWN_ARRAYS.test(name)) delete this.lab.arrays[name];
    Object.assign(this.lab.arrays, arrays);
    this.lab.encoded();
  }

  close() {
    clearInterval(this.timer);
  }
}

/**
 * A plane of codes (latents or noise) that answers the hand: what is under the pointer is decoded beside it, a click
 * pins, a drag draws a path, and pins and paths become a strip of outputs. A code has `dims` numbers; the plane shows
 * two of them, or the first two principal components of the means; moving over it leaves the others as they are.
 * No move of the pointer draws a Plotly figure: its marks are on canvases of their own.
 */
class Explorer extends Plot {
  constructor(lab, spec) {
    super(lab, spec);
    this.sheet = element("canvas", { "aria-hidden": "true" });
    this.hand = element("div", { class: "hand", role: "application", tabindex: 0 }, this.sheet);
    this.output = element("canvas", { "aria-hidden": "true" });
    this.where = element("span");
    this.tile = element("div", { class: "tile", hidden: "" }, this.output, this.where);
    this.stage = element("div", { class: "stage" });
    this.canvas.replaceWith(this.stage);
    this.stage.append(this.canvas, this.hand, this.tile);
    this.controls = element("div", { class: "controls" });
    this.pictures = element("div", { class: "pictures", hidden: "" });
    this.readout = element("p", { class: "readout" });
    this.shelf = element("div", { class: "shelf" }, this.pictures, this.readout);
    this.strip = element("div", { class: "strip" }, this.controls, this.shelf);
    this.drawer = element("div", { class: "drawer", hidden: "" });
    this.node.prepend(element("div", { class: "deck" }, this.stage, this.drawer), this.strip);
    this.voice = element("span", { class: "unseen", role: "status", "aria-live": "polite" });
    this.node.append(this.voice);
    this.exploring = recall("exploring", true);
    Object.assign(this, { code: [], pins: [null, null], newest: null, course: null, route: null });
    this.listen();
  }

  configure(spec) {
    super.configure(spec);
    const { dims, symbol, spherical } = spec.explore;
    const usual = { x: 0, y: Math.min(1, dims - 1), principal: false };
    const kept = recall(`plane-${this.id}`, usual);
    this.plane = Math.max(kept.x, kept.y) < dims && (spec.explore.principal || !kept.principal) ? kept : usual;
    this.sliders = [];
    const another = this.code.length !== dims;
    if (another) this.code = new Array(dims).fill(0);
    this.spherical = spherical && recall("spherical", false);
    this.hand.setAttribute("aria-roledescription", `plane of ${symbol}`);
    this.tools = [
      this.menu(toggle("Explore by pointer (off: zoom, hover)", "", on => this.explore(on))),
    ];
    this.fillControls(spec.explore);
    this.fillDrawer(spec.explore);
    this.explore(this.exploring);
    if (another) this.enter();
  }

  /** What was pinned before in the run that is shown now. */
  enter() {
    const { dims } = this.spec.explore;
    const kept = recall(`pins-${this.id}`, {})[this.lab.data.run];
    const { pins = [null, null], newest = null, route = null } = kept?.dims === dims ? kept : {};
    this.clear(pins[newest] ?? new Array(dims).fill(0));
    Object.assign(this, { pins, newest });
    if (route) this.follow(route);
    else this.join();
  }

  keep() {
    const { pins, newest, spec: { explore: { dims } } } = this;
    // A long path is one of hundreds of places: a few of them keep its shape.
    const every = Math.ceil((this.route?.length ?? 0) / PLACES);
    const route = this.route?.filter((_, i) => i % every === 0 || i === this.route.length - 1).map(plain);
    rememberOf(this.lab.data.run, `pins-${this.id}`, { dims, pins, newest, route });
  }

  explore(on) {
    this.exploring = on;
    remember("exploring", on);
    press(this.tools[0].querySelector("button"), on);
    this.hand.hidden = !on;
    if (!on) this.tile.hidden = true;
    this.lab.draw();
  }

  fillControls({ dims, symbol, principal, spherical }) {
    const choose = which => {
      const select = element("select", { "aria-label": `Code along the ${which} axis` });
      for (let i = 0; i < dims; i++) select.append(new Option(`${symbol}${subscript(i + 1)}`, i));
      select.value = this.plane[which];
      select.disabled = this.plane.principal;
      select.onchange = () => this.turn({ [which]: Number(select.value) });
      return select;
    };
    const items = [];
    if (dims > 2) {
      items.push(element("label", {}, "plane ", choose("x"), choose("y")));
      if (principal) items.push(this.switch("PCA", "The plane of the means' first two principal components",
        this.plane.principal, on => this.turn({ principal: on })));
    }
    if (dims > 1) items.push((this.opener = this.switch("sliders", `A slider for each ${symbol}`, !this.drawer.hidden,
      on => this.open(on))));
    if (spherical) items.push(this.switch("spherical", "Interpolate along the sphere instead of the straight line",
      this.spherical, on => this.bend(on)));
    this.wipe = action("Clear", () => this.wipeOut());
    this.wipe.title = "Remove pins and path (Escape)";
    this.controls.replaceChildren(...items, this.wipe);
    this.tell();
  }

  switch(label, title, on, act) {
    const button = toggle(label, title, on => {
      press(button, on);
      act(on);
    });
    press(button, on);
    return button;
  }

  /** Another plane through the same code. */
  turn(change) {
    const plane = { ...this.plane, ...change };
    if (plane.x === plane.y) {
      const moved = "x" in change ? "y" : "x";
      plane[moved] = this.plane["x" in change ? "x" : "y"];
    }
    this.plane = plane;
    remember(`plane-${this.id}`, plane);
    this.fillControls(this.spec.explore);
    this.lab.feed.subscribe();
    this.resetZoom();
    this.look();
  }

  // ---- the sliders of all coordinates ----

  open(on) {
    this.drawer.hidden = !on;
    this.fillDrawer(this.spec.explore);
  }

  fillDrawer({ dims, symbol, reach }) {
    this.sliders = [];
    if (this.drawer.hidden || dims < 2) return this.drawer.replaceChildren();
    const bounds = { min: -reach - 1, max: reach + 1, step: 0.01 };
    for (let i = 0; i < dims; i++) {
      const name = `${symbol}${subscript(i + 1)}`;
      const range = element("input", { type: "range", ...bounds, "aria-label": name });
      const box = element("input", { type: "number", step: 0.1, "aria-label": `${name}, number` });
      range.oninput = () => this.set(i, range.valueAsNumber);
      box.onchange = () => isFinite(box.valueAsNumber) && this.set(i, Math.max(-1000, Math.min(1000, box.valueAsNumber)));
      this.sliders.push({ range, box, row: element("label", {}, element("span", {}, name), range, box) });
    }
    const zero = action("All to 0", () => this.goTo(new Array(dims).fill(0)));
    this.drawer.replaceChildren(...this.sliders.map(({ row }) => row), zero);
    this.slide();
  }

  set(index, value) {
    this.goTo(this.code.map((old, i) => (i === index ? value : old)));
  }

  goTo(code) {
    this.code = code;
    this.tile.hidden = false;
    this.look();
    this.say();
  }

  /** The sliders follow the code. */
  slide() {
    this.sliders.forEach(({ range, box }, i) => {
      const text = this.code[i].toFixed(2);
      if (document.activeElement !== range && range.value !== text) range.value = text;
      if (document.activeElement !== box && box.value !== text) box.value = text;
    });
  }

  // ---- the plane's place in the space of codes ----

  /** The plane's two directions (one, for a single number), orthonormal; null until the components have come. */
  axes() {
    const { dims } = this.spec.explore;
    const { x, y, principal } = this.plane;
    if (principal) {
      const axes = this.lab.arrays["components.axes"];
      return axes?.shape[1] === dims ? rowsOf(axes).map(row => Array.from(row)) : null;
    }
    return (dims === 1 ? [x] : [x, y]).map(which => Array.from({ length: dims }, (_, i) => Number(i === which)));
  }

  project(code) {
    return (this.axes() ?? []).map(axis => dot(axis, code));
  }

  /** The code over a place of the plane: the one that we are at, moved within the plane alone. */
  lift(place) {
    const axes = this.axes();
    if (!axes) return this.code;
    const moves = axes.map((axis, j) => place[j] - dot(axis, this.code));
    return this.code.map((value, i) => axes.reduce((sum, axis, j) => sum + axis[i] * moves[j], value));
  }

  /** What the figure draws of the codes is their shadow on the plane. */
  given(bind) {
    const given = super.given(bind);
    const { dims } = this.spec.explore;
    const axes = dims > 2 && this.axes();
    if (!given || dims <= 2) return given;
    const cloud = given.points ?? given.mean;
    if (!cloud) return given;
    if (!axes || cloud.shape[1] !== dims) return null;
    const shadow = shadowOf(cloud, axes);
    return given.std ? { mean: shadow, root: rootsOf(given.std, axes, bind.count ?? 1) } : { ...given, points: shadow };
  }

  adapt(layout) {
    const { dims, symbol } = this.spec.explore;
    layout.hovermode = this.exploring ? false : "closest";
    layout.dragmode = this.exploring ? false : "zoom";
    if (dims < 3) return;
    const shares = this.lab.arrays["components.shares"]?.values ?? [];
    for (const [j, axis] of ["x", "y"].entries()) {
      const share = shares.length ? ` (${Math.round(100 * shares[j])} % of the variance)` : "";
      layout[`${axis}axis`].title.text = this.plane.principal
        ? `PC ${j + 1}${share}`
        : `${symbol}<sub>${this.plane[axis] + 1}</sub>`;
    }
  }

  streams() {
    return [...super.streams(), ...(this.plane?.principal ? ["components"] : [])];
  }

  async draw() {
    await super.draw();
    this.place();
    this.echo();
    const { step, run, looking } = this.lab.header;
    const seen = `${run} ${looking ?? step}`;
    if (this.seen === seen) return;
    this.seen = seen;
    this.refresh();
  }

  resize() {
    super.resize();
    this.place();
  }

  /** Lays the sheet over the figure's axes. */
  place() {
    const layout = this.canvas._fullLayout;
    if (!layout?.xaxis?._length) return;
    const [{ _offset: left, _length: width }, { _offset: top, _length: height }] = [layout.xaxis, layout.yaxis];
    Object.assign(this.hand.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    fitCanvas(this.sheet, width, height);
    this.sketch();
  }

  /** px within the sheet → place in the plane, and back. */
  placeAt(px, py) {
    const { xaxis, yaxis } = this.canvas._fullLayout;
    return [xaxis.p2l(px), yaxis.p2l(py)];
  }

  pixel(code) {
    const { xaxis, yaxis } = this.canvas._fullLayout;
    const [x, y] = this.project(code);
    return [xaxis.l2p(x), y === undefined ? yaxis._length / 2 : yaxis.l2p(y)];
  }

  // ---- the hand ----

  listen() {
    const on = (name, act) => this.hand.addEventListener(name, event => this.canvas._fullLayout && act(event));
    on("pointerdown", event => this.down(event));
    on("pointermove", event => this.move(event));
    on("pointerup", event => this.release(event));
    on("pointercancel", () => (this.drag = null));
    on("pointerleave", () => this.leave());
    on("focus", () => this.hand.matches(":focus-visible") && this.appear());
    on("blur", () => this.leave());
    on("keydown", event => this.key(event));
  }

  codeAt({ clientX, clientY }) {
    const { left, top } = this.hand.getBoundingClientRect();
    return this.lift(this.placeAt(clientX - left, clientY - top));
  }

  down(event) {
    if (event.button !== 0) return;
    this.hand.setPointerCapture(event.pointerId);
    this.hand.focus({ preventScroll: true, focusVisible: false });
    this.code = this.codeAt(event);
    this.drag = { x: event.clientX, y: event.clientY, route: [this.code], far: false };
    this.appear();
  }

  move(event) {
    this.code = this.codeAt(event);
    const { drag } = this;
    if (drag) {
      drag.far ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG;
      drag.route.push(this.code);
      if (drag.far) this.follow(drag.route);
    }
    this.appear();
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.far) this.keep();
    else this.pin((this.code = this.codeAt(event)));
    this.say();
  }

  leave() {
    if (document.activeElement !== this.hand && !this.drag) this.disappear();
  }

  appear() {
    this.tile.hidden = false;
    this.lab.touched = performance.now();
    this.look();
  }

  disappear() {
    this.tile.hidden = true;
    this.lab.decoder.forget(`${this.id} cursor`);
    this.sketch();
    this.echo();
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const { xaxis, yaxis } = this.canvas._fullLayout;
    if (moves[event.key]) {
      const share = event.shiftKey ? 0.1 : 0.02;
      const place = this.project(this.code).map((at, j) => {
        const [low, high] = [xaxis, yaxis][j].range;
        return Math.max(low, Math.min(high, at + share * (high - low) * moves[event.key][j]));
      });
      this.goTo(this.lift(place));
    } else if (event.key === "Enter") {
      this.appear();
      this.pin(this.code);
      this.say();
    } else if (event.key === "Escape" && (this.pins.some(Boolean) || this.course)) {
      this.wipeOut();
      this.say("cleared");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- pins, interpolations, paths ----

  /** The first place is A, the second B; from then on the older of the two moves. */
  pin(code) {
    const which = this.newest === 0 ? 1 : 0;
    this.pins[which] = code;
    this.newest = which;
    this.course = this.route = null;
    this.join();
    this.keep();
  }

  join() {
    const [a, b] = this.pins;
    if (a && b) {
      const between = this.spherical ? slerp : lerp;
      this.course = { label: "A → B", at: share => between(a, b, share) };
    }
    this.unroll();
  }

  bend(on) {
    this.spherical = on;
    remember("spherical", on);
    this.join();
  }

  /** A path takes the place of the pins. */
  follow(route) {
    this.pins = [null, null];
    this.newest = null;
    this.route = route;
    const at = alongPath(route);
    this.course = { label: "path", at };
    this.unroll();
  }

  clear(code = this.code) {
    Object.assign(this, { code, pins: [null, null], newest: null, course: null, route: null, decoded: null });
    this.unroll();
    this.look();
  }

  wipeOut() {
    this.clear();
    this.keep();
  }

  /** Whether the model of the latest frame takes codes of this length: it may be another one by now. */
  fits() {
    const { model, config = {} } = this.lab.header ?? {};
    return config[model === "gan" ? "noise_dim" : "latent_dim"] === this.spec.explore.dims;
  }

  /** The codes of the strip; for points those between them too, which make its curve smooth. */
  codes() {
    const parts = (STEPS - 1) * (this.spec.explore.images ? 1 : BETWEEN);
    return Array.from({ length: parts + 1 }, (_, i) => this.course.at(i / parts));
  }

  /** Asks for the outputs of the strip. */
  unroll() {
    this.sketch();
    this.tell();
    const asker = `${this.id} strip`;
    const pinned = this.pins.filter(Boolean);
    const codes = this.course ? this.codes() : pinned;
    if (!codes.length || !this.fits()) {
      this.lab.decoder.forget(asker);
      this.decoded = null;
      this.paintStrip();
      return;
    }
    this.lab.decoder.ask(asker, codes.map(plain), arrays => {
      this.decoded = { codes, arrays };
      this.paintStrip();
    });
  }

  paintStrip() {
    const { images, symbol } = this.spec.explore;
    const { codes = [], arrays } = this.decoded ?? {};
    this.pictures.hidden = !codes.length;
    const every = this.course && !images ? BETWEEN : 1;
    const shown = codes.map((code, i) => [code, i]).filter(([, i]) => i % every === 0);
    while (this.pictures.children.length > shown.length) this.pictures.lastChild.remove();
    while (this.pictures.children.length < shown.length) this.pictures.append(element("canvas", { role: "img" }));
    shown.forEach(([code, i], at) => {
      const canvas = this.pictures.children[at];
      this.render(canvas, arrays, i);
      canvas.setAttribute("aria-label", `${at + 1} of ${shown.length}: ${symbol} = ${tuple(code)}`);
      canvas.title = `${symbol} = ${tuple(code)}`;
    });
    this.echo();
  }

  // ---- what is seen ----

  /** After training has moved on, the same codes become something else. */
  refresh() {
    if (!this.tile.hidden) this.look();
    if (this.course || this.pins.some(Boolean)) this.unroll();
  }

  /** Everything that belongs to the present code. */
  look() {
    if (!this.canvas._fullLayout || !this.shown) return;
    this.tell();
    this.slide();
    this.sketch();
    this.putTile();
    if (this.tile.hidden || !this.fits()) return;
    const { code } = this;
    this.lab.decoder.ask(`${this.id} cursor`, plain(code), arrays => {
      this.latest = { ...arrays, code };
      this.render(this.output, arrays, 0);
      this.echo();
      this.redraws = (this.redraws ?? 0) + 1;
    });
  }

  tell() {
    const { symbol, dims } = this.spec.explore;
    const pinned = this.pins.filter(Boolean).length;
    const next = pinned ? "Click another place to interpolate." : "Move to decode. Click to pin. Drag for a path.";
    change(this.readout, this.course ? "" : next);
    change(this.where, `${symbol} = ${tuple(this.code, 3)}`);
    this.wipe.disabled = !pinned && !this.course;
    this.hand.setAttribute("aria-label",
      `${this.spec.title}: arrow keys move, Enter pins, Escape clears. ${symbol} = ${tuple(this.code, dims)}`);
  }

  say(word = "") {
    const pins = this.pins.map((pin, i) => pin && `${"AB"[i]} pinned`).filter(Boolean).join(", ");
    change(this.voice, [word, `${this.spec.explore.symbol} = ${tuple(this.code)}`, pins].filter(Boolean).join("; "));
  }

  /** Beside the pointer, on the side where there is room. */
  putTile() {
    const [x, y] = this.pixel(this.code);
    const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.hand;
    // The output is seen in the data's plane where that stands beside this one.
    this.output.hidden = Boolean(this.lab.panels.get(this.spec.explore.target)?.shown);
    const { offsetWidth: w, offsetHeight: h } = this.tile;
    const right = x + 18 + w < width;
    const across = left + (right ? x + 18 : Math.max(-left, x - 18 - w));
    this.tile.style.transform = `translate(${across}px, ${top + Math.max(0, Math.min(height - h, y - h / 2))}px)`;
  }

  render(canvas, arrays, index) {
    if (!this.spec.explore.images) return this.renderPoint(canvas, arrays.xy.values.subarray(2 * index, 2 * index + 2));
    const { values, shape } = arrays.images ?? arrays.image;
    const [height, width] = shape.slice(-2);
    const size = height * width;
    paint(canvas, { values: values.subarray(index * size, (index + 1) * size), shape: [1, height, width] }, 1, this.lab.theme);
  }

  /** A small map of the data's plane with the output in it. */
  renderPoint(canvas, [x, y]) {
    if (canvas.hidden) return;
    const { extent, positions } = this.spec.explore;
    const { theme, arrays } = this.lab;
    const side = canvas.clientWidth || 96;
    const context = fitCanvas(canvas, side, side);
    const to = value => ((value + extent) / (2 * extent)) * side;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, side, side);
    context.fillStyle = theme.real;
    const { values = [], shape = [0] } = arrays[positions] ?? {};
    for (let i = 0; i < Math.min(250, shape[0]); i++) {
      context.fillRect(to(values[2 * i]) - 0.75, side - to(values[2 * i + 1]) - 0.75, 1.5, 1.5);
    }
    const inside = value => Math.max(5, Math.min(side - 5, to(value)));
    diamond(context, inside(x), side - inside(y), Math.max(5, side / 16), theme);
  }

  /** Pins, path and cursor on the sheet. */
  sketch() {
    if (!this.canvas._fullLayout || !this.axes()) return;
    const { theme } = this.lab;
    const context = this.sheet.getContext("2d");
    context.clearRect(0, 0, this.sheet.width, this.sheet.height);
    if (this.course) {
      const fine = Array.from({ length: 61 }, (_, i) => this.pixel(this.course.at(i / 60)));
      polyline(context, fine, theme);
      for (let i = 0; i < STEPS; i++) knot(context, this.pixel(this.course.at(i / (STEPS - 1))), theme);
    }
    this.pins.forEach((pin, i) => pin && flag(context, this.pixel(pin), "AB"[i], theme));
    if (!this.tile.hidden && !this.pins.includes(this.code)) cross(context, this.pixel(this.code), theme);
  }

  /** The outputs in the picture of the data, where it can be seen beside this one. */
  echo() {
    const target = this.lab.panels.get(this.spec.explore.target);
    const layout = target?.canvas._fullLayout;
    if (!layout?.xaxis?._length || this.lab.panels.get(this.id) !== this) return;
    if (!target.echo) {
      target.node.append((target.echo = element("canvas", { class: "echo", "aria-hidden": "true" })));
      target.canvas.on("plotly_afterplot", () => this.echo());
    }
    const { offsetLeft, offsetTop, clientWidth, clientHeight } = target.canvas;
    Object.assign(target.echo.style, { left: `${offsetLeft}px`, top: `${offsetTop}px` });
    const context = fitCanvas(target.echo, clientWidth, clientHeight);
    context.clearRect(0, 0, clientWidth, clientHeight);
    if (!this.shown) return;
    const { xaxis, yaxis } = layout;
    const at = ({ values }, i) => [xaxis._offset + xaxis.l2p(values[2 * i]), yaxis._offset + yaxis.l2p(values[2 * i + 1])];
    const { theme } = this.lab;
    const { codes, arrays } = this.decoded ?? {};
    context.save();
    context.beginPath();
    context.rect(xaxis._offset, yaxis._offset, xaxis._length, yaxis._length);
    context.clip();
    if (codes && this.course) {
      polyline(context, codes.map((_, i) => at(arrays.xy, i)), theme);
      codes.forEach((_, i) => i % BETWEEN === 0 && knot(context, at(arrays.xy, i), theme));
    }
    const last = (codes?.length ?? 0) - 1;
    this.pins.forEach((pin, i) => {
      if (pin && codes) flag(context, at(arrays.xy, this.course && i ? last : 0), "AB"[i], theme);
    });
    if (!this.tile.hidden && this.latest) diamond(context, ...at(this.latest.xy, 0), 9, theme);
    context.restore();
  }

  show(shown) {
    super.show(shown);
    if (this.spec.explore.target) this.echo();
  }

  close() {
    const target = this.lab.panels.get(this.spec.explore.target);
    target?.echo?.remove();
    if (target) target.echo = null;
    super.close();
  }
}

const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
const plain = code => code.map(value => Number(value.toPrecision(7)));
const subscript = n => String(n).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const lerp = (a, b, share) => a.map((value, i) => value + share * (b[i] - value));

function tuple(code, most = 8) {
  const shown = code.slice(0, most).map(value => value.toFixed(2).replace("-", "−"));
  return `(${[...shown, ...(code.length > most ? ["…"] : [])].join(", ")})`;
}

/** Along the great circle between the two directions, while the norm changes evenly (White 2016, arXiv:1609.04468). */
function slerp(a, b, share) {
  const [p, q] = [Math.hypot(...a), Math.hypot(...b)];
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (p * q || 1))));
  if (!(p * q) || angle < 1e-4 || Math.PI - angle < 1e-4) return lerp(a, b, share);
  const [one, other] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map(part => part / Math.sin(angle));
  const norm = p + share * (q - p);
  return a.map((value, i) => norm * ((one * value) / p + (other * b[i]) / q));
}

/** The place at a share of a path's length. */
function alongPath(route) {
  const lengths = [0];
  for (let i = 1; i < route.length; i++) {
    lengths.push(lengths[i - 1] + Math.hypot(...route[i].map((value, j) => value - route[i - 1][j])));
  }
  return share => {
    const wanted = share * lengths[lengths.length - 1];
    let i = 1;
    while (i < route.length - 1 && lengths[i] < wanted) i += 1;
    return lerp(route[i - 1], route[i], (wanted - lengths[i - 1]) / (lengths[i] - lengths[i - 1] || 1));
  };
}

/** Rows (n, k) seen along two axes: (n, 2). */
function shadowOf({ values, shape: [rows, width] }, axes) {
  const shadow = new Float64Array(2 * rows);
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    axes.forEach((axis, j) => (shadow[2 * i + j] = dot(axis, row)));
  }
  return { values: shadow, shape: [rows, 2] };
}

/** For Gaussians with standard deviations (n, k), the Cholesky root (l₁₁, l₂₁, l₂₂) of what is seen along two axes. */
function rootsOf({ values, shape: [rows, width] }, [a, b], count) {
  const n = Math.min(rows, count);
  const roots = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    let [aa, ab, bb] = [0, 0, 0];
    for (let k = 0; k < width; k++) {
      const variance = values[i * width + k] ** 2;
      aa += a[k] * a[k] * variance;
      ab += a[k] * b[k] * variance;
      bb += b[k] * b[k] * variance;
    }
    const l11 = Math.sqrt(aa);
    const l21 = ab / (l11 || 1);
    roots.set([l11, l21, Math.sqrt(Math.max(0, bb - l21 * l21))], 3 * i);
  }
  return { values: roots, shape: [n, 3] };
}

/** A canvas of this size in CSS pixels, sharp on every screen. */
function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  if (canvas.width === w && canvas.height === h) return context;
  Object.assign(canvas, { width: w, height: h });
  if (canvas.parentNode?.className !== "pictures") {
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  context.scale(ratio, ratio);
  return context;
}

/** Every mark is drawn in the text's colour with a rim of the background, so that it stands out from any picture. */
function stroked(context, theme, width, path) {
  context.lineJoin = context.lineCap = "round";
  for (const [extra, colour] of [[3, theme.background], [0, theme.text]]) {
    Object.assign(context, { lineWidth: width + extra, strokeStyle: colour });
    context.beginPath();
    path();
    context.stroke();
  }
}

function polyline(context, places, theme) {
  stroked(context, theme, 2, () => places.forEach(place => context.lineTo(...place)));
}

function knot(context, [x, y], theme) {
  stroked(context, theme, 1, () => context.arc(x, y, 3, 0, 2 * Math.PI));
  context.fillStyle = theme.generated;
  context.fill();
}

function cross(context, [x, y], theme) {
  stroked(context, theme, 2, () => {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 11 * dx, y + 11 * dy);
    }
  });
}

/** What the generator or decoder makes: a large diamond in the colour of generated points. */
function diamond(context, x, y, size, theme) {
  stroked(context, theme, 2, () => {
    for (const [dx, dy] of [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]) context.lineTo(x + size * dx, y + size * dy);
  });
  context.fillStyle = theme.generated;
  context.fill();
}

/** A pin: its letter in a square. */
function flag(context, [x, y], letter, theme) {
  stroked(context, theme, 2, () => context.rect(x - 9, y - 9, 18, 18));
  context.fillStyle = theme.text;
  context.fillRect(x - 9, y - 9, 18, 18);
  Object.assign(context, { fillStyle: theme.background, textAlign: "center", textBaseline: "middle" });
  context.font = `700 14px ${theme.font}`;
  context.fillText(letter, x, y + 1);
}

// ------------------------------------------------------------------------------------------------------- Curves

/** Histories with what a training dashboard has; min, max and last value of each stand on its switch. */
class Curves extends PlotlyPanel {
  constructor(lab, spec) {
    super(lab, spec);
    this.chosen = recall(`curves-${spec.id}`, {});
    this.logButton = toggle("log", "Logarithmic vertical axis", on => this.option({ log: on }));
    this.logX = toggle("Logarithmic horizontal axis", "", on => this.option({ logX: on }));
    const middle = "Scale to the middle 90 % of the values";
    this.outliers = toggle("Ignore outliers in scaling", middle, on => this.option({ outliers: on }));
    this.tools = [this.logButton, this.menu(this.logX, this.outliers, action("History (CSV)", () => this.lab.csv()))];
    this.note = element("span", { class: "note" });
  }

  configure(spec) {
    super.configure(spec);
    this.rows = spec.series.map(series => this.row(series));
    this.under.replaceChildren(...this.rows.map(({ node }) => node), this.note);
    this.option({});
  }

  /** The switch of one series, which is also its row of figures. */
  row(series) {
    const colour = resolve(series.colour, this.lab.theme);
    const [last, range, theirs] = [element("b"), element("small"), element("b")];
    const other = element("span", { class: "other", hidden: "" }, swatch(colour, "dash"), theirs);
    const node = toggle("", "", on => {
      const hidden = this.options.hidden.filter(name => name !== series.name);
      this.option({ hidden: on ? hidden : [...hidden, series.name] });
    });
    node.classList.add("series");
    node.dataset.series = series.name;
    node.append(swatch(colour, series.dash), rich("span", series.label), last, range, other);
    return { node, last, range, other, theirs, series };
  }

  option(change) {
    // Only what a person chose is kept: what is usual differs from model to model.
    Object.assign(this.chosen, change);
    remember(`curves-${this.id}`, this.chosen);
    this.options = { log: Boolean(this.spec.log), logX: false, outliers: false, hidden: [], ...this.chosen };
    press(this.logButton, this.options.log);
    press(this.logX, this.options.logX);
    press(this.outliers, this.options.outliers);
    for (const { node, series } of this.rows ?? []) press(node, !this.options.hidden.includes(series.name));
    this.lab.draw();
  }

  async draw() {
    super.draw();
    const columns = Object.fromEntries(this.lab.history().map(([name, { values }]) => [name, values]));
    if (!columns.step) return;
    const { theme, curves, pinned, companion } = this.lab;
    const shown = this.rows.filter(({ series }) => !this.options.hidden.includes(series.name));
    const traces = shown.flatMap(({ series }) => this.lines(series, columns, theme, curves));
    const drawn = traces.flatMap(trace => Array.from(trace.y));
    for (const [name, other] of [["pinned", pinned], [companion.label, companion]]) {
      if (!other?.columns) continue;
      traces.push(...shown.flatMap(({ series }) => this.dashedLine(name, series, other.columns, theme, curves)));
    }
    for (const row of this.rows) {
      this.figures(row, valuesOf(row.series, columns));
      const theirs = companion.columns && valuesOf(row.series, companion.columns);
      row.other.hidden = !theirs?.length;
      if (theirs?.length) change(row.theirs, number(theirs[theirs.length - 1], 4));
    }
    const range = this.options.outliers ? middleRange(drawn, this.options.log) : undefined;
    const below = this.options.log ? drawn.filter(y => y <= 0).length : 0;
    change(this.note, below ? `log axis: ${below} values ≤ 0 cannot be shown` : "");
    const layout = this.layout(columns, curves.x, range, theme);
    if (this.options.log) layout.yaxis.dtick = this.logTicks(decades(traces.flatMap(trace => Array.from(trace.y))));
    traces.push(...this.changeMarks(columns, curves.x));
    await this.react(traces, layout);
  }

  /** A curve: the smoothed line, and the raw one faintly behind it; hovering gives the exact value. */
  lines(series, columns, theme, { smoothing, x }) {
    const raw = valuesOf(series, columns);
    if (!raw) return [];
    const drawn = series.scale ? Array.from(raw, y => y / series.scale) : raw;
    const line = { color: resolve(series.colour, theme), width: 2.2, dash: series.dash };
    const common = { type: "scatter", mode: "lines", x: columns[x], name: series.label };
    const hovertemplate = "%{customdata:.6~g}";
    if (!smoothing) return [{ ...common, y: drawn, customdata: raw, hovertemplate, line }];
    return [
      { ...common, y: drawn, line: { ...line, width: 1, dash: "solid" }, opacity: 0.3, hoverinfo: "skip" },
      { ...common, y: smooth(drawn, smoothing), customdata: raw, hovertemplate, line },
    ];
  }

  /** The same curve of a run to compare with. */
  dashedLine(whose, series, columns, theme, { smoothing, x }) {
    const raw = valuesOf(series, columns);
    if (!raw) return [];
    const scaled = Array.from(raw, y => (y === null ? NaN : y / (series.scale ?? 1)));
    const line = { color: resolve(series.colour, theme), width: 1.4, dash: "dash" };
    const y = smoothing ? smooth(scaled, smoothing) : scaled;
    const name = `${whose}: ${series.label}`;
    const hovertemplate = "%{customdata:.6~g}";
    const trace = { type: "scatter", mode: "lines", x: columns[x], y, customdata: raw, name, line, hovertemplate };
    return [{ ...trace, opacity: 0.75 }];
  }

  figures({ node, last, range, series }, values) {
    const finite = values ? Array.from(values).filter(isFinite) : [];
    if (!finite.length) return;
    const [low, high] = finite.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, -Infinity]);
    const { looking, last: then } = this.lab.header;
    const past = Number.isInteger(looking);
    const here = past ? thenOf(series, then) : values[values.length - 1];
    change(last, number(here, 4));
    change(range, `${number(low, 3)} … ${number(high, 3)}`);
    node.title = `${past ? `at step ${looking}` : "last"} ${here}, min ${low}, max ${high}`;
  }

  changesAt(columns, x) {
    return (this.lab.header.changes ?? []).map(({ step }) => this.along(x, columns, step));
  }

  /** Where a step stands on the horizontal axis. */
  along(x, columns, step) {
    return x === "step" ? step : interpolate(columns.step, columns.seconds, step);
  }

  /** The line at the step that is looked at, with its number. */
  lookMark(columns, x, theme) {
    const { looking } = this.lab.header;
    if (!Number.isInteger(looking)) return { shapes: [], annotations: [] };
    const at = this.along(x, columns, looking);
    const line = { color: theme.text, width: 2 };
    const font = { size: this.lab.fontSize() - 1, color: theme.background };
    const text = `step ${looking.toLocaleString("en")}`;
    const place = { x: this.options.logX ? Math.log10(Math.max(at, 1e-9)) : at, xanchor: "auto", yref: "paper", y: 0, yanchor: "bottom" };
    return {
      shapes: [{ type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line }],
      annotations: [{ ...place, text, showarrow: false, bgcolor: theme.text, font }],
    };
  }

  /** Triangles along the top where a setting was changed; hovering says which. */
  changeMarks(columns, x) {
    const at = this.changesAt(columns, x);
    if (!at.length) return [];
    const say = ([name, [before, after]]) => `${name}: ${before ?? "off"} → ${after ?? "off"}`;
    const text = this.lab.header.changes.map(({ settings, note }) =>
      [...Object.entries(settings).map(say), ...(note ? [note] : [])].join("<br>"));
    const marker = { symbol: "triangle-down", size: 9, color: this.lab.theme.text };
    const marks = { type: "scatter", mode: "markers", yaxis: "y2", name: "setting", cliponaxis: false };
    return [{ ...marks, x: at, y: at.map(() => 1), text, marker, hovertemplate: "%{text}" }];
  }

  layout(columns, x, range, theme) {
    const { log, logX, outliers } = this.options;
    const levels = this.levels();
    const dotted = width => ({ color: theme.muted, width, dash: "dot" });
    const looked = this.lookMark(columns, x, theme);
    // A title that has no room would lie on the numbers or be cut.
    const [height, letter] = [this.canvas.clientHeight, this.lab.fontSize()];
    const across = height > 9 * letter ? (x === "step" ? this.spec.x ?? "step" : "training time / s") : "";
    const up = height - 4 * letter > 0.55 * letter * this.spec.y.length ? this.spec.y : "";
    return {
      hovermode: "x unified",
      xaxis: {
        title: { text: across },
        type: logX ? "log" : "linear", hoverformat: x === "step" ? ",.0f" : ".2f", uirevision: `${x}${logX}${this.zooms}`,
      },
      yaxis: {
        title: { text: up }, type: log ? "log" : "linear", exponentformat: "power",
        uirevision: `${log}${outliers}${this.zooms}`, ...(range ? { range, autorange: false } : { autorange: true }),
      },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      shapes: [
        ...levels.map(({ y }) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: dotted(1.5) })),
        ...this.changesAt(columns, x).map(at => ({
          type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: dotted(1),
        })),
        ...looked.shapes,
      ],
      annotations: [...looked.annotations, ...levels.map(({ y, label }) => ({
        xref: "paper", x: 1, xanchor: "right", y: log ? Math.log10(y) : y, yanchor: "bottom", text: label,
        showarrow: false, bgcolor: theme.background, opacity: 0.85,
        font: { size: this.lab.fontSize() - 1, color: theme.muted },
      }))],
    };
  }

  /** Plotly's spacing of ticks on a logarithmic axis: as many whole decades as a label needs. */
  logTicks(decades) {
    if (decades < 0) return 1;
    if (decades <= 1.2) return "D2";
    const room = Math.max(2, Math.floor((this.canvas.clientHeight - 50) / (1.6 * this.lab.fontSize())));
    return Math.ceil(decades / room);
  }

  /** The lines to compare with that have a place on the present axis. */
  levels() {
    const { reference = {} } = this.lab.header;
    const known = (this.spec.levels ?? []).map(level => ({ ...level, y: level.value ?? reference[level.reference] }));
    return known.filter(({ y }) => Number.isFinite(y) && (y > 0 || !this.options.log));
  }
}

/** The histories among the arrays of a frame, each with its name. */
function historyOf(arrays) {
  return Object.entries(arrays)
    .filter(([name]) => name.startsWith("history."))
    .map(([name, array]) => [name.slice("history.".length), array]);
}

function valuesOf({ name, product, difference }, columns) {
  if (!product && !difference) return columns[name];
  const [one, other] = (product ?? difference).map(part => columns[part]);
  const combined = product ? (a, b) => a * b : (a, b) => a - b;
  return one && other ? Array.from(one, (value, i) => combined(value ?? NaN, other[i])) : undefined;
}

/** The number of a curve in `last`, the newest of each at the step that is looked at. */
function thenOf(series, last) {
  const columns = Object.fromEntries(Object.entries(last).map(([name, value]) => [name, [value ?? NaN]]));
  return valuesOf(series, columns)?.[0];
}

/** Exponential moving average without the bias of its start; a gap stays a gap. */
function smooth(values, weight) {
  let [sum, mass] = [0, 0];
  return Array.from(values, value => {
    if (!isFinite(value)) return NaN;
    [sum, mass] = [weight * sum + (1 - weight) * value, weight * mass + (1 - weight)];
    return sum / mass;
  });
}

/** Axis range of the 5th to 95th percentile with a margin, in the axis' own terms (log₁₀ for a log axis). */
function middleRange(values, log) {
  const drawn = values.filter(value => isFinite(value) && (!log || value > 0));
  const kept = log ? drawn.map(Math.log10) : drawn;
  if (kept.length < 3) return undefined;
  kept.sort((a, b) => a - b);
  const [low, high] = [kept[Math.floor(0.05 * (kept.length - 1))], kept[Math.ceil(0.95 * (kept.length - 1))]];
  const margin = 0.1 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

/** How many decades positive values span; −1 where there are none. */
function decades(values) {
  const positive = values.filter(value => value > 0 && isFinite(value));
  const [low, high] = positive.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, 0]);
  return positive.length ? Math.log10(high / low) : -1;
}

function interpolate(from, to, at) {
  let i = 1;
  while (i < from.length - 1 && from[i] < at) i += 1;
  if (from.length < 2) return to[0];
  return to[i - 1] + ((at - from[i - 1]) / (from[i] - from[i - 1] || 1)) * (to[i] - to[i - 1]);
}

// ------------------------------------------------------------------------------------------------------- Mosaic

/** Grids of grey images side by side, each pixel a crisp square; ink on paper in the light theme, light on dark. */
class Mosaic extends Panel {
  configure(spec) {
    super.configure(spec);
    this.groups = spec.groups.map(group => this.group(group));
    this.canvas.replaceChildren(...this.groups.map(({ node }) => node));
    this.under.hidden = true;
    this.tools = [menu("More", [action("Picture (PNG)", () => this.image())])];
  }

  group({ array, label }) {
    const canvas = element("canvas", { role: "img", "aria-label": label });
    const [x, y] = [element("span", { class: "x" }), element("span", { class: "y" })];
    const node = element("figure", {}, element("figcaption", {}, label), element("div", { class: "sheet" }, y, canvas, x));
    return { node, canvas, x, y, array };
  }

  draw() {
    super.draw();
    for (const group of this.groups) {
      if (!this.has(group.array)) continue;
      const images = this.lab.arrays[group.array];
      const { columns, scale } = this.arrangement(images.shape);
      paint(group.canvas, images, columns, this.lab.theme);
      group.canvas.style.width = `${Math.max(1, Math.floor(group.canvas.width * scale))}px`;
      group.canvas.style.height = `${Math.max(1, Math.floor(group.canvas.height * scale))}px`;
      this.label(group);
    }
  }

  resize() {
    if (this.lab.header) this.draw();
  }

  /** The number of columns (unless the panel fixes it) that makes the images as large as the panel allows. */
  arrangement([count, height, width]) {
    const across = this.groups.length;
    const labels = this.spec.axes ? 24 : 0;
    const room = [(this.canvas.clientWidth - 12 * (across - 1)) / across - labels, this.canvas.clientHeight - 26 - labels];
    const fixed = this.spec.columns;
    const choices = fixed ? [fixed] : [...Array(count).keys()].map(i => i + 1);
    const scaled = choices.map(columns => {
      const rows = Math.ceil(count / columns);
      const scale = Math.min(room[0] / (columns * (width + 1)), room[1] / (rows * (height + 1)));
      return { columns, scale, merit: scale * (count % columns ? 0.8 : 1) }; // whole rows look better
    });
    return scaled.reduce((best, one) => (one.merit > best.merit ? one : best));
  }

  label({ x, y }) {
    const { axes } = this.spec;
    const ticks = axes && this.lab.arrays[axes.array]?.values;
    if (!ticks) return;
    const [low, high] = [number(ticks[0], 2), number(ticks[ticks.length - 1], 2)];
    change(x, `${low} ← ${axes.x} → ${high}`);
    change(y, `${low} ← ${axes.y} → ${high}`);
  }

  image() {
    const scale = 4;
    const sheet = document.createElement("canvas");
    sheet.width = this.groups.reduce((sum, { canvas }) => sum + scale * (canvas.width + 4), 0);
    sheet.height = scale * Math.max(...this.groups.map(({ canvas }) => canvas.height));
    const context = sheet.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.fillStyle = this.lab.theme.background;
    context.fillRect(0, 0, sheet.width, sheet.height);
    let left = 0;
    for (const { canvas } of this.groups) {
      context.drawImage(canvas, left, 0, scale * canvas.width, scale * canvas.height);
      left += scale * (canvas.width + 4);
    }
    sheet.toBlob(blob => save(blob, this.lab.fileName(this.id, "png")));
  }
}

function paint(canvas, { values, shape: [count, height, width] }, columns, theme) {
  const rows = Math.ceil(count / columns);
  const [w, h] = [columns * (width + 1) - 1, rows * (height + 1) - 1];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(w, h);
  const [paper, ink] = [rgb(theme.paper), rgb(theme.ink)];
  for (let i = 0; i < count; i++) {
    const [left, top] = [(i % columns) * (width + 1), Math.floor(i / columns) * (height + 1)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const share = values[(i * height + y) * width + x] / 255;
        const at = 4 * ((top + y) * w + left + x);
        for (let c = 0; c < 3; c++) picture.data[at + c] = paper[c] + share * (ink[c] - paper[c]);
        picture.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(picture, 0, 0);
}

// ------------------------------------------------------------------------------------- Posterior (an image in)

const PAD = 168; // units of the drawing pad along its side
const DRAW_EVERY = 80; // ms between two pictures sent while the hand draws
const SAMPLE_EVERY = 450; // ms for which a sample stands

/** Choose or draw an x; its code, the reparameterisation with today's numbers, and its samples one after another. */
class Posterior extends Panel {
  constructor(lab, spec) {
    super(lab, spec);
    this.strokes = [];
    this.turn = 0;
    this.pad = element("canvas", { class: "pad", width: 2 * PAD, height: 2 * PAD });
    this.words = element("p", { class: "words" });
    this.choices = element("div", { class: "choices" });
    this.source = element("div", { class: "source" }, this.pad, this.choices);
    this.diagram = element("div", { class: "diagram" });
    this.equations = element("table", { class: "equations" });
    this.equations.setAttribute("aria-label", "The reparameterisation z = μ + σ·ε of the sample shown");
    this.acts = element("div", { class: "acts" });
    const numbers = element("div", { class: "numbers" }, this.equations);
    const below = element("div", { class: "below" }, numbers, this.acts, this.words);
    this.canvas.append(element("div", { class: "inside" }, this.source, this.diagram, below));
    this.canvas.setAttribute("role", "group");
    this.draw28 = document.createElement("canvas");
    this.listen();
    this.timer = setInterval(() => this.tick(), SAMPLE_EVERY);
  }

  configure(spec) {
    super.configure(spec);
    this.images = spec.images;
    this.lab.example.of(spec);
    this.pad.setAttribute("aria-label", spec.images ? "Draw a digit here" : "Click here to choose a point x");
    this.choices.replaceChildren(...(spec.images ? [] : this.coordinates()), ...this.heldOut());
    this.pad.title = spec.images ? "Draw a digit: mouse, finger or pen" : "Click to choose x";
    this.diagram.innerHTML = diagramOf(spec.images);
    this.under.hidden = true;
    this.node.dataset.images = spec.images;
    const next = action("Next sample", () => this.step());
    const zoom = action("Zoom to x", () => this.zoom());
    zoom.title = "Show the latent plane around the posterior of x";
    const all = action("Zoom out", () => this.lab.panels.get(this.spec.plane)?.resetZoom());
    this.acts.replaceChildren(next, ...(spec.latents > 2 ? [] : [zoom, all]));
  }

  enter() {
    this.strokes = [];
    this.lab.example.of(this.spec);
  }

  resize() {}

  // ---- choosing x ----

  heldOut() {
    const say = label => ({ "aria-label": label, title: label });
    const button = (label, title, act) => Object.assign(action(label, act), { title, ariaLabel: title });
    this.index = element("input", { type: "number", min: 0, max: 999, step: 1, ...say("Held-out example, 0 to 999") });
    this.index.onchange = () => this.pick(this.index.valueAsNumber);
    return [
      element("span", { class: "held" }, "held out",
        button("‹", "Previous held-out example", () => this.pick(this.shownRow() - 1)),
        this.index,
        button("›", "Next held-out example", () => this.pick(this.shownRow() + 1))),
      button("Random", "A random held-out example", () => this.pick(Math.floor(1000 * Math.random()))),
      ...(this.spec.images ? [button("Clear", "Clear the drawing", () => this.wipe())] : []),
    ];
  }

  coordinates() {
    this.boxes = ["x₁", "x₂"].map(name => element("input", { type: "number", step: 0.1, "aria-label": name, title: name }));
    for (const box of this.boxes) {
      box.onchange = () => {
        this.choose(this.boxes.map(({ valueAsNumber: value }) => Math.max(-1000, Math.min(1000, value || 0))));
      };
    }
    return [element("span", { class: "held" }, "x", ...this.boxes)];
  }

  /** The held-out row that is shown or was shown last. */
  shownRow() {
    return this.row ?? -1;
  }

  pick(row) {
    if (!isFinite(row)) return;
    this.strokes = [];
    this.choose({ held_out: ((Math.round(row) % 1000) + 1000) % 1000 });
  }

  wipe() {
    this.strokes = [];
    this.paintPad();
  }

  choose(x) {
    this.lab.example.choose(x);
    this.lab.panels.get(this.spec.plane)?.light(this.spec.overlays);
  }

  listen() {
    const place = event => {
      const { left, top, width, height } = this.pad.getBoundingClientRect();
      return [(PAD * (event.clientX - left)) / width, (PAD * (event.clientY - top)) / height];
    };
    this.pad.onpointerdown = event => {
      if (event.button) return;
      event.preventDefault();
      this.pad.setPointerCapture(event.pointerId);
      this.hand = event.pointerId;
      if (this.images) this.strokes.push([]);
      this.pressed([place(event)], true);
    };
    this.pad.onpointermove = event => {
      if (event.pointerId !== this.hand) return;
      // A fast hand makes more places than events.
      const events = event.getCoalescedEvents?.() ?? [];
      const due = performance.now() - (this.lab.example.asked ?? 0) > DRAW_EVERY;
      this.pressed((events.length ? events : [event]).map(place), due);
    };
    this.pad.onpointerup = this.pad.onpointercancel = event => {
      if (event.pointerId !== this.hand) return;
      this.hand = null;
      if (!this.sent) this.send();
    };
  }

  /** The hand is at these places, one after another. The first place and the last are always sent, others when due. */
  pressed(places, due) {
    this.place = places.at(-1);
    this.sent = due;
    if (this.images) {
      this.strokes.at(-1)?.push(...places);
      this.paintPad();
    }
    if (due) this.send();
  }

  send() {
    if (this.images) return this.encodeDrawing();
    const { extent } = this.spec;
    const [x, y] = this.place;
    this.choose([(2 * x) / PAD - 1, 1 - (2 * y) / PAD].map(share => Number((extent * share).toFixed(4))));
  }

  encodeDrawing() {
    const pixels = likeMnist(this.strokes);
    if (pixels) this.choose(btoa(String.fromCharCode(...pixels)));
  }

  // ---- what is shown ----

  draw() {
    super.draw();
    const { arrays } = this.lab;
    const about = arrays["posterior.about"];
    if (!about || !this.fits()) return;
    const [, row, label] = about.values;
    this.row = row >= 0 ? row : this.row;
    if (document.activeElement !== this.index) this.index.value = row >= 0 ? row : "";
    if (this.boxes && !this.images && !this.boxes.includes(document.activeElement)) {
      this.boxes.forEach((box, i) => (box.value = Number(arrays["posterior.x"].values[i].toFixed(2))));
    }
    const drawn = this.images ? "x: drawn, fitted like MNIST" : "x: a point of your own";
    change(this.words, row < 0 ? drawn : label < 0 ? `x: held out, ${row}` : `x: held out, class ${label}`);
    this.node.dataset.x = row >= 0 ? "held out" : "chosen";
    this.paintPad();
    this.drawSample();
  }

  /** After news of x: the samples so far on the latent plane, and the panel where it can be seen. */
  renew() {
    if (this.shown) this.draw();
    else if (this.fits()) this.takeSample();
  }

  /** Whether the arrays are of a model with these latents and data. */
  fits() {
    const { arrays } = this.lab;
    const k = arrays["posterior.mean"]?.shape[1];
    return k === this.spec.latents && (arrays["posterior.x"].shape.length === 2) === this.images;
  }

  paintPad() {
    // Twice as many canvas pixels as units: sharp also where the pad is large.
    this.pad.getContext("2d").setTransform(2, 0, 0, 2, 0, 0);
    if (this.images) this.paintDrawing();
    else this.paintPlane();
  }

  paintDrawing() {
    const context = this.pad.getContext("2d");
    const { theme, arrays } = this.lab;
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, PAD, PAD);
    const x = arrays["posterior.x"];
    if (this.strokes.length) strokeAll(context, this.strokes, PAD / 11, theme.ink);
    else if (x?.shape.length === 2 && this.hand == null) {
      context.imageSmoothingEnabled = false;
      context.drawImage(this.picture(x, 0), 0, 0, PAD, PAD);
    }
  }

  /** The data's plane: data, x, and the decoded samples so far. */
  paintPlane() {
    const { theme, arrays } = this.lab;
    const { extent } = this.spec;
    const context = this.pad.getContext("2d");
    const at = (x, y) => [(PAD * (1 + x / extent)) / 2, (PAD * (1 - y / extent)) / 2];
    const marks = (array, count, colour, draw) => {
      context.fillStyle = context.strokeStyle = colour;
      for (let i = 0; i < Math.min(count, array?.shape[0] ?? 0); i++) draw(...at(...array.values.subarray(2 * i, 2 * i + 2)));
    };
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, PAD, PAD);
    const data = arrays["reconstruction.input"] ?? arrays["latent.xy"];
    if (data?.shape.length === 2) marks(data, 300, theme.real, (x, y) => context.fillRect(x - 1, y - 1, 2, 2));
    marks(arrays["posterior.decoded"], this.turn + 1, theme.generated, (x, y) => {
      context.beginPath();
      for (const [dx, dy] of [[0, -4], [4, 0], [0, 4], [-4, 0]]) context.lineTo(x + dx, y + dy);
      context.fill();
    });
    context.lineWidth = 3;
    marks({ values: arrays["posterior.x"].values, shape: [1, 2] }, 1, theme.text, (x, y) => {
      context.beginPath();
      for (const [dx, dy] of [[-7, -7], [7, 7], [NaN], [-7, 7], [7, -7]]) {
        if (isNaN(dx)) context.stroke(), context.beginPath();
        else context.lineTo(x + dx, y + dy);
      }
      context.stroke();
    });
  }

  /** Picture number i of an array of pictures, one pixel a pixel. */
  picture({ values }, i) {
    paint(this.draw28, { values: values.subarray(784 * i, 784 * (i + 1)), shape: [1, 28, 28] }, 1, this.lab.theme);
    return this.draw28;
  }

  /** The numbers of latents of the present sample in an array with one row for each sample. */
  present(array) {
    const k = this.spec.latents;
    return array.values.subarray(k * this.turn, k * (this.turn + 1));
  }

  takeSample() {
    const { arrays } = this.lab;
    const [z, k] = [arrays["posterior.z"], this.spec.latents];
    arrays["drawn.z"] = { values: z.values.subarray(0, k * (this.turn + 1)), shape: [this.turn + 1, k] };
    arrays["drawn.newest"] = { values: this.present(z), shape: [1, k] };
  }

  drawSample() {
    const { arrays } = this.lab;
    const [mean, std, noise, z] = ["mean", "std", "noise", "z"].map(name => arrays[`posterior.${name}`]);
    this.takeSample();
    this.writeEquations(mean.values, std.values, this.present(noise), this.present(z));
    const show = (name, array, i) => {
      const place = this.diagram.querySelector(`[data-show="${name}"]`);
      place?.setAttribute("href", this.picture(array, i).toDataURL());
    };
    show("x", arrays["posterior.x"], 0);
    show("out", arrays["posterior.decoded"], this.turn);
    change(this.diagram.querySelector("[data-show=turn]"), `sample ${this.turn + 1} of ${z.shape[0]}`);
  }

  /** One row for each latent: z = μ + σ · ε with the numbers of the sample shown. */
  writeEquations(mean, std, noise, z) {
    const k = mean.length;
    if (this.equations.rows.length !== k + 1) {
      const cells = names => element("tr", {}, ...names.map(([tag, name, text]) => {
        const cell = rich(tag, text);
        if (name) cell.dataset.term = name;
        return cell;
      }));
      const head = cells([["th", "", ""], ["th", "", "z ="], ["th", "", "μ +"], ["th", "", "σ ·"], ["th", "", "ε"]]);
      const rows = Array.from({ length: k }, (_, j) =>
        cells([["th", "", String(j + 1)], ["td", "z", ""], ["td", "mean", ""], ["td", "std", ""], ["td", "noise", ""]]));
      this.equations.replaceChildren(head, ...rows);
    }
    [z, mean, std, noise].forEach((values, column) => {
      for (let j = 0; j < k; j++) change(this.equations.rows[j + 1].cells[column + 1], fixed(values[j]));
    });
  }

  // ---- one sample after another ----

  moves() {
    return this.shown && !this.lab.frozen && !CALM && !document.hidden && this.lab.arrays["posterior.z"];
  }

  tick() {
    if (this.moves()) this.step();
  }

  step() {
    const z = this.lab.arrays["posterior.z"];
    if (!z || !this.fits()) return;
    this.turn = (this.turn + 1) % z.shape[0];
    this.drawSample();
    if (!this.images) this.paintPad();
    const plane = this.lab.panels.get(this.spec.plane);
    // While frames come they draw the plane anyway.
    if (this.lab.header?.status !== "running" && plane?.shown && plane.on?.["x-samples"] && plane.canvas._fullLayout) plane.draw();
  }

  /** The latent plane, around the posterior of x. */
  zoom() {
    const { arrays } = this.lab;
    const plane = this.lab.panels.get(this.spec.plane);
    if (!plane || !this.fits()) return;
    this.lab.panels.get(this.spec.plane).light(this.spec.overlays);
    this.lab.reveal(this.spec.plane);
    const [mean, std] = [arrays["posterior.mean"].values, arrays["posterior.std"].values];
    const others = arrays["evidence.mean"] ? [arrays["evidence.mean"].values, arrays["evidence.std"].values] : [mean, std];
    const ranges = Array.from(mean, (m, j) => {
      const [low, high] = [Math.min(m - 4 * std[j], others[0][j] - 4 * others[1][j]), Math.max(m + 4 * std[j], others[0][j] + 4 * others[1][j])];
      return [low, high];
    });
    const half = Math.max(...ranges.map(([low, high]) => (high - low) / 2));
    plane.zoomTo(ranges.map(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]));
  }

  close() {
    clearInterval(this.timer);
    super.close();
  }
}

const fixed = value => (Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(3)).replace("-", "−");

/** x → encoder → μ, σ → z → decoder → x̂, and the way of the gradient back: all arrows are the gradient's. */
function diagramOf(images) {
  const box = (x, y, w, h, text) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5"/><text x="${x + w / 2}" y="${y + h / 2 + 5}">${text}</text>`;
  const ball = (x, y, r, text, more = "") => `<circle cx="${x}" cy="${y}" r="${r}" ${more}/><text x="${x}" y="${y + 6}">${text}</text>`;
  const arrow = (path, kind = "gradient") => `<path class="${kind}" marker-end="url(#genlab-${kind})" d="${path}"/>`;
  const picture = (name, x, y, label) =>
    images
      ? `<image data-show="${name}" x="${x}" y="${y}" width="44" height="44"/><text x="${x + 22}" y="${y + 60}">${label}</text>`
      : `<text x="${x + 22}" y="${y + 28}">${label}</text>`;
  const head = kind =>
    `<marker id="genlab-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="11" markerHeight="11"
      markerUnits="userSpaceOnUse" orient="auto"><path class="head ${kind}" d="M0 0L8 4L0 8Z"/></marker>`;
  return `<svg viewBox="0 0 452 156" role="img" aria-label="The encoder makes μ and σ of x; z = μ + σ·ε; the decoder makes
    x̂ of z. The gradient flows from x̂ back through z to μ and σ and into the encoder, and not to ε."><defs>
    ${head("gradient")}${head("none")}</defs>
    ${picture("x", 0, 28, "x")}${box(56, 32, 66, 36, "encoder")}
    ${ball(152, 24, 15, "μ")}${ball(152, 88, 15, "σ")}${ball(152, 136, 15, "ε", 'class="drawn"')}
    ${box(244, 58, 72, 36, "μ + σ·ε")}<text x="280" y="50">z</text>
    ${box(330, 58, 66, 36, "decoder")}${picture("out", 408, 54, "x̂")}
    ${arrow("M408 76H399")}${arrow("M330 76H319")}${arrow("M244 68L170 30")}${arrow("M244 80L170 87")}
    ${arrow("M137 28L124 40")}${arrow("M138 83L124 64")}${arrow("M244 90L170 129", "none")}
    <text class="left" x="176" y="20">∂z/∂μ = 1</text><text class="left" x="172" y="79">∂z/∂σ = ε</text>
    <text class="left" x="216" y="122">no gradient</text><text class="left" x="172" y="150">ε ~ N(0, I)</text>
    <text class="right" x="452" y="16" data-show="turn"></text></svg>`;
}

function strokeAll(context, strokes, width, colour) {
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: width, strokeStyle: colour });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const place of stroke) context.lineTo(...place);
    context.stroke();
  }
}

/**
 * 784 grey bytes of a drawing the way MNIST was made: the ink is fitted into 20 × 20 pixels with its shape kept, the
 * edges are smooth, and the centre of mass stands in the middle of 28 × 28. Null without ink.
 */
function likeMnist(strokes) {
  const places = strokes.flat();
  if (!places.length) return null;
  const pen = 2.4; // pixels of a line in the finished picture, about that of the set
  const [xs, ys] = [0, 1].map(axis => places.map(place => place[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  // A dot stays a dot: what is smaller than a quarter of the pad is not blown up to the whole picture.
  const scale = (20 - pen) / Math.max(right - left, bottom - top, PAD / 4);
  const fine = 8; // canvas pixels along a pixel
  const side = 28 * fine;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const render = ([dx, dy]) => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, side, side);
    const move = ([x, y]) => [fine * (14 + dx + scale * (x - (left + right) / 2)), fine * (14 + dy + scale * (y - (top + bottom) / 2))];
    strokeAll(context, strokes.map(stroke => stroke.map(move)), fine * pen, "#fff");
    return context.getImageData(0, 0, side, side).data;
  };
  const [x, y] = centreOfMass(render([0, 0]), side).map(value => value / fine);
  return shrink(render([14 - x, 14 - y]), side, fine);
}

function centreOfMass(data, side) {
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < side * side; i++) {
    const ink = data[4 * i];
    mass += ink;
    x += ink * ((i % side) + 0.5);
    y += ink * (Math.floor(i / side) + 0.5);
  }
  return [x / mass, y / mass];
}

/** The mean of each fine × fine block. */
function shrink(data, side, fine) {
  const width = side / fine;
  const sums = new Float64Array(width * width);
  for (let i = 0; i < side * side; i++) {
    sums[Math.floor(i / side / fine) * width + Math.floor((i % side) / fine)] += data[4 * i];
  }
  return Uint8Array.from(sums, sum => Math.round(sum / fine ** 2));
}

// ------------------------------------------------------------------------------------ Bound (how tight it is)

/** log p(x) = ELBO + amortisation gap + approximation gap, for the chosen x and over held-out examples. */
class Bound extends PlotlyPanel {
  configure(spec) {
    super.configure(spec);
    this.table = element("table", { class: "terms" });
    this.note = element("p", { class: "note" });
    this.under.replaceChildren(this.table, this.note);
    this.tools = [this.menu()];
  }

  async draw() {
    super.draw();
    const { arrays } = this.lab;
    this.node.dataset.current = String(Boolean(arrays["evidence.step"]));
    if (this.spec.exact) await this.drawExact(arrays["evidence.terms"]);
    else await this.drawLadder();
  }

  /** The three rows: x, and mean and median over the held-out examples done so far. */
  rows(terms) {
    const { arrays } = this.lab;
    const rows = [];
    this.when = [];
    if (terms) {
      const step = arrays["evidence.step"].values[0].toLocaleString("en");
      this.when.push(`x: step ${step}`);
      rows.push({ name: "x", values: Array.from(terms.values), error: arrays["evidence.error"].values });
    }
    const survey = arrays["survey.terms"];
    if (survey) {
      const all = rowsOf(survey).filter(row => row.every(isFinite));
      const columns = [0, 1, 2, 3].map(j => all.map(row => row[j]));
      const steps = arrays["survey.steps"].values;
      const [first, last] = [Math.min(...steps), Math.max(...steps)].map(step => step.toLocaleString("en"));
      this.when.push(`mean, median: ${all.length} held out, ${first === last ? `step ${first}` : `steps ${first}–${last}`}`);
      const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
      rows.push({ name: "mean", values: columns.map(mean) }, { name: "median", values: columns.map(middle) });
    }
    return rows;
  }

  async drawExact(terms) {
    const rows = this.rows(terms);
    if (!rows.length) return;
    this.writeTable(rows);
    const { theme } = this.lab;
    const bars = rows.filter(({ name }) => name !== "median").reverse();
    const y = bars.map(({ name }) => (name === "x" ? "x" : "mean"));
    const gaps = bars.map(({ values: [, , amortised, approximated] }) => [Math.max(0, amortised), Math.max(0, approximated)]);
    const longest = Math.max(1e-3, ...gaps.map(([one, other]) => one + other));
    const stub = 0.3 * longest;
    const bar = (name, colour, base, length, text, pattern) => ({
      type: "bar", orientation: "h", name, y, base, x: length, text, textposition: "inside", insidetextanchor: "middle",
      constraintext: "none", cliponaxis: false, width: 0.62, textfont: { color: "#fff" },
      marker: { color: colour, pattern: { shape: pattern, bgcolor: colour, fgcolor: "#fff", size: 8, solidity: 0.15 } },
      hovertemplate: `${name}: %{customdata:.4f} nats<extra></extra>`,
    });
    const zero = bars.map(() => 0);
    const traces = [
      { ...bar("ELBO", theme.elbo, bars.map(() => -stub), bars.map(() => stub), bars.map(({ values }) => short(values[1])), ""),
        customdata: bars.map(({ values }) => values[1]) },
      { ...bar("amortisation gap", theme.kl, zero, gaps.map(([one]) => one), [], "/"), customdata: bars.map(({ values }) => values[2]) },
      { ...bar("approximation gap", theme.exact, gaps.map(([one]) => one), gaps.map(([, other]) => other), [], "."),
        customdata: bars.map(({ values }) => values[3]) },
      {
        type: "scatter", mode: "markers+text", y, x: gaps.map(([one, other]) => one + other), cliponaxis: false,
        text: bars.map(({ values }) => `  log p(x) = ${short(values[0])}`), textposition: "middle right",
        marker: { symbol: "line-ns-open", size: Math.max(14, 0.28 * this.canvas.clientHeight), color: theme.text, line: { width: 3 } }, hoverinfo: "skip",
        error_x: { type: "data", array: bars.map(({ error }) => error?.[0] ?? 0), color: theme.text },
      },
    ];
    await this.react(traces, {
      barmode: "overlay", bargap: 0.2, hovermode: "closest",
      xaxis: { range: [-stub, 1.6 * longest + stub], zeroline: false },
      yaxis: { type: "category", range: [-0.5, 1.5], categoryarray: ["mean", "x"], showgrid: false, fixedrange: true },
    });
  }

  writeTable(rows) {
    const head = ["nats", "log p(x)", "= ELBO", "+ amortisation gap", "+ approximation gap"];
    const marks = [null, null, "elbo", "kl", "exact"];
    if (this.headed !== JSON.stringify(this.lab.theme)) {
      this.table.replaceChildren(element("tr", {}, ...head.map((text, i) => {
        const cell = element("th", { scope: "col" }, text);
        if (marks[i]) cell.style.borderBottomColor = this.lab.theme[marks[i]];
        return cell;
      })));
      this.headed = JSON.stringify(this.lab.theme);
    }
    while (this.table.rows.length > rows.length + 1) this.table.deleteRow(-1);
    change(this.note, `${this.when.join(" · ")} · axis: nats above the ELBO (bar cut)`);
    rows.forEach(({ name, values, error }, i) => {
      const row = this.table.rows[i + 1] ?? this.table.insertRow();
      const texts = [name, ...values.map(value => value.toFixed(3).replace("-", "−"))];
      if (error) texts[1] += ` ± ${(Math.ceil(1000 * error[0]) / 1000).toFixed(3)}`;
      row.dataset.row = name;
      row.dataset.values = JSON.stringify([...values, ...(error ?? [])]);
      texts.forEach((text, j) => change(row.cells[j] ?? row.insertCell(), text));
    });
  }

  /** More than two latents: the importance-weighted bound rises towards log p(x) with the number of draws. */
  async drawLadder() {
    const { arrays, theme } = this.lab;
    const [k, bound, error] = ["k", "bound", "error"].map(name => arrays[`ladder.${name}`]?.values);
    if (!k) return;
    this.node.dataset.ladder = JSON.stringify(Array.from(bound));
    this.table.replaceChildren();
    this.headed = "";
    const text = Array.from(bound, value => number(value, 5));
    await this.react([{
      type: "scatter", mode: "lines+markers+text", x: Array.from(k), y: Array.from(bound), text,
      // Below its point the first number would stand on the axis.
      textposition: text.map((_, i) => (i ? "bottom right" : "middle right")),
      line: { color: theme.elbo, width: 2.5 }, marker: { size: 9, color: theme.elbo }, cliponaxis: false,
      error_y: { type: "data", array: Array.from(error), color: theme.text },
      hovertemplate: "K = %{x}: %{y:.3f} nats<extra></extra>",
    }], {
      xaxis: { type: "log", title: { text: "K draws; K = 1 is the ELBO" }, tickvals: Array.from(k), range: [-0.2, 3.6] },
      yaxis: { title: { text: `L<sub>K</sub> of x / nats, step ${arrays["evidence.step"].values[0].toLocaleString("en")}` } },
    });
  }
}

const short = value => value.toFixed(2).replace("-", "−");

const middle = values => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};

// ----------------------------------------------------------------------------------------------------------- Map

const EXAMINE_EVERY = 1000; // ms between two looks at the chosen cell while the map trains
const REPORT_AFTER = 300; // ms after the last move over the map before the page hears of the chosen cell

/** A map of instability: a coloured square for each model, chosen with the mouse or the arrow keys. */
class InstabilityMap extends PlotlyPanel {
  constructor(lab, spec) {
    super(lab, spec);
    this.cell = null;
    this.tools = [this.menu()];
    this.canvas.tabIndex = 0;
    this.canvas.addEventListener("keydown", event => this.move(event));
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of the map" });
    this.left = element("span", { class: "left" });
    this.chosen = element("p", { class: "cell", role: "status", "aria-live": "polite" });
    this.under.replaceChildren(this.bar, this.left, this.chosen);
  }

  configure(spec) {
    super.configure(spec);
    const keys = "arrow keys choose a model";
    this.canvas.setAttribute("aria-label", `${spec.measure.label} over ${spec.x.label} and ${spec.y.label}; ${keys}`);
    if (spec.cell !== null && spec.cell !== this.cell) this.pick(spec.cell);
  }

  async draw() {
    const { info = {}, status, step } = this.lab.header;
    this.bar.value = info.progress ?? 0;
    const percent = `${Math.floor(100 * (info.progress ?? 0))} %`;
    const left = info.remaining ? ` · about ${duration(info.remaining)} of training left` : "";
    this.caption.hidden = true;
    change(this.left, status === "running" ? percent + left : percent);
    change(this.chosen, this.cell === null ? "Choose a cell to see its model." : this.words(this.cell));
    if (!this.lab.arrays["map.diverged"] || !this.fits()) return;
    await this.react(this.traces(), this.layout());
    this.listen();
    if (this.cell !== null && this.asked !== `${this.cell} ${step} ${status}`) this.ask();
  }

  /** Whether the arrays belong to this map and not to the one before it. */
  fits() {
    const { x, y } = this.spec;
    return this.lab.arrays["map.diverged"].values.length === x.values.length * y.values.length;
  }

  /** The measure of a cell; null where there is none. */
  value(cell) {
    const value = this.lab.arrays[`map.${this.spec.measure.name}`]?.values[cell] ?? NaN;
    const absent = this.spec.measure.name === "diverged" && value < 0;
    return absent || !isFinite(value) ? null : value;
  }

  divergedAt(cell) {
    return this.lab.arrays["map.diverged"]?.values[cell] ?? -1;
  }

  place(cell) {
    const columns = this.spec.x.values.length;
    return [cell % columns, Math.floor(cell / columns)];
  }

  words(cell) {
    const { x, y, measure } = this.spec;
    const [column, row] = this.place(cell);
    const gone = this.divergedAt(cell);
    const value = this.value(cell);
    const figure = measure.name === "diverged" ? "" : `${measure.label}: ${value === null ? "not yet" : number(value, 4)}`;
    const end = gone >= 0 ? `diverged at step ${gone}` : measure.name === "diverged" ? "has not diverged" : "";
    const found = [figure, end].filter(Boolean).join(" · ");
    return `${x.label} = ${x.values[column]} · ${y.label} = ${y.values[row]} · ${found}`;
  }

  traces() {
    const { x, y, measure } = this.spec;
    const { theme } = this.lab;
    const cells = [...Array(x.values.length * y.values.length).keys()];
    const rows = of => y.values.map((_, row) => x.values.map((_, column) => of(row * x.values.length + column)));
    const coloured = cell => (measure.name !== "diverged" && this.divergedAt(cell) >= 0 ? null : this.value(cell));
    const scaled = value => (value === null || (measure.log && value <= 0) ? null : measure.log ? Math.log10(value) : value);
    const z = rows(cell => scaled(coloured(cell)));
    const [zmin, zmax] = colourRange(z.flat().filter(value => value !== null), measure);
    const gone = cells.filter(cell => this.divergedAt(cell) >= 0);
    const common = { type: "heatmap", x: x.values.map((_, i) => i), y: y.values.map((_, i) => i), xgap: 2, ygap: 2 };
    return [
      {
        ...common, z: rows(cell => (this.divergedAt(cell) >= 0 ? 1 : 0)), showscale: false, hoverinfo: "skip",
        zmin: 0, zmax: 1, colorscale: [[0, theme.paper], [1, mix(theme.background, theme.text, 0.3)]],
      },
      {
        ...common, z, zmin, zmax, colorscale: "Cividis", hoverongaps: true,
        text: rows(cell => this.words(cell).replaceAll(" · ", "<br>")), hovertemplate: "%{text}<extra></extra>",
        colorbar: {
          thickness: 14, outlinewidth: 0, title: { text: measure.label, side: "right" }, ...colourTicks(zmin, zmax, measure),
        },
      },
      {
        type: "scatter", mode: "text", hoverinfo: "skip", x: gone.map(cell => this.place(cell)[0]),
        y: gone.map(cell => this.place(cell)[1]), text: gone.map(() => "✖"),
        textfont: { size: this.lab.fontSize() + 3, color: theme.text },
      },
    ];
  }

  layout() {
    const { x, y } = this.spec;
    const { theme } = this.lab;
    const axis = ({ label, values }) => ({
      title: { text: label }, tickvals: values.map((_, i) => i), ticktext: values, range: [-0.5, values.length - 0.5],
      showgrid: false, zeroline: false, fixedrange: true,
    });
    const [column, row] = this.cell === null ? [] : this.place(this.cell);
    const frame = (colour, width) => ({
      type: "rect", x0: column - 0.48, x1: column + 0.48, y0: row - 0.48, y1: row + 0.48, line: { color: colour, width },
    });
    // Light in dark or dark in light: the frame stands out from every colour of the scale.
    const shapes = this.cell === null ? [] : [frame(theme.background, 7), frame(theme.text, 3)];
    return { xaxis: axis(x), yaxis: axis(y), shapes, hovermode: "closest", dragmode: false };
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.canvas.on("plotly_click", ({ points: [{ x, y }] }) => this.choose(y * this.spec.x.values.length + x));
  }

  move(event) {
    const columns = this.spec.x.values.length;
    const rows = this.spec.y.values.length;
    const [right, up] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (right === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const [column, row] = this.cell === null ? [0, 0] : this.place(this.cell);
    const within = (place, size) => Math.min(size - 1, Math.max(0, place));
    this.choose(within(row + up, rows) * columns + within(column + right, columns));
  }

  /** A person's choice: shown at once, and told to the page when the hand rests. */
  choose(cell) {
    this.pick(cell);
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.lab.choose(cell), REPORT_AFTER);
    this.lab.draw();
  }

  pick(cell) {
    this.cell = cell;
    this.asked = null;
    this.askedAt = -Infinity;
  }

  /** Asks for the chosen cell, not too often while the map trains. */
  ask() {
    const early = EXAMINE_EVERY - (performance.now() - this.askedAt);
    clearTimeout(this.asking);
    if (early > 0) {
      this.asking = setTimeout(() => this.lab.draw(), early);
      return;
    }
    const { step, status } = this.lab.header;
    this.asked = `${this.cell} ${step} ${status}`;
    this.askedAt = performance.now();
    this.lab.feed.send({ type: "examine", id: 0, cell: this.cell });
  }

  /** What the worker knows of a cell; an answer about one that was left meanwhile is not shown. */
  examined(header, arrays) {
    if (header.cell !== this.cell) return;
    for (const name of Object.keys(this.lab.arrays)) if (!name.startsWith("map.")) delete this.lab.arrays[name];
    Object.assign(this.lab.arrays, arrays);
    this.lab.root.dataset.cell = header.cell;
    this.lab.draw();
  }

  close() {
    clearTimeout(this.telling);
    clearTimeout(this.asking);
    super.close();
  }
}

/** The ends of the colours: known ones, or those of the values without the outermost twentieth. */
function colourRange(values, { low, high, log }) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [from, to] = [low ?? at(log ? 0 : 0.05), high ?? at(log ? 1 : 0.95)];
  return [from, to > from ? to : from + 1];
}

function colourTicks(low, high, { log, whole }) {
  // Between few whole numbers there is nothing to read.
  if (!log) return whole && high - low <= 10 ? { dtick: 1 } : {};
  const decades = [];
  for (let power = Math.ceil(low); power <= high; power++) decades.push(power);
  const tickvals = decades.length > 1 ? decades : [low, (low + high) / 2, high];
  return { tickvals, ticktext: tickvals.map(power => number(10 ** power, 2)) };
}

const PANELS = {
  plot: Plot, explorer: Explorer, curves: Curves, mosaic: Mosaic, posterior: Posterior, bound: Bound, map: InstabilityMap,
};

// --------------------------------------------------------------------------------------------------- Transforms

const column = ({ values, shape: [rows, width] }, index) =>
  Float64Array.from({ length: rows }, (_, i) => values[i * width + index]);

const rowsOf = ({ values, shape: [rows, width] }) =>
  Array.from({ length: rows }, (_, i) => values.subarray(i * width, (i + 1) * width));

const fieldRange = ({ info }) => [info.field_centre ?? 0.5, info.field_span || 0.5];

function classPoints({ values, shape: [, width] }, labels, [x, y], count, wanted) {
  const rows = [...labels.values.subarray(0, count).keys()].filter(i => labels.values[i] === wanted);
  return { x: rows.map(i => values[i * width + x]), y: rows.map(i => values[i * width + y]) };
}

const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** From arrays of a frame to attributes of a trace (or of the layout). Python names them in a panel's `bind`. */
const TRANSFORMS = {
  columns: ({ points }, { columns: [x, y], count }) => ({
    x: column(points, x).subarray(0, count),
    y: column(points, y).subarray(0, count),
  }),

  /** Rows of one class only. */
  ofClass: ({ points, labels }, { columns, count, class: wanted }) => classPoints(points, labels, columns, count, wanted),

  /** The name of each class at the median of its rows. */
  classNames({ points, labels }, { columns, count }) {
    const middles = [...Array(10).keys()].map(wanted => {
      const { x, y } = classPoints(points, labels, columns, count, wanted);
      return { x: median(x), y: median(y), text: String(wanted) };
    });
    const there = middles.filter(({ x }) => x !== undefined);
    return { x: there.map(({ x }) => x), y: there.map(({ y }) => y), text: there.map(({ text }) => text) };
  },

  /** Colour by the angle of a position, so that neighbours in the data can be found again elsewhere. */
  angle: ({ positions: { values, shape } }, { count }) => ({
    "marker.color": Array.from({ length: Math.min(count, shape[0]) }, (_, i) =>
      Math.atan2(values[2 * i + 1], values[2 * i]),
    ),
  }),

  /** The lines of a mesh (rows, columns, 2), separated by gaps. */
  mesh({ mesh: { values, shape: [rows, columns] } }) {
    const [x, y] = [[], []];
    const go = (r, c) => {
      x.push(values[2 * (r * columns + c)]);
      y.push(values[2 * (r * columns + c) + 1]);
    };
    const gap = () => [x, y].forEach(list => list.push(null));
    for (let r = 0; r < rows; r++, gap()) for (let c = 0; c < columns; c++) go(r, c);
    for (let c = 0; rows > 1 && c < columns; c++, gap()) for (let r = 0; r < rows; r++) go(r, c);
    return { x, y };
  },

  field({ x, y, z }, _, header) {
    const [centre, span] = fieldRange(header);
    return { x: x.values, y: y.values, z: rowsOf(z), zmin: centre - span, zmax: centre + span };
  },

  /** Seven level lines over the range of the field's colours. */
  contours({ x, y, z }, _, header) {
    const [centre, span] = fieldRange(header);
    return {
      x: x.values, y: y.values, z: rowsOf(z), autocontour: false,
      "contours.start": centre - 0.75 * span, "contours.end": centre + 0.76 * span, "contours.size": span / 4,
    };
  },

  /** Arrows whose length grows with log₁₀ of the vector's norm: none at `shortest`, `length` at `longest`. */
  arrows({ from, along }, { length, shortest, longest }) {
    const [x, y] = [[], []];
    for (let i = 0; i < from.shape[0]; i++) {
      const [px, py] = from.values.subarray(2 * i);
      const [vx, vy] = along.values.subarray(2 * i);
      const norm = Math.hypot(vx, vy);
      const share = Math.min(1, Math.log10(norm / shortest) / Math.log10(longest / shortest));
      if (!(share > 0)) continue;
      const [dx, dy] = [(length * share * vx) / norm, (length * share * vy) / norm];
      const [tx, ty] = [px + dx, py + dy];
      x.push(px, tx, null, tx - 0.3 * dx - 0.18 * dy, tx, tx - 0.3 * dx + 0.18 * dy, null);
      y.push(py, ty, null, ty - 0.3 * dy + 0.18 * dx, ty, ty - 0.3 * dy - 0.18 * dx, null);
    }
    return { x, y };
  },

  /** One-standard-deviation ellipses of the first `count` rows. */
  ellipses({ mean, std }, { count, columns: [a, b] }) {
    const [x, y] = [[], []];
    const width = mean.shape[1];
    for (let i = 0; i < Math.min(count, mean.shape[0]); i++) {
      for (let k = 0; k <= 24; k++) {
        x.push(mean.values[i * width + a] + std.values[i * width + a] * Math.cos((k * Math.PI) / 12));
        y.push(mean.values[i * width + b] + std.values[i * width + b] * Math.sin((k * Math.PI) / 12));
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  /** The same ellipses from a root of their covariance (n, 3): seen along axes that are not the latents' own. */
  shadowEllipses({ mean, root }) {
    const [x, y] = [[], []];
    for (let i = 0; i < root.shape[0]; i++) {
      const [l11, l21, l22] = root.values.subarray(3 * i);
      for (let k = 0; k <= 24; k++) {
        const [cos, sin] = [Math.cos((k * Math.PI) / 12), Math.sin((k * Math.PI) / 12)];
        x.push(mean.values[2 * i] + l11 * cos);
        y.push(mean.values[2 * i + 1] + l21 * cos + l22 * sin);
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  /** 1σ and 2σ of one Gaussian, from its standard deviations or from a root of its covariance. */
  outline({ mean, std, root }, { columns: [a, b] }) {
    if (!(mean.shape[1] >= 2)) return { x: [], y: [] };
    const [l11, l21, l22] = root ? root.values : [std.values[a], 0, std.values[b]];
    const [x, y] = [[], []];
    for (const sigmas of [1, 2]) {
      for (let i = 0; i <= 60; i++) {
        const [cos, sin] = [Math.cos((i * Math.PI) / 30), Math.sin((i * Math.PI) / 30)];
        x.push(mean.values[a] + sigmas * l11 * cos);
        y.push(mean.values[b] + sigmas * (l21 * cos + l22 * sin));
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  centre: ({ mean: { values } }, { columns: [a, b] }) => ({ x: [values[a]], y: [values[b]] }),

  /** One level line of the log-density of the true posterior. */
  height({ x, y, z, levels }, { level }) {
    const at = levels.values[level];
    return {
      x: x.values, y: y.values, z: rowsOf(z), "contours.start": at, "contours.end": at, "contours.size": 1,
    };
  },

  /** The density of a Gaussian over one latent. */
  bell({ mean, std }) {
    if (mean.shape[1] !== 1) return { x: [], y: [] };
    const [m, s] = [mean.values[0], std.values[0]];
    const t = Array.from({ length: 81 }, (_, i) => (i - 40) / 10);
    return { x: t.map(t => m + s * t), y: t.map(t => Math.exp(-0.5 * t * t) / (s * Math.sqrt(2 * Math.PI))) };
  },

  curve: ({ x, y }) => ({ x: x.values, y: y.values }),

  /** Marks along the bottom. */
  rug: ({ points }) => ({ x: column(points, 0), y: new Array(points.shape[0]).fill(0) }),

  /** Bars, hatched where a unit is not active. */
  units: ({ height, active }) => ({
    x: Array.from(height.values, (_, i) => i + 1),
    y: height.values,
    "marker.pattern.shape": Array.from(active.values, on => (on ? "" : "/")),
    text: Array.from(active.values, on => (on ? "active" : "collapsed")),
  }),

  histogram: ({ edges: { values: edges }, counts }) => ({
    x: Array.from(counts.values, (_, i) => (edges[i] + edges[i + 1]) / 2),
    y: counts.values,
    width: Array.from(counts.values, (_, i) => edges[i + 1] - edges[i]),
  }),

  /** Two vertical lines at ± a number of the frame. */
  bounds({ counts }, { value }, header) {
    const at = lookup(header, value);
    const top = Math.max(1, ...counts.values);
    return isFinite(at) && at !== null ? { x: [-at, -at, null, at, at], y: [0, top, null, 0, top] } : { x: [], y: [] };
  },

  /** How often the values of one column fall into equal bins, as a density. */
  density({ points }, { column: index, bins, range: [low, high] }) {
    const width = (high - low) / bins;
    const counts = new Array(bins).fill(0);
    for (const value of column(points, index)) {
      const bin = Math.floor((value - low) / width);
      if (bin >= 0 && bin < bins) counts[bin] += 1;
    }
    return { x: counts.map((_, i) => low + (i + 0.5) * width), y: counts.map(n => n / (points.shape[0] * width)) };
  },

  /** Axis ranges of a plane: the smallest of a ladder of half-widths that holds 99 % of the points. */
  plane({ points }, { least }) {
    const reach = Float64Array.from(points.values, Math.abs).sort();
    const wanted = 1.05 * reach[Math.floor(0.99 * (reach.length - 1))];
    const half = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64].map(k => k * least).find(e => e >= wanted) ?? 100 * least;
    return { "xaxis.range": [-half, half], "yaxis.range": [-half, half] };
  },
};

// ----------------------------------------------------------------------------------------------------- Helpers

/** Text from our own Python, with <sub> and <i> in it. */
function rich(tag, html) {
  const node = element(tag);
  node.innerHTML = html;
  return node;
}

function duration(seconds) {
  const whole = Math.floor(seconds ?? 0);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const lookup = (object, path) => path.split(".").reduce((part, name) => part?.[name], object);
const fill = (text, header) => text.replace(/\{([\w.]+)\}/g, (_, path) => number(lookup(header, path), 3));

function assign(target, path, value) {
  const names = path.split(".");
  const last = names.pop();
  let place = target;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

/** What must survive F5 but not the tab: choices of tabs, layers, curves, and the pinned run. */
function remember(name, value) {
  try {
    sessionStorage.setItem(`genlab-${name}`, JSON.stringify(value));
  } catch (error) {
    console.warn("genlab: cannot remember", name, error);
  }
}

/** The same for one run among others; of those, the last ones are kept. */
function rememberOf(run, name, value) {
  const { [run]: _, ...others } = recall(name, {});
  remember(name, Object.fromEntries([...Object.entries(others).slice(1 - RUNS), [run, value]]));
}

function recall(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(`genlab-${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
