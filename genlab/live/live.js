// The live component of genlab: pictures of one training run, fed by a WebSocket.
//
// Streamlit calls the default export at every rerun; the lab of a mount is kept by its parent element, so that a
// rerun changes what differs and leaves figures, zoom, tabs and the socket alone. Sections in the order of the screen:
//   mount · Lab · Feed (socket, packets) · TopBar · Area (tabs) · panels: Plot, Curves, Mosaic · transforms ·
//   theme · small helpers

/**
 * A packet, as genlab/runtime/messages.py writes it: uint32 (little endian) header length H, H bytes of JSON, then the
 * arrays. 4 + H and every offset are multiples of 8, so typed arrays can be views of the message itself.
 * @typedef {{dtype: "f4"|"f8"|"u1"|"i4", shape: number[], offset: number}} ArrayEntry  offset from the header's end
 * @typedef {{values: ArrayLike<number>, shape: number[]}} NumberArray
 * @typedef {{kind: "frame"|"event"|"ping", run: string, model: "vae"|"gan", status: string, message: string, step: number,
 *   seconds: number, steps_per_second: number, config: Object, changes: {step: number, settings: Object}[],
 *   diverged: null|{step: number, quantity: string}, last: Object<string, number>, reference: Object<string, number>,
 *   info: Object<string, number>, arrays: Object<string, ArrayEntry>}} FrameHeader
 */

const labs = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let lab = labs.get(parentElement);
  if (!lab) labs.set(parentElement, (lab = new Lab(parentElement)));
  lab.report = status => setTriggerValue("status", status);
  lab.render(data);
  return () => {
    lab.close();
    labs.delete(parentElement);
  };
}

// ---------------------------------------------------------------------------------------------------------- Lab

const WIDE = 1250; // px of component width from which the wide grid is used
const STACKED = 640; // px below which the panels stand in one column

/** Everything of one mount: owns the data of the latest frame and decides when to draw. */
class Lab {
  constructor(parent) {
    this.root = element("section", { class: "genlab-live", "aria-label": "Live training" });
    this.top = new TopBar(this);
    this.formula = element("div", { class: "formula" });
    this.grid = element("div", { class: "grid" });
    this.root.append(this.top.node, this.formula, this.grid);
    parent.append(this.root);

    this.areas = new Map();
    this.panels = new Map();
    this.header = null;
    this.arrays = {};
    this.frozen = false;
    this.frames = 0;
    this.fps = 0;
    this.curves = recall("curves", { smoothing: 0, x: "step" });
    this.pinned = null;
    this.feed = new Feed(frame => this.receive(frame), () => this.streams(), words => this.connection(words));

    this.stop = new AbortController();
    const { signal } = this.stop;
    document.addEventListener("visibilitychange", () => this.visible(), { signal });
    window.addEventListener("resize", () => this.fit(), { signal });
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
    if (before?.run !== data.run) {
      this.header = null;
      this.arrays = {};
      this.pinned = recall("pinned", {})[data.model] ?? null;
    }
    if (before?.formula !== data.formula) this.formula.innerHTML = data.formula;
    for (const term of this.formula.querySelectorAll("[data-colour]")) {
      term.style.setProperty("--term", resolve(term.dataset.colour, this.theme));
    }
    this.reconcile(data.panels);
    this.fit();
    this.arrange();
    this.feed.open(data);
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
    const width = this.root.clientWidth;
    const size = width >= WIDE ? "wide" : "narrow";
    this.root.classList.toggle("stacked", width < STACKED);
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
    const size = this.root.clientWidth >= WIDE ? "wide" : "narrow";
    const stacked = this.root.clientWidth < STACKED;
    if (size !== this.root.dataset.grid || stacked !== this.root.classList.contains("stacked")) {
      this.arrange();
      this.draw();
    }
  }

  /** On a large screen, which is often a projector's, everything is written larger. */
  fontSize() {
    return this.root.dataset.grid === "wide" ? 15 : 13;
  }

  /** Streams of the panels that can be seen now. */
  streams() {
    const seen = [...this.panels.values()].filter(panel => panel.shown);
    return [...new Set(seen.flatMap(panel => panel.streams()))].sort();
  }

  receive(frame) {
    const { header, arrays } = frame;
    if (header.kind === "event") this.header = { ...(this.header ?? EMPTY), ...header };
    else if (header.kind === "frame") {
      this.header = header;
      Object.assign(this.arrays, arrays);
      this.frames += 1;
    } else return;
    this.reportStatus();
    this.draw();
  }

