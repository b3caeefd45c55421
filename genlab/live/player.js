// The player of genlab: pictures of something that is already computed, step by step or in motion, and a plane in which
// one points at a start. Python sends whole curves; nothing is asked of the server while it plays.

/**
 * What Python sends (genlab/live/player.py).
 * @typedef {{id: string, title: string, area: string, figure: {data: Object[], layout: Object}, moves: Move[], points: boolean}} Picture
 * @typedef {{use: "trail"|"head"|"between", trace: number, from?: {x: number[], y: number[]}}} Move
 * @typedef {{use: "mixture", trace: number, means: number[][], stds: number[][], weights: number[][]}} MixtureMove
 * @typedef {{use: "frames", trace: number, rows: Object<string, any[][]>}} FramesMove  attribute → its value at each step
 * @typedef {{label: string, colour: string, dash: string, mark: string, symbol: string, values: number[]}} Entry
 */

const players = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let player = players.get(parentElement);
  if (!player) players.set(parentElement, (player = new Player(parentElement)));
  player.report = point => setTriggerValue("point", point);
  player.render(data);
  return () => {
    player.close();
    players.delete(parentElement);
  };
}

const WIDE = 1250; // px of component width from which everything is written larger
const STACKED = 640; // px below which the pictures stand in one column
const SECONDS = 8; // that a whole play takes, however many steps it has
const FEWEST = 10; // steps per second at least: a short play is a short one
const GLIDE = 400; // ms in which points go where a changed setting sends them
const STILL = 5; // px that a pointer may move while it clicks

