// Play a part: a person is the discriminator, D(x) = σ(a(x − t)), or moves what is generated; everything follows at once.

/** @import { Mount, PartData, Theme } from "./types.js" */
import { change, element, press, rich, toggle } from "./page/dom.js";
import { readTheme } from "./page/theme.js";
import { grid, jensenShannon, line, logDensity, moved, optimum, pulls, sigmoid, value, wasserstein } from "./maths/parts.js";
import { decimal } from "./maths/text.js";

const REACH = 8; // the line goes from −REACH to REACH
const BEYOND = 16; // integrals go farther, so that tails count
const DRAWN = grid(-REACH, REACH, 241);
const SUMMED = grid(-BEYOND, BEYOND, 801);
const HANDS = [
  { name: "t", label: "Threshold t", low: -6, high: 6, step: 0.05, start: 3 },
  { name: "a", label: "Slope a", low: -8, high: 8, step: 0.05, start: 1 },
  { name: "by", label: "Move q by θ", low: -6, high: 6, step: 0.05, start: 0 },
  { name: "at", label: "One generated point x", low: -6, high: 6, step: 0.05, start: 2 },
];
const LONGEST = 2.5; // units of x of the longest arrow
const WORDS = 150; // px that an arrow's name and number take

/** @type {WeakMap<Element, Stand>} */
const stands = new WeakMap();

/** @param {Mount<PartData>} component */
export default function mount({ data, parentElement }) {
  const stand = stands.get(parentElement) ?? new Stand(parentElement);
  stands.set(parentElement, stand);
  stand.render(data);
  return () => {
    stand.close();
    stands.delete(parentElement);
  };
}