  /** Asks Streamlit for one rerun when the run has a status that its buttons do not know. */
  reportStatus() {
    const differs = () => this.data.status && this.header && this.header.status !== this.data.status;
    if (!differs() || this.reporting) return;
    // A press of the person's own button also makes the two differ for a moment. A timer, not the next frame, looks
    // again: a run that diverged sends no other.
    this.reporting = setTimeout(() => {
      if (differs() && !this.closed) this.report(this.header.status);
      else this.reporting = null;
    }, 700);
  }

  connection(words) {
    this.words = words;
    this.root.dataset.connected = String(words === "");
    this.top.update();
  }

  /** Draws at most once per animation frame, and leaves the browser some time for the pointer after a costly one. */
  draw() {
    if (this.waiting || document.hidden || this.closed) return;
    this.waiting = true;
    const pause = Math.max(0, (this.free ?? 0) - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.drawNow()), pause);
  }

  async drawNow() {
    if (this.closed) return;
    const began = performance.now();
    this.top.update();
    if (this.header) this.root.dataset.status = this.header.status;
    if (this.header && !this.frozen) {
      await loadPlotly(this.data);
      this.fillNumbers();
      const shown = [...this.panels.values()].filter(panel => panel.shown);
      await Promise.allSettled(shown.map(async panel => panel.draw())).then(results => {
        for (const { reason } of results) if (reason) console.error("genlab:", reason);
      });
      const now = performance.now();
      const rate = 1000 / Math.max(1, now - (this.drawn ?? began));
      this.fps = this.fps ? 0.8 * this.fps + 0.2 * rate : rate;
      this.drawn = now;
      Object.assign(this.root.dataset, {
        step: this.header.step, frames: this.frames, fps: this.fps.toFixed(1),
      });
    }
    this.free = performance.now() + Math.min(100, 0.3 * (performance.now() - began));
    this.waiting = false;
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
    this.draw();
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
    remember("pinned", { ...recall("pinned", {}), [this.data.model]: this.pinned });
    this.top.update();
    this.draw();
  }

  history() {
    return Object.entries(this.arrays)
      .filter(([name]) => name.startsWith("history."))
      .map(([name, array]) => [name.slice("history.".length), array]);
  }

  csv() {
    const columns = this.history();
    const rows = columns[0]?.[1].values.length ?? 0;
    const lines = [columns.map(([name]) => name).join(",")];
    for (let row = 0; row < rows; row++) {
      lines.push(columns.map(([, { values }]) => (isFinite(values[row]) ? String(values[row]) : "")).join(","));
    }
    save(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }), this.fileName("history", "csv"));
  }

  fileName(what, ending) {
    return `genlab-${this.header?.model ?? "run"}-${what}-step${this.header?.step ?? 0}.${ending}`;
  }

  visible() {
    this.feed.rate();
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
    for (const panel of this.panels.values()) panel.close();
    this.root.remove();
    if (window.genlab === this) delete window.genlab;
  }
}

const EMPTY = { step: 0, seconds: 0, steps_per_second: 0, last: {}, reference: {}, info: {}, config: {}, changes: [] };

// --------------------------------------------------------------------------------------------------------- Feed

const DTYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, i4: Int32Array };
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The WebSocket: opens, opens again after a loss, and says in words how it stands ("" while all is well). */
class Feed {
  constructor(receive, streams, say) {
    Object.assign(this, { receive, streams, say, lost: 0 });
  }

