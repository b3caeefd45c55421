// A plane of codes (latents or noise) that answers the hand: what is under the pointer is decoded at its side, a click
// pins, a drag draws a path, and pins and paths become a strip of outputs. A code has `dims` numbers; the plane shows
// two of them, or the first two principal components of the means; moving over it leaves the others as they are.
// No move of the pointer draws a Plotly figure: its marks are on canvases of their own.

/** @import { Lab } from "../lab.js" */
/** @import { Arrays, Bind, Code, ExploreSpec, PanelSpec, Place } from "../types.js" */
import { dot, plain, rootsOf, shadowOf } from "../maths/codes.js";
import { Course } from "../maths/course.js";
import { subscript, tuple, whole } from "../maths/text.js";
import { rowsOf } from "../maths/transforms.js";
import { action, change, element, press, toggle } from "../page/dom.js";
import { recall, remember, rememberOf } from "../page/memory.js";
import { CodeSliders } from "./code_sliders.js";
import { Echo } from "./explorer_echo.js";
import { Hand } from "./explorer_hand.js";
import { Strip } from "./explorer_strip.js";
import { Plot } from "./plot.js";

const GLANCE = 1000; // ms between two looks at a code on which no hand is, while the run trains

/** @typedef {{x: number, y: number, principal: boolean}} Plane which two numbers of a code, or the principal components */