class Stand {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {PartData} set before anything reads it */
    this.data = /** @type {any} */ (null);
    /** @type {Theme} likewise */
    this.theme = /** @type {any} */ (null);
    /** @type {Record<string, number>} */
    this.set = Object.fromEntries(HANDS.map(({ name, start }) => [name, start]));
    this.shown = false; // whether the best D is drawn
    this.picture = element("div", { class: "picture" });
    this.numbers = element("div", { class: "numbers" });
    this.hands = element("div", { class: "hands" });
    this.best = toggle("Show the best D*", "", on => this.reveal(on));
    this.root = element("section", { class: "genlab-part", "aria-label": "Play a part" }, this.picture, this.numbers, this.hands);
    /** @type {Record<string, HTMLInputElement[]>} */
    this.inputs = {};
    for (const hand of HANDS) this.hands.append(this.hand(hand));
    this.hands.append(this.best);
    parent.append(this.root);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.picture);
    this.picture.addEventListener("pointerdown", event => this.grab(event));
    this.picture.addEventListener("pointermove", event => event.buttons && this.drag(event));
  }

  /** A slider and its number box. @param {typeof HANDS[number]} hand */
  hand({ name, label, low, high, step }) {
    const limits = { min: low, max: high, step, "aria-label": label };
    const slider = element("input", { type: "range", ...limits });
    const box = element("input", { type: "number", ...limits });
    this.inputs[name] = [slider, box];
    for (const input of this.inputs[name]) {
      input.addEventListener("input", () => {
        const wanted = input.valueAsNumber;
        if (isFinite(wanted)) this.take({ [name]: Math.max(low, Math.min(high, wanted)) }, input);
      });
      // The page's shortcuts are no digits of a number.
      input.addEventListener("keydown", event => event.stopPropagation());
    }
    return element("label", {}, element("span", {}, label), slider, box);
  }

  /** @param {Record<string, number>} values @param {HTMLInputElement} [by] the control that a hand is on */
  take(values, by) {
    Object.assign(this.set, values);
    for (const [name, inputs] of Object.entries(this.inputs)) {
      for (const input of inputs) if (input !== by) input.value = String(Math.round(this.set[name] * 100) / 100);
    }
    this.draw();
  }

  /** @param {boolean} on */
  reveal(on) {
    this.shown = on;
    press(this.best, on, on ? "Hide the best D*" : "Show the best D*");
    this.draw();
  }

  /** @param {PartData} data */
  render(data) {
    this.data = data;
    this.theme = readTheme(this.root, data.palette);
    this.take({});
  }

  // ---- the hand on the picture ----

  /** Near the diamond the point is taken, elsewhere the threshold. @param {PointerEvent} event */
  grab(event) {
    event.preventDefault();
    this.picture.setPointerCapture(event.pointerId);
    this.held = Math.abs(this.place(event) - this.set.at) < 0.5 && event.offsetY > 0.7 * this.picture.clientHeight ? "at" : "t";
    this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (this.held) this.take({ [this.held]: Math.max(-6, Math.min(6, this.place(event))) });
  }

  /** @param {PointerEvent} event */
  place({ clientX }) {
    const box = this.picture.getBoundingClientRect();
    return -REACH + (2 * REACH * (clientX - box.left)) / box.width;
  }

  // ---- what is drawn ----

  draw() {
    if (!this.data) return;
    const { a, t, by, at } = this.set;
    const [p, q] = [this.data.p, moved(this.data.q, by)];
    this.write(p, q);
    const [width, height] = [this.picture.clientWidth || 600, this.picture.clientHeight || 400];
    const { real, generated, critic, text, muted, exact } = this.theme;
    const [top, floor, ground] = [24, 0.72 * height, height - 24];
    /** @param {number} x */
    const across = x => ((x + REACH) / (2 * REACH)) * width;
    const densities = [p, q].map(parts => DRAWN.map(x => Math.exp(logDensity(parts, x))));
    const most = Math.max(...densities.flat());
    /** @param {number[]} values @param {number} scale */
    const path = (values, scale) => values.map((v, i) => `${i ? "L" : "M"}${across(DRAWN[i]).toFixed(1)},${(floor - ((floor - top) * v) / scale).toFixed(1)}`).join("");
    /** @param {number[]} values @param {string} colour @param {string} dash */
    const hill = (values, colour, dash) => `<path d="${path(values, most)}L${width},${floor}L0,${floor}Z" fill="${colour}" fill-opacity=".22"/><path d="${path(values, most)}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`;
    const mine = DRAWN.map(x => sigmoid(line(a, t)(x)));
    const best = DRAWN.map(x => sigmoid(optimum(p, q)(x)));
    const arrows = Object.entries(pulls(a, t, at)).map(([loss, pull], row) => {
      // Both are shares of the slope a: the whole length where a loss has all of it.
      const [y, tip] = [ground - 26 + 28 * row, across(at + (LONGEST * pull) / Math.max(1, Math.abs(a)))];
      const side = Math.sign(pull) || 1;
      const right = Math.max(tip, across(at)) + WORDS < width;
      const name = loss === "minimax" ? "log(1 − D)" : "−log D";
      return `<line x1="${across(at)}" x2="${tip}" y1="${y}" y2="${y}" stroke="${row ? generated : exact}" stroke-width="4"/>`
        + `<path d="M${tip},${y}l${-8 * side},-5v10z" fill="${row ? generated : exact}" opacity="${Math.abs(tip - across(at)) > 6 ? 1 : 0}"/>`
        + `<text x="${right ? Math.max(tip, across(at)) + 14 : Math.min(tip, across(at)) - 14}" y="${y + 5}" text-anchor="${right ? "start" : "end"}" fill="${text}">${name}: ${decimal(pull, 3)}</text>`;
    });
    const ticks = [-6, -4, -2, 0, 2, 4, 6].map(x => `<text x="${across(x)}" y="${floor + 18}" text-anchor="middle" fill="${muted}">${String(x).replace("-", "−")}</text>`);
    this.picture.innerHTML = `<svg width="${width}" height="${height}" role="img" aria-label="Densities p and q, the discriminator D, and one generated point">
      ${hill(densities[0], real, "none")}${hill(densities[1], generated, "9 4")}
      <line x1="0" x2="${width}" y1="${floor}" y2="${floor}" stroke="${muted}"/>
      <line x1="0" x2="${width}" y1="${top}" y2="${top}" stroke="${muted}" stroke-dasharray="2 4"/>
      <text x="4" y="${top - 6}" fill="${muted}">D = 1: real</text><text x="4" y="${floor - 5}" fill="${muted}">D = 0: generated</text>
      ${this.shown ? `<path d="${path(best, 1)}" fill="none" stroke="${text}" stroke-width="2.5" stroke-dasharray="3 5"/>` : ""}
      <path d="${path(mine, 1)}" fill="none" stroke="${critic}" stroke-width="3.5"/>
      <line class="threshold" x1="${across(t)}" x2="${across(t)}" y1="${top}" y2="${floor}" stroke="${critic}" stroke-width="2" stroke-dasharray="6 4"/>
      <circle cx="${across(t)}" cy="${(top + floor) / 2}" r="9" fill="${critic}"/>
      ${ticks.join("")}
      ${arrows.join("")}<rect x="-7" y="-7" width="14" height="14" transform="translate(${across(at)},${ground - 12}) rotate(45)" fill="${generated}" stroke="${text}"/>
    </svg>`;
  }

  /** @param {PartData["p"]} p @param {PartData["q"]} q */
  write(p, q) {
    const { real, fake, total } = value(SUMMED, p, q, line(this.set.a, this.set.t));
    const best = value(SUMMED, p, q, optimum(p, q)).total;
    const rows = {
      "V(D)": decimal(total, 3), "E<sub>p</sub> log D": decimal(real, 3), "E<sub>q</sub> log(1 − D)": decimal(fake, 3),
      "V(D*), the best": decimal(best, 3), "you miss": decimal(best - total, 3),
      JS: decimal(jensenShannon(SUMMED, p, q), 3), "W₁": decimal(wasserstein(SUMMED, p, q), 3),
    };
    const places = this.numbers.children;
    if (!places.length) this.numbers.append(...Object.keys(rows).map(name => rich("span", `${name} <output></output>`)));
    Object.values(rows).forEach((words, i) => change(/** @type {Element} */ (places[i].lastElementChild), words));
  }

  close() {
    this.sizes.disconnect();
    this.root.remove();
  }
}