  open({ base, run, token }) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ run, token, hz: this.hz() });
    const path = `${base.replace(/\/$/, "")}/live/ws`;
    if (this.run === run && this.token === token && this.base === base) return;
    this.close();
    Object.assign(this, { run, token, base, closed: false, lost: 0 });
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
      this.lost = 0;
      this.say("");
      const packet = decode(data);
      if (packet.header.kind === "ping") this.send({ type: "pong" });
      else this.receive(packet);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket || this.closed) return;
      this.lost += 1;
      const loss = code === 1008 ? "the server does not know this run" : "the server is gone";
      this.say(`${loss}; trying again …`);
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
    return document.hidden ? 1 : CALM ? 2 : 5;
  }

  rate() {
    this.send({ type: "rate", hz: this.hz() });
  }

  close() {
    this.closed = true;
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
    this.freeze = toggle("Freeze", "Stop all motion on the screen; training goes on", on => lab.freeze(on));
    this.pin.classList.add("pin");
    this.freeze.classList.add("freeze");
    this.line = element("div", { class: "line" });
    const smoothing = element("label", { class: "smoothing" }, "Smooth ", this.smoothing, this.smoothed);
    const x = element("label", {}, "x ", this.x);
    const status = element("div", { class: "status" }, this.icon, this.status, this.numbers);
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
    const speed = `${number(header.steps_per_second ?? 0, 3)} steps/s`;
    change(this.numbers, `step ${header.step.toLocaleString("en")} · ${speed} · ${duration(header.seconds)}`);
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
    this.current = panels.find(panel => panel.id === recall(`tab-${this.name}`, "")) ?? panels[0];
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
    tab.onclick = () => {
      remember(`tab-${this.name}`, panel.id);
      this.show(this.lab.panels.get(panel.id));
      this.lab.feed.subscribe();
      this.lab.draw();
    };
    return tab;
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

/** A figure built in Python; `bind` says which arrays fill which traces, `layers` which traces can be switched. */
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
      this.on[layer.id] = on;
      remember(`layers-${this.id}`, this.on);
      press(chip, on);
      this.lab.feed.subscribe();
      this.lab.draw();
    });
    chip.classList.add("chip");
    chip.dataset.layer = layer.id;
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, layer.mark);
    mark.style.color = resolve(layer.colour, this.lab.theme);
    chip.append(mark, rich("span", layer.label));
    press(chip, this.on[layer.id]);
    return chip;
  }

  streams() {
    const layers = (this.spec.layers ?? []).filter(({ id }) => this.on[id]);
    return [...this.spec.streams, ...layers.flatMap(layer => layer.streams)];
  }

  async draw() {
    super.draw();
    const { arrays, header, theme } = this.lab;
    const traces = resolve(this.spec.figure.data, theme);
    const layout = resolve(this.spec.figure.layout, theme);
    for (const { id, traces: mine } of this.spec.layers ?? []) for (const i of mine) traces[i].visible = this.on[id];
    for (const bind of this.spec.bind) {
      const names = Object.values(bind.arrays ?? {});
      if (!this.has(...names)) continue;
      const given = Object.fromEntries(Object.entries(bind.arrays ?? {}).map(([role, name]) => [role, arrays[name]]));
      const target = bind.trace === undefined ? layout : traces[bind.trace];
      if (target.visible === false) continue;
      const filled = TRANSFORMS[bind.use](given, bind, header);
      for (const [path, value] of Object.entries(filled)) assign(target, path, value);
    }
    await this.react(traces, layout);
  }
}

// ------------------------------------------------------------------------------------------------------- Curves

/** Histories with what a training dashboard has; min, max and last value of each stand on its switch. */
class Curves extends PlotlyPanel {
  constructor(lab, spec) {
    super(lab, spec);
    const usual = { log: Boolean(spec.log), logX: false, outliers: false, hidden: [] };
    this.options = { ...usual, ...recall(`curves-${spec.id}`, {}) };
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
    const [last, range] = [element("b"), element("small")];
    const node = toggle("", "", on => {
      const hidden = this.options.hidden.filter(name => name !== series.name);
      this.option({ hidden: on ? hidden : [...hidden, series.name] });
    });
    node.classList.add("series");
    node.dataset.series = series.name;
    node.append(swatch(colour, series.dash), rich("span", series.label), last, range);
    return { node, last, range, series };
  }