class Player {
  constructor(parent) {
    this.root = element("section", { class: "genlab-live player", "aria-label": "Animated figures" });
    this.button = action("", () => (this.playing ? this.pause() : this.play()));
    this.button.className = "play";
    this.next = action("One step", () => this.seek(Math.floor(this.at >= this.data.last ? 0 : this.at + 1)));
    this.range = element("input", { type: "range", min: 0, step: 1, "aria-label": "Step" });
    this.range.oninput = () => this.seek(Number(this.range.value));
    this.output = element("output");
    this.legend = element("ul", { class: "legend" });
    this.grid = element("div", { class: "grid" });
    this.controls = element("div", { class: "controls" }, this.button, this.next, this.range, this.output);
    this.root.append(element("div", { class: "line" }, this.controls, this.legend), this.grid);
    parent.append(this.root);

    this.frames = new Map();
    this.at = Infinity;
    this.gliding = 1; // share of the way that points have gone since the settings changed
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.stop = new AbortController();
    window.addEventListener("resize", () => this.fit(), { signal: this.stop.signal });
    // The keys of a focused control are its own, not shortcuts of the page.
    this.root.addEventListener("keydown", event => {
      if (event.target.closest("input, button")) event.stopPropagation();
    });
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.root);
    this.sizes.observe(document.body);
    window.genlabPlayer = this;
  }

  async render(data) {
    const fresh = JSON.stringify(this.data?.pictures) !== JSON.stringify(data.pictures);
    // What stood at its last step stands there again, however many steps there are now.
    if (this.at >= this.data?.last) this.at = Infinity;
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.range.max = data.last;
    this.controls.hidden = !data.last;
    if (fresh && data.opens === "first") this.at = 0;
    this.grid.style.gridTemplate = data.grid;
    this.root.style.setProperty("--below", data.below);
    this.write();
    this.arrange();
    this.fit();
    await loadPlotly(data);
    if (this.closed || this.data !== data) return;
    const glides = fresh && !this.playing && !this.pointed && !this.still.matches;
    if (glides) this.gliding = 0;
    for (const picture of data.pictures) await this.frames.get(picture.id).configure(picture, this);
    if (this.pointed) {
      this.pointed = false;
      this.at = this.still.matches ? data.last : 0;
      if (!this.still.matches) return this.play();
    }
    this.at = Math.min(this.at, data.last);
    if (this.playing) return this.draw();
    this.pause();
    if (glides) this.glide();
    else this.draw();
  }

  arrange() {
    const wanted = this.data.pictures.map(({ id }) => id);
    for (const [id, frame] of this.frames) {
      if (!wanted.includes(id)) {
        frame.close();
        this.frames.delete(id);
      }
    }
    for (const id of wanted.filter(id => !this.frames.has(id))) {
      const frame = new Frame(id, point => this.point(point));
      this.frames.set(id, frame);
      this.grid.append(frame.node);
    }
  }

  /** One entry for each thing that moves, with its value at the present step. */
  write() {
    const entries = this.data.legend.map(({ label, colour, dash, mark }) => {
      const sign = element("b", { class: "mark", "aria-hidden": "true" }, mark);
      sign.style.color = resolve(colour, this.theme);
      const value = element("output");
      return element("li", {}, swatch(resolve(colour, this.theme), dash), sign, label, value);
    });
    this.legend.replaceChildren(...entries);
  }

  play() {
    if (this.at >= this.data.last) this.at = 0;
    this.playing = true;
    this.gliding = 1;
    change(this.button, "❚❚ Pause");
    const rate = Math.max(FEWEST, this.data.last / SECONDS) / 1000;
    let before = performance.now();
    const tick = async now => {
      if (!this.playing || this.closed) return;
      this.at = Math.min(this.at + Math.max(0, now - before) * rate, this.data.last);
      before = now;
      await this.draw();
      if (this.at >= this.data.last) this.pause();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    change(this.button, `▶ ${this.data.verb}`);
  }

  seek(at) {
    this.pause();
    this.gliding = 1;
    this.at = at;
    return this.draw();
  }

  /** What a changed setting sends elsewhere goes there before one's eyes: the same points, not others. */
  glide() {
    const began = performance.now();
    this.gliding = 0;
    const tick = async now => {
      if (this.gliding >= 1 || this.closed) return;
      this.gliding = this.playing ? 1 : Math.min(1, Math.max(0, now - began) / GLIDE);
      await this.draw();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  async draw() {
    const { last, unit, legend } = this.data;
    const step = Math.floor(this.at);
    this.range.value = step;
    change(this.output, unit === "%" ? `${Math.round((100 * step) / last)} %` : `${unit} ${step} of ${last}`);
    this.root.dataset.step = step;
    legend.forEach(({ symbol, values }, i) => {
      const value = values.length ? `${symbol} = ${number(values[Math.min(step, values.length - 1)], 3)}` : "";
      change(this.legend.children[i].lastChild, value);
    });
    for (const frame of this.frames.values()) await frame.show(this.at, last, this.gliding);
  }

  /** A place was pointed at: Python answers with new curves, which are played from their start. */
  point(point) {
    this.pointed = true;
    this.report(point);
  }

  /** Fills the window between what the page has put above and what it keeps for below. */
  fit() {
    if (!this.data) return;
    const scroller = this.root.closest("[data-testid=stMain]") ?? document.scrollingElement;
    const top = this.root.getBoundingClientRect().top + scroller.scrollTop;
    this.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
    const width = this.root.clientWidth;
    this.root.dataset.grid = width >= WIDE ? "wide" : "narrow";
    this.root.classList.toggle("stacked", width < STACKED);
  }

  fontSize() {
    return this.root.dataset.grid === "wide" ? 15 : 13;
  }

  close() {
    this.closed = true;
    this.stop.abort();
    this.sizes.disconnect();
    for (const frame of this.frames.values()) frame.close();
    this.root.remove();
  }
}

/** A figure that is mounted once; the present step only changes the traces that move. */
class Frame {
  constructor(id, point) {
    this.title = element("h3");
    this.id = id;
    this.canvas = element("div", { class: "canvas", role: "figure" });
    const take = menu("Download", [
      action("Picture (PNG)", () => this.image("png")),
      action("Picture (SVG)", () => this.image("svg")),
      action("Numbers (CSV)", () => save(new Blob([this.csv()], { type: "text/csv" }), `genlab-${this.id}.csv`)),
    ]);
    const head = element("div", { class: "head" }, this.title, take);
    this.node = element("div", { class: "area", "data-picture": id }, head, element("div", { class: "body" }, this.canvas));
    this.canvas.addEventListener("pointerdown", event => this.press(event, point));
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.canvas);
  }

  async configure(picture, player) {
    this.picture = picture;
    const drawn = this.canvas.data ?? [];
    this.before = picture.moves.map(({ use, trace }) => (use === "between" && drawn[trace] ? { ...drawn[trace] } : null));
    this.node.style.gridArea = picture.area;
    this.title.innerHTML = picture.title;
    this.canvas.setAttribute("aria-label", this.title.textContent);
    this.background = player.theme.background;
    const { data, layout } = resolve(picture.figure, player.theme);
    this.traces = data;
    this.canvas.classList.toggle("points", picture.points);
    const base = baseLayout(player.theme, player.fontSize());
    for (const name of Object.keys(layout).filter(name => /^[xy]axis\d/.test(name))) base[name] = base[name.slice(0, 5)];
    const merged = merge(base, layout);
    const modeBarButtons = [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]];
    // Plotly writes into what it is given: the curves must stay whole.
    await window.Plotly.react(this.canvas, structuredClone(data), merged, { displaylogo: false, modeBarButtons });
  }

  async show(at, last, gliding) {
    const moves = this.picture?.moves ?? [];
    if (!moves.length || !this.canvas._fullLayout) return;
    const changes = moves.map((move, i) => {
      const change = MOVES[move.use](this.traces[move.trace], at, last, move);
      const old = gliding < 1 && this.before[i];
      return old && old.x.length === change.x.length ? mixed(old, change, gliding) : change;
    });
    // Plotly leaves an attribute alone where its value is undefined.
    const names = new Set(changes.flatMap(Object.keys));
    const update = Object.fromEntries([...names].map(name => [name, changes.map(change => change[name])]));
    await window.Plotly.restyle(this.canvas, update, moves.map(move => move.trace));
  }

  /** A click anywhere in the plane, not only on a mark: Plotly itself reports clicks on marks alone. */
  press(down, point) {
    if (!this.picture?.points || down.button !== 0 || !down.target.closest(".nsewdrag")) return;
    window.addEventListener(
      "pointerup",
      up => {
        if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) > STILL) return;
        const box = this.canvas.getBoundingClientRect();
        const { xaxis, yaxis } = this.canvas._fullLayout;
        const [x, y] = [[xaxis, up.clientX - box.left], [yaxis, up.clientY - box.top]].map(([axis, pixel]) => {
          const span = Math.abs(axis.range[1] - axis.range[0]);
          const digits = Math.max(0, Math.ceil(2 - Math.log10(span)));
          return Number(axis.p2d(pixel - axis._offset).toFixed(digits));
        });
        point({ x, y });
      },
      { once: true },
    );
  }

  image(format) {
    const { data, layout, clientWidth: width, clientHeight: height } = this.canvas;
    const figure = { data, layout: { ...layout, paper_bgcolor: this.background } };
    const filename = `genlab-${this.id}`;
    window.Plotly.downloadImage(figure, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
  }

  /** What is drawn now, in rows of: the curve's name, x, y and, for a field, z. */
  csv() {
    const rows = this.canvas.data.flatMap(({ name, x, y, z }) => {
      const quoted = JSON.stringify(name ?? "");
      if (!z) return x.map((value, i) => [quoted, value, y[i], ""]);
      return y.flatMap((up, j) => x.map((across, i) => [quoted, across, up, z[j][i]]));
    });
    return [["curve", "x", "y", "z"], ...rows].map(row => row.join(",")).join("\n") + "\n";
  }

  resize() {
    if (this.canvas._fullLayout && this.canvas.offsetParent) window.Plotly.Plots.resize(this.canvas);
  }

  close() {
    this.sizes.disconnect();
    if (this.canvas._fullLayout) window.Plotly.purge(this.canvas);
    this.node.remove();
  }
}

