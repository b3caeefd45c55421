// The player: pictures of something that is already computed, step by step or in motion, and a plane in which one
// points at a start. Python sends whole curves; nothing is asked of the server while it plays.

/** @import { Motion, Mount, Theme } from "./types.js" */
import { LOW, leastHeight, rowsOf } from "./maths/room.js";
import { number } from "./maths/text.js";
import { action, change, element, scrollerOf, swatch, targetOf, watchPlace } from "./page/dom.js";
import { loadPlotly } from "./page/plotly.js";
import { join, lettersOfPresenter, presents } from "./page/presenting.js";
import { readTheme, resolve } from "./page/theme.js";
import { Frame } from "./player/frame.js";

const WIDE = 1250; // px of component width from which everything is written larger
const ROW = 230; // px that a row of pictures has at least, however little room the page leaves
const ROOMY = 250; // px that each of several rows has, where the page has another layout with fewer of them
const LINES = 12; // heights of a letter that a row has on a presented page at least: title, legend and axis need half of them
const LINES_ALONE = 15; // the same for a row that is the only one
const NARROW = 800; // px of component width below which their legends wrap
const NARROW_ROW = 250; // px that a row has at least there
const GAP = 8; // px, as --gap in live.css
const STACKED = 640; // px below which the pictures stand in one column
const SECONDS = 8; // that a whole play takes, however many steps it has
const FEWEST = 10; // steps per second at least: a short play is a short one
const GLIDE = 400; // ms in which points go where a changed setting sends them

/** @type {WeakMap<Element, Player>} */
const players = new WeakMap();

/** @param {Mount<Motion>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const player = players.get(parentElement) ?? new Player(parentElement);
  players.set(parentElement, player);
  player.report = point => setTriggerValue("point", point);
  player.render(data);
  return () => {
    player.close();
    players.delete(parentElement);
  };
}

class Player {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {Motion} set before anything reads it: a player is made to be rendered */
    this.data = /** @type {any} */ (null);
    /** @type {Theme} likewise */
    this.theme = /** @type {any} */ (null);
    /** @type {(point: {x: number, y: number}) => void} */
    this.report = () => {};
    /** @type {Map<string, Frame>} */
    this.frames = new Map();
    /** The present step, which may lie between two. */
    this.at = Infinity;
    /** The share of the way that points have gone since the settings changed. */
    this.gliding = 1;
    this.playing = false;
    this.pointed = false;
    this.placed = ""; // the template by which the pictures stand
    this.closed = false;
    this.root = element("section", { class: "genlab-live player", "aria-label": "Animated figures" });
    this.button = action("", () => (this.playing ? this.pause() : this.play()));
    this.button.className = "play";
    this.next = action("One step", () => this.seek(Math.floor(this.at >= this.data.last ? 0 : this.at + 1)));
    this.range = element("input", { type: "range", min: 0, step: 1, "aria-label": "Step" });
    this.range.oninput = () => this.seek(Number(this.range.value));
    this.output = element("output");
    this.legend = element("ul", { class: "legend" });
    /** @type {HTMLElement[]} The value of each entry at the present step. */
    this.values = [];
    this.grid = element("div", { class: "grid" });
    this.controls = element("div", { class: "controls" }, this.button, this.next, this.range, this.output);
    this.root.append(element("div", { class: "line" }, this.controls, this.legend), this.grid);
    parent.append(this.root);

    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.stop = new AbortController();
    join(this, this.stop.signal);
    window.addEventListener("resize", () => this.fit(), { signal: this.stop.signal });
    // The keys of a focused control are its own, not shortcuts of the page.
    this.root.addEventListener("keydown", event => {
      if (targetOf(event).closest("input, button")) event.stopPropagation();
    });
    this.sizes = watchPlace(this.root, () => this.fit(), this.grid);
    window.genlabPlayer = this;
  }

  /** @param {Motion} data */
  async render(data) {
    const fresh = JSON.stringify(this.data?.pictures) !== JSON.stringify(data.pictures);
    // What stood at its last step stands there again, however many steps there are now.
    if (this.at >= this.data?.last) this.at = Infinity;
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.range.max = String(data.last);
    this.controls.hidden = !data.last;
    if (fresh && data.opens === "first") this.at = 0;
    this.root.style.setProperty("--below", data.below);
    this.write();
    this.arrange();
    this.fit();
    await loadPlotly(data);
    if (this.closed || this.data !== data) return;
    const glides = fresh && !this.playing && !this.pointed && !this.still.matches;
    if (glides) this.gliding = 0;
    for (const picture of data.pictures) await this.frames.get(picture.id)?.configure(picture, this.theme, this.fontSize());
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
    this.values = this.data.legend.map(() => element("output"));
    const entries = this.data.legend.map(({ label, colour, dash, mark }, i) => {
      const sign = element("b", { class: "mark", "aria-hidden": "true" }, mark);
      sign.style.color = resolve(colour, this.theme);
      return element("li", {}, swatch(resolve(colour, this.theme), dash), sign, label, this.values[i]);
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
    /** @param {number} now */
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

  /** @param {number} at */
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
    /** @param {number} now */
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
    this.range.value = String(step);
    change(this.output, unit === "%" ? `${Math.round((100 * step) / last)} %` : `${unit} ${step} of ${last}`);
    this.root.dataset.step = String(step);
    legend.forEach(({ symbol, values }, i) => {
      const value = values.length ? `${symbol} = ${number(values[Math.min(step, values.length - 1)], 3)}` : "";
      change(this.values[i], value);
    });
    for (const frame of this.frames.values()) await frame.show(this.at, last, this.gliding);
  }

  /** A place was pointed at: Python answers with new curves, which are played from their start. @param {{x: number, y: number}} point */
  point(point) {
    this.pointed = true;
    this.report(point);
  }

  /** The places of the pictures: those of a window that is too low for all rows stand side by side. @param {number} around px above and below them */
  template(around) {
    const { grid, low, presented } = this.data;
    if (presents()) return presented || grid;
    const isLow = around + leastHeight(grid, ROOMY, GAP) > window.innerHeight;
    return low && isLow && this.root.clientWidth >= NARROW ? low : grid;
  }

  /** Fills the window between what the page has put above and what it keeps for below. */
  fit() {
    if (!this.data) return;
    const top = this.root.getBoundingClientRect().top + scrollerOf(this.root).scrollTop;
    this.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
    const around = this.root.offsetHeight - this.grid.clientHeight;
    const width = this.root.clientWidth;
    const below = parseFloat(this.data.below) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const template = this.template(top + around + below);
    if (template !== this.placed) this.grid.style.gridTemplate = this.placed = template;
    if (this.grid.clientHeight) this.root.style.setProperty("--least", `${around + leastHeight(template, this.row(template), GAP)}px`);
    this.root.dataset.grid = width >= WIDE ? "wide" : "narrow";
    this.root.classList.toggle("stacked", width < STACKED || window.innerHeight < LOW);
  }

  /** Everything is written larger or smaller. */
  show() {
    if (this.data) this.render(this.data);
  }

  /** px that a row has at least: narrow pictures and large letters need a higher one. @param {string} template */
  row(template) {
    const least = this.root.clientWidth < NARROW ? NARROW_ROW : ROW;
    const lines = rowsOf(template) > 1 ? LINES : LINES_ALONE;
    return presents() ? Math.max(least, lines * lettersOfPresenter()) : least;
  }

  fontSize() {
    this.root.classList.toggle("presented", presents());
    if (presents()) return lettersOfPresenter();
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