  option(change) {
    Object.assign(this.options, change);
    remember(`curves-${this.id}`, this.options);
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
    const { theme, curves, pinned } = this.lab;
    const shown = this.rows.filter(({ series }) => !this.options.hidden.includes(series.name));
    const traces = shown.flatMap(({ series }) => this.lines(series, columns, theme, curves));
    const drawn = traces.flatMap(trace => Array.from(trace.y));
    if (pinned) traces.push(...shown.flatMap(({ series }) => this.pinnedLine(series, pinned.columns, theme, curves)));
    for (const row of this.rows) this.figures(row, valuesOf(row.series, columns));
    const range = this.options.outliers ? middleRange(drawn, this.options.log) : undefined;
    const below = this.options.log ? drawn.filter(y => y <= 0).length : 0;
    change(this.note, below ? `log axis: ${below} values ≤ 0 cannot be shown` : "");
    traces.push(...this.changeMarks(columns, curves.x));
    const layout = this.layout(columns, curves.x, range, theme);
    if (this.options.log) layout.yaxis.dtick = decades(drawn) > 1.2 ? 1 : "D2";
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

  pinnedLine(series, columns, theme, { smoothing, x }) {
    const raw = valuesOf(series, columns);
    if (!raw) return [];
    const scaled = series.scale ? raw.map(y => (y === null ? NaN : y / series.scale)) : Array.from(raw, y => y ?? NaN);
    const line = { color: resolve(series.colour, theme), width: 1.4, dash: "dash" };
    const y = smoothing ? smooth(scaled, smoothing) : scaled;
    const name = `pinned: ${series.label}`;
    const hovertemplate = "%{customdata:.6~g}";
    const trace = { type: "scatter", mode: "lines", x: columns[x], y, customdata: raw, name, line, hovertemplate };
    return [{ ...trace, opacity: 0.75 }];
  }

  figures({ node, last, range }, values) {
    const finite = values ? Array.from(values).filter(isFinite) : [];
    if (!finite.length) return;
    const [low, high] = finite.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, -Infinity]);
    change(last, number(values[values.length - 1], 4));
    change(range, `${number(low, 3)} … ${number(high, 3)}`);
    node.title = `last ${values[values.length - 1]}, min ${low}, max ${high}`;
  }

  changesAt(columns, x) {
    const steps = (this.lab.header.changes ?? []).map(({ step }) => step);
    return x === "step" ? steps : steps.map(step => interpolate(columns.step, columns.seconds, step));
  }

  /** Triangles along the top where a setting was changed; hovering says which. */
  changeMarks(columns, x) {
    const at = this.changesAt(columns, x);
    if (!at.length) return [];
    const say = ([name, [before, after]]) => `${name}: ${before ?? "off"} → ${after ?? "off"}`;
    const text = this.lab.header.changes.map(({ settings }) => Object.entries(settings).map(say).join("<br>"));
    const marker = { symbol: "triangle-down", size: 9, color: this.lab.theme.text };
    const marks = { type: "scatter", mode: "markers", yaxis: "y2", name: "setting", cliponaxis: false };
    return [{ ...marks, x: at, y: at.map(() => 1), text, marker, hovertemplate: "%{text}" }];
  }

  layout(columns, x, range, theme) {
    const { log, logX, outliers } = this.options;
    const levels = this.levels();
    const dotted = width => ({ color: theme.muted, width, dash: "dot" });
    return {
      hovermode: "x unified",
      xaxis: {
        title: { text: x === "step" ? this.spec.x ?? "step" : "training time / s" },
        type: logX ? "log" : "linear", hoverformat: x === "step" ? ",.0f" : ".2f", uirevision: `${x}${logX}${this.zooms}`,
      },
      yaxis: {
        title: { text: this.spec.y }, type: log ? "log" : "linear", exponentformat: "power",
        uirevision: `${log}${outliers}${this.zooms}`, ...(range ? { range, autorange: false } : { autorange: true }),
      },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      shapes: [
        ...levels.map(({ y }) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: dotted(1.5) })),
        ...this.changesAt(columns, x).map(at => ({
          type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: dotted(1),
        })),
      ],
      annotations: levels.map(({ y, label }) => ({
        xref: "paper", x: 1, xanchor: "right", y: log ? Math.log10(y) : y, yanchor: "bottom", text: label,
        showarrow: false, bgcolor: theme.background, opacity: 0.85,
        font: { size: this.lab.fontSize() - 1, color: theme.muted },
      })),
    };
  }

  /** The lines to compare with that have a place on the present axis. */
  levels() {
    const { reference = {} } = this.lab.header;
    const known = (this.spec.levels ?? []).map(level => ({ ...level, y: level.value ?? reference[level.reference] }));
    return known.filter(({ y }) => Number.isFinite(y) && (y > 0 || !this.options.log));
  }
}

function valuesOf({ name, product }, columns) {
  if (!product) return columns[name];
  const [one, other] = product.map(factor => columns[factor]);
  return one && other ? Array.from(one, (value, i) => (value ?? NaN) * other[i]) : undefined;
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

function decades(values) {
  const positive = values.filter(value => value > 0 && isFinite(value));
  const [low, high] = positive.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, 0]);
  return positive.length ? Math.log10(high / low) : 0;
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

const PANELS = { plot: Plot, curves: Curves, mosaic: Mosaic };

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

/** Text from our own Python, with <sub> and <i> in it. */
function rich(tag, html) {
  const node = element(tag);
  node.innerHTML = html;
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

function menu(title, items) {
  const summary = element("summary", { title, "aria-label": title }, "⋯");
  const details = element("details", { class: "menu" }, summary, element("div", { class: "items" }, ...items));
  details.addEventListener("focusout", event => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
  });
  return details;
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

function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = value && base[key] && [value, base[key]].every(part => typeof part === "object" && !Array.isArray(part));
    merged[key] = both ? merge(base[key], value) : value;
  }
  return merged;
}

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** What must survive F5 but not the tab: choices of tabs, layers, curves, and the pinned run. */
function remember(name, value) {
  try {
    sessionStorage.setItem(`genlab-${name}`, JSON.stringify(value));
  } catch (error) {
    console.warn("genlab: cannot remember", name, error);
  }
}

function recall(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(`genlab-${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