export class Explorer extends Plot {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    super(lab, spec);
    /** @type {Code} The place where one is. */
    this.code = [];
    /** @type {Plane} */
    this.plane = { x: 0, y: 1, principal: false };
    this.course = new Course();
    /** @type {(Arrays & {code: Code}) | undefined} What became of the present code. */
    this.latest = undefined;
    this.decodedAt = 0; // the step of the model that made it
    this.due = 0; // when it is to be made anew without a hand
    this.redraws = 0;
    this.seen = ""; // the model that was decoded last
    this.exploring = recall("exploring", true);
    this.output = element("canvas", { "aria-hidden": "true" });
    this.where = element("span");
    this.here = false; // whether a hand is on the plane
    this.tile = element("div", { class: "tile" }, this.output, this.where);
    this.hand = new Hand(this);
    this.strip = new Strip(this);
    this.sliders = new CodeSliders(this);
    this.echo = new Echo(this);
    this.controls = element("div", { class: "controls" });
    this.voice = element("span", { class: "unseen", role: "status", "aria-live": "polite" });
    this.pointer = toggle("Explore by pointer (off: zoom, hover)", "", on => this.explore(on));
    this.tools.push(this.menu(this.pointer));
    this.wipe = action("Clear", () => this.wipeOut());
    this.wipe.title = "Remove pins and path (Escape)";
    const stage = element("div", { class: "stage" });
    this.canvas.replaceWith(stage);
    stage.append(this.canvas, this.hand.node);
    this.aside = element("div", { class: "codes" }, this.tile, this.controls, this.strip.node, this.sliders.node);
    this.node.prepend(stage);
    this.node.append(this.voice);
  }

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    const { dims, symbol, spherical } = spec.explore;
    const usual = { x: 0, y: Math.min(1, dims - 1), principal: false };
    const kept = recall(`plane-${this.id}`, usual);
    this.plane = Math.max(kept.x, kept.y) < dims && (spec.explore.principal || !kept.principal) ? kept : usual;
    const another = this.code.length !== dims;
    if (another) this.code = new Array(dims).fill(0);
    this.course.spherical = spherical && recall("spherical", false);
    this.hand.node.setAttribute("aria-roledescription", `plane of ${symbol}`);
    this.fillControls(spec.explore);
    this.sliders.fill();
    this.explore(this.exploring);
    if (another) this.enter();
  }

  /** What was pinned before in the run that is shown now. */
  enter() {
    const { dims } = this.spec.explore;
    const kept = recall(`pins-${this.id}`, {})[this.lab.data.run];
    const known = kept?.dims === dims ? kept : {};
    this.latest = undefined;
    this.clear(known.pins?.[known.newest] ?? new Array(dims).fill(0));
    this.course.restore(known);
    this.strip.unroll();
  }

  keep() {
    rememberOf(this.lab.data.run, `pins-${this.id}`, { dims: this.spec.explore.dims, ...this.course.kept() });
  }

  /** @param {boolean} on */
  explore(on) {
    this.exploring = on;
    remember("exploring", on);
    press(this.pointer, on);
    this.hand.node.hidden = !on;
    if (!on) this.leave();
    this.lab.draw();
  }

  /** @param {ExploreSpec} explore */
  fillControls({ dims, symbol, principal, spherical }) {
    const items = [];
    if (dims > 2) {
      items.push(element("label", {}, "plane ", this.axisChoice("x"), this.axisChoice("y")));
      if (principal) items.push(this.switch("PCA", "The plane of the means' first two principal components",
        this.plane.principal, on => this.turn({ principal: on })));
    }
    if (dims > 1) items.push(this.switch("sliders", `A slider for each ${symbol}`, !this.sliders.node.hidden,
      on => this.sliders.open(on)));
    if (spherical) items.push(this.switch("spherical", "Interpolate along the sphere instead of the straight line",
      this.course.spherical, on => this.bend(on)));
    this.controls.replaceChildren(...items, this.wipe);
    this.tell();
  }

  /** Which number of a code an axis shows. @param {"x" | "y"} which */
  axisChoice(which) {
    const { dims, symbol } = this.spec.explore;
    const select = element("select", { "aria-label": `Code along the ${which} axis` });
    for (let i = 0; i < dims; i++) select.append(new Option(`${symbol}${subscript(i + 1)}`, String(i)));
    select.value = String(this.plane[which]);
    select.disabled = this.plane.principal;
    select.onchange = () => this.turn({ [which]: Number(select.value) });
    return select;
  }

  /** @param {string} label @param {string} title @param {boolean} on @param {(on: boolean) => void} act */
  switch(label, title, on, act) {
    const button = toggle(label, title, on => {
      press(button, on);
      act(on);
    });
    press(button, on);
    return button;
  }

  /** Another plane through the same code. @param {Partial<Plane>} change */
  turn(change) {
    const plane = { ...this.plane, ...change };
    if (plane.x === plane.y) {
      const [chosen, other] = /** @type {["x" | "y", "x" | "y"]} */ ("x" in change ? ["x", "y"] : ["y", "x"]);
      plane[other] = this.plane[chosen];
    }
    this.plane = plane;
    remember(`plane-${this.id}`, plane);
    this.fillControls(this.spec.explore);
    this.lab.feed.subscribe();
    this.resetZoom();
    this.look();
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

  /** @param {Code} code */
  project(code) {
    return (this.axes() ?? []).map(axis => dot(axis, code));
  }

  /** The code over a place of the plane: the one that we are at, moved within the plane alone. @param {number[]} place */
  lift(place) {
    const axes = this.axes();
    if (!axes) return this.code;
    const moves = axes.map((axis, j) => place[j] - dot(axis, this.code));
    return this.code.map((value, i) => axes.reduce((sum, axis, j) => sum + axis[i] * moves[j], value));
  }

  /** What the figure draws of the codes is their shadow on the plane. @param {Bind} bind */
  given(bind) {
    const given = super.given(bind);
    const { dims } = this.spec.explore;
    if (!given || dims <= 2) return given;
    const cloud = given.points ?? given.mean;
    if (!cloud) return given;
    const axes = this.axes();
    if (!axes || cloud.shape[1] !== dims) return null;
    const shadow = shadowOf(cloud, axes);
    return given.std ? { mean: shadow, root: rootsOf(given.std, axes, bind.count ?? 1) } : { ...given, points: shadow };
  }

  /** @param {any} layout */
  adapt(layout) {
    const { dims, symbol } = this.spec.explore;
    layout.hovermode = this.exploring ? false : "closest";
    layout.dragmode = this.exploring ? false : "zoom";
    if (dims < 3) return;
    const shares = this.lab.arrays["components.shares"]?.values ?? [];
    for (const [j, axis] of /** @type {["x", "y"]} */ (["x", "y"]).entries()) {
      const share = shares.length ? ` (${Math.round(100 * shares[j])} % of the variance)` : "";
      layout[`${axis}axis`].title.text = this.plane.principal
        ? `PC ${j + 1}${share}`
        : `${symbol}<sub>${this.plane[axis] + 1}</sub>`;
    }
  }

  streams() {
    return [...super.streams(), ...(this.plane.principal ? ["components"] : [])];
  }

  async draw() {
    await super.draw();
    this.hand.lay();
    this.echo.draw();
    // The output is seen in the data's plane where that stands beside this one.
    const before = this.output.hidden;
    this.output.hidden = this.lab.room.sees(this.echo.target());
    // Nothing was drawn where it was not seen.
    if (before && !this.output.hidden) [this.seen, this.latest] = ["", undefined];
    if (!this.lab.header || !this.ready()) return;
    const { step, run, looking, status } = this.lab.header;
    const seen = `${run} ${looking ?? step} ${status === "running"}`;
    if (this.seen === seen) return;
    this.seen = seen;
    // After training has moved on, the same codes become something else.
    if (this.here || this.rests()) this.look();
    if (!this.course.empty) this.strip.unroll();
  }

  resize() {
    super.resize();
    this.hand.lay();
  }

  /** Where a code stands on the sheet, in px. @param {Code} code @returns {Place} */
  pixel(code) {
    const { xaxis, yaxis } = this.canvas._fullLayout;
    const [x, y] = this.project(code);
    return [xaxis.l2p(x), y === undefined ? yaxis._length / 2 : yaxis.l2p(y)];
  }

  // ---- pins and paths ----

  /** @param {Code} code */
  pin(code) {
    this.course.pin(code);
    this.strip.unroll();
    this.keep();
  }

  /** @param {Code[]} route */
  follow(route) {
    this.course.follow(route);
    this.strip.unroll();
  }

  /** @param {boolean} spherical */
  bend(spherical) {
    remember("spherical", spherical);
    this.course.spherical = spherical;
    this.course.join();
    this.strip.unroll();
  }

  clear(code = this.code) {
    this.code = code;
    this.course.clear();
    this.strip.unroll();
    this.look();
  }

  wipeOut() {
    this.clear();
    this.keep();
  }

  // ---- the present code ----

  /** Whether the model of the latest frame takes codes of this length: it may be another one by now. */
  fits() {
    const { header } = this.lab;
    return header?.config?.[header.model === "gan" ? "noise_dim" : "latent_dim"] === this.spec.explore.dims;
  }

  /** @param {number} index @param {number} value */
  set(index, value) {
    this.goTo(this.code.map((old, i) => (i === index ? value : old)));
  }

  /** @param {Code} code */
  goTo(code) {
    this.code = code;
    this.here = true;
    this.look();
    this.say();
  }

  /** Whether what becomes of the present code is to be seen without a hand: whenever the run rests, and now and then while it trains. */
  rests() {
    const due = !this.latest || this.lab.header?.status !== "running" || performance.now() >= this.due;
    return this.shown && !this.output.hidden && due;
  }

  /** Whether a code can be looked at: there is a plane, and a model whose codes it shows. */
  ready() {
    return Boolean(this.canvas._fullLayout) && this.shown && this.fits();
  }

  /** Everything that belongs to the present code. */
  look() {
    if (!this.canvas._fullLayout || !this.shown) return;
    this.tell();
    this.sliders.follow();
    this.hand.sketch();
    if (!(this.here || this.rests()) || !this.fits()) return;
    const { code } = this;
    this.due = performance.now() + GLANCE;
    this.lab.decoder.ask(`${this.id} cursor`, plain(code), arrays => {
      this.latest = /** @type {Arrays & {code: Code}} */ (/** @type {unknown} */ ({ ...arrays, code }));
      this.decodedAt = this.lab.header?.looking ?? this.lab.header?.step ?? 0;
      this.strip.render(this.output, arrays, 0);
      this.tell();
      this.echo.draw();
      this.redraws += 1;
    });
  }

  /** Forgets what the pointer was over. */
  leave() {
    this.here = false;
    this.tell();
    this.lab.decoder.forget(`${this.id} cursor`);
    this.hand.sketch();
    this.echo.draw();
  }

  tell() {
    const { symbol, dims } = this.spec.explore;
    const next = this.course.pinned.length ? "Click another place to interpolate." : "Move to decode. Click to pin. Drag for a path.";
    change(this.strip.readout, this.course.at ? "" : next);
    const since = this.here || !this.latest ? "" : ` at step ${whole(this.decodedAt)}`;
    change(this.where, this.here || this.latest ? `${symbol} = ${tuple(this.code, 3)}${since}` : "");
    this.tile.dataset.here = String(this.here);
    this.wipe.disabled = this.course.empty;
    this.hand.node.setAttribute("aria-label",
      `${this.spec.title}: arrow keys move, Enter pins, Escape clears. ${symbol} = ${tuple(this.code, dims)}`);
  }

  /** For who does not see the plane. */
  say(word = "") {
    const pins = this.course.pins.map((pin, i) => pin && `${"AB"[i]} pinned`).filter(Boolean).join(", ");
    change(this.voice, [word, `${this.spec.explore.symbol} = ${tuple(this.code)}`, pins].filter(Boolean).join("; "));
  }

  /** @param {boolean} shown */
  show(shown) {
    super.show(shown);
    this.echo.draw();
  }

  close() {
    this.echo.close();
    super.close();
  }
}
