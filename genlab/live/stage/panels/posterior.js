// Choose or draw an x; its code, the reparameterisation with today's numbers, and its samples one after another.

/** @import { Lab } from "../lab.js" */
/** @import { PanelSpec, PictureSize, X } from "../types.js" */
import { action, change, element } from "../page/dom.js";
import { Sheet } from "../page/sheet.js";
import { Panel } from "./panel.js";
import { Plot } from "./plot.js";
import { Pad } from "./posterior_pad.js";
import { Reparameterisation } from "./reparameterisation.js";
import { CALM } from "../wire/feed.js";

const SAMPLE_EVERY = 450; // ms for which a sample stands
const HELD_OUT = 1000; // examples that can be chosen

export class Posterior extends Panel {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    /** @type {number | undefined} The held-out row that is shown or was shown last. */
    this.row = undefined;
    /** @type {HTMLInputElement[]} The coordinates of a point. */
    this.boxes = [];
    this.index = element("input", { type: "number", min: 0, max: HELD_OUT - 1, step: 1, ...named("Held-out example, 0 to 999") });
    this.index.onchange = () => this.pick(this.index.valueAsNumber);
    this.pad = new Pad(this);
    this.way = new Reparameterisation(this);
    this.words = element("p", { class: "words" });
    this.choices = element("div", { class: "choices" });
    this.acts = element("div", { class: "acts" });
    const source = element("div", { class: "source" }, this.pad.canvas, this.choices);
    const numbers = element("div", { class: "numbers" }, this.way.equations);
    const below = element("div", { class: "below" }, numbers, this.acts, this.words);
    this.canvas.append(element("div", { class: "inside" }, source, this.way.diagram, below));
    this.canvas.setAttribute("role", "group");
    this.timer = setInterval(() => this.moves() && this.step(), SAMPLE_EVERY);
  }

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    this.lab.example.of(spec);
    this.pad.configure(spec.images);
    this.way.configure(spec.images);
    this.boxes = spec.images ? [] : this.coordinates();
    const point = spec.images ? [] : [element("span", { class: "held" }, "x", ...this.boxes)];
    this.choices.replaceChildren(...point, ...this.heldOut(spec.images));
    this.under.hidden = true;
    this.node.dataset.images = String(spec.images);
    const next = action("Next sample", () => this.step());
    const zoom = action("Zoom to x", () => this.zoom());
    zoom.title = "Show the latent plane around the posterior of x";
    const all = action("Zoom out", () => this.plane()?.resetZoom());
    this.acts.replaceChildren(next, ...(spec.latents > 2 ? [] : [zoom, all]));
  }

  enter() {
    this.pad.strokes = [];
    this.lab.example.of(this.spec);
  }

  /** The picture of the latents. */
  plane() {
    const plane = this.lab.panels.get(this.spec.plane);
    return plane instanceof Plot ? plane : undefined;
  }

  // ---- choosing x ----

  /** @param {boolean} images */
  heldOut(images) {
    /** @param {string} label @param {string} title @param {() => void} act */
    const button = (label, title, act) => Object.assign(action(label, act), { title, ariaLabel: title });
    return [
      element("span", { class: "held" }, "held out",
        button("‹", "Previous held-out example", () => this.pick((this.row ?? -1) - 1)),
        this.index,
        button("›", "Next held-out example", () => this.pick((this.row ?? -1) + 1))),
      button("Random", "A random held-out example", () => this.pick(Math.floor(HELD_OUT * Math.random()))),
      ...(images ? [button("Clear", "Clear the drawing", () => this.pad.wipe())] : []),
    ];
  }

  coordinates() {
    const boxes = ["x₁", "x₂"].map(name => element("input", { type: "number", step: 0.1, ...named(name) }));
    for (const box of boxes) {
      box.onchange = () => this.choose(boxes.map(({ valueAsNumber: value }) => Math.max(-1000, Math.min(1000, value || 0))));
    }
    return boxes;
  }

  /** @param {number} row */
  pick(row) {
    if (!isFinite(row)) return;
    this.pad.strokes = [];
    this.choose({ held_out: ((Math.round(row) % HELD_OUT) + HELD_OUT) % HELD_OUT });
  }

  /** @param {X} x */
  choose(x) {
    this.lab.example.choose(x);
    this.plane()?.light(this.spec.overlays);
  }

  // ---- what is shown ----

  draw() {
    super.draw();
    const { arrays } = this.lab;
    const about = arrays["posterior.about"];
    if (!about || !this.fits()) return;
    const [, row, label] = about.values;
    this.row = row >= 0 ? row : this.row;
    if (document.activeElement !== this.index) this.index.value = row >= 0 ? String(row) : "";
    if (!this.boxes.some(box => box === document.activeElement)) {
      this.boxes.forEach((box, i) => (box.value = String(Number(arrays["posterior.x"].values[i].toFixed(2)))));
    }
    const drawn = this.spec.images ? "x: drawn, fitted like MNIST" : "x: a point of your own";
    change(this.words, row < 0 ? drawn : label < 0 ? `x: held out, ${row}` : `x: held out, class ${label}`);
    this.node.dataset.x = row >= 0 ? "held out" : "chosen";
    this.pad.paint();
    this.way.draw();
  }

  /** After news of x: the samples so far on the latent plane, and the panel where it can be seen. */
  renew() {
    if (this.shown) this.draw();
    else if (this.fits()) this.way.take();
  }

  /** x, and its numbers line by line. @param {PictureSize} size @param {boolean} [told] */
  async picture(size, told = true) {
    if (!this.lab.arrays["posterior.about"] || !this.fits()) return null;
    const { letter, small, width, height } = size;
    const sheet = new Sheet(this.lab.theme, size, this.wordsOf(told));
    const side = Math.min(width / 3, height - sheet.top - letter);
    sheet.context.drawImage(this.pad.canvas, letter, sheet.top, side, side);
    const rows = [...this.way.equations.querySelectorAll("tr")].map(row => [...row.children].map(cell => cell.textContent).join("  "));
    [this.words.textContent ?? "", ...rows].forEach((line, i) =>
      sheet.write(line, side + 2 * letter, sheet.top + letter + 1.4 * letter * i, small));
    return sheet.canvas;
  }

  /** Whether the arrays are of a model with these latents and data. */
  fits() {
    const { arrays } = this.lab;
    const k = arrays["posterior.mean"]?.shape[1];
    return k === this.spec.latents && (arrays["posterior.x"].shape.length === 2) === this.spec.images;
  }

  moves() {
    return this.shown && !this.lab.frozen && !CALM && !document.hidden;
  }

  /** The next sample. */
  step() {
    if (!this.lab.arrays["posterior.z"] || !this.fits()) return;
    this.way.next();
    if (!this.spec.images) this.pad.paint();
    const plane = this.plane();
    // While frames come they draw the plane anyway.
    const still = this.lab.header?.status !== "running";
    if (still && plane?.shown && plane.on["x-samples"] && plane.canvas._fullLayout) plane.draw();
  }

  /** The latent plane, around the posterior of x. */
  zoom() {
    const { arrays } = this.lab;
    const plane = this.plane();
    if (!plane || !this.fits()) return;
    plane.light(this.spec.overlays);
    this.lab.room.reveal(this.spec.plane);
    const [mean, std] = [arrays["posterior.mean"].values, arrays["posterior.std"].values];
    const exact = arrays["evidence.mean"] ? [arrays["evidence.mean"].values, arrays["evidence.std"].values] : [mean, std];
    const ranges = Array.from(mean, (m, j) => [
      Math.min(m - 4 * std[j], exact[0][j] - 4 * exact[1][j]), Math.max(m + 4 * std[j], exact[0][j] + 4 * exact[1][j]),
    ]);
    const half = Math.max(...ranges.map(([low, high]) => (high - low) / 2));
    plane.zoomTo(ranges.map(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]));
  }

  close() {
    clearInterval(this.timer);
    super.close();
  }
}

/** @param {string} label */
const named = label => ({ "aria-label": label, title: label });