/** How a trace that holds a whole curve looks at a step (which may lie between two while it plays). */
const MOVES = {
  /** The curve up to now. */
  trail: ({ x, y }, at) => ({ x: x.slice(0, Math.floor(at) + 1), y: y.slice(0, Math.floor(at) + 1) }),

  /** The present point of the curve. */
  head({ x, y }, at) {
    const i = Math.min(Math.floor(at), x.length - 1);
    return { x: [x[i]], y: [y[i]] };
  },

  /** The density of a mixture of Gaussians whose parts move; between two steps its parameters lie between. */
  mixture({ x }, at, last, { means, stds, weights }) {
    const [m, s, w] = [means, stds, weights].map(rows => rowAt(rows, at));
    const part = (value, k) => (w[k] / (s[k] * Math.sqrt(2 * Math.PI))) * Math.exp(-0.5 * ((value - m[k]) / s[k]) ** 2);
    return { y: x.map(value => m.reduce((sum, _, k) => sum + part(value, k), 0)) };
  },

  /** Whatever of the trace has another value at each step. */
  frames: (trace, at, last, { rows }) =>
    Object.fromEntries(Object.entries(rows).map(([name, steps]) => [name, steps[Math.min(Math.floor(at), steps.length - 1)]])),

  /** Points on their way from one place to another, slow at both ends. */
  between({ x, y }, at, last, { from }) {
    const t = at / last;
    const share = t * t * (3 - 2 * t);
    const way = (start, end) => end.map((value, i) => (value === null ? null : start[i] + share * (value - start[i])));
    return { x: way(from.x, x), y: way(from.y, y) };
  },
};

/** Places between old ones and new ones. */
function mixed(old, now, share) {
  const way = axis => now[axis].map((value, i) => old[axis][i] + share * (value - old[axis][i]));
  return { x: way("x"), y: way("y") };
}

/** The row at a step; a step between two gives numbers between theirs. */
function rowAt(rows, at) {
  const i = Math.min(Math.floor(at), rows.length - 1);
  const next = rows[Math.min(i + 1, rows.length - 1)];
  return rows[i].map((value, k) => value + Math.min(at - i, 1) * (next[k] - value));
}
