// The wall of a class: every student's run as a small picture with its name, how it stands and what it has been found to
// do. A click watches one large.

/** @import { ClassData, Mount, Packet, Theme, WallRun } from "./types.js" */
import { STATUS } from "./bar/status.js";
import { whole } from "./maths/text.js";
import { ORDERS, sorted } from "./maths/wall.js";
import { change, element, press, toggle } from "./page/dom.js";
import { recall, remember } from "./page/memory.js";
import { drawSmall } from "./page/small_plane.js";
import { readTheme } from "./page/theme.js";
import { wall } from "./wire/class_messages.js";
import { Seat } from "./wire/seat.js";

const SETTLED = 3000; // ms between two times at which pictures change their places

/** @type {WeakMap<Element, Wall>} */
const walls = new WeakMap();

/** @param {Mount<ClassData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const shown = walls.get(parentElement) ?? new Wall(parentElement);
  walls.set(parentElement, shown);
  shown.tell = setTriggerValue;
  shown.open(data);
  return () => {
    shown.close();
    walls.delete(parentElement);
  };
}

/** @typedef {{button: HTMLButtonElement, canvas: HTMLCanvasElement, name: Element, how: Element, found: Element, packet: Packet<any> | null}} Card */

class Wall {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {(name: string, value: unknown) => void} */
    this.tell = () => {};
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    /** @type {WallRun[]} */
    this.runs = [];
    /** @type {{order: typeof ORDERS[number], hidden: boolean}} */
    this.choice = recall("wall", { order: "name", hidden: false });
    this.placed = "";
    this.placedAt = 0;
    this.count = element("strong");
    this.animals = toggle("Animals instead of names", "", on => this.choose({ hidden: on }));
    this.orders = ORDERS.map(order => toggle(order, "", () => this.choose({ order })));
    const orders = element("span", { class: "orders", role: "group", "aria-label": "Sorted by" }, "Sorted by ", ...this.orders);
    this.none = element("p", {}, "No student has a run yet.");
    this.grid = element("div", { class: "cards" });
    this.root = element("section", { class: "genlab-wall", "aria-label": "Runs of the class" },
      element("div", { class: "line" }, this.count, this.animals, orders), this.none, this.grid);
    parent.append(this.root);
    this.seat = new Seat(packet => this.receive(packet), () => this.seat.send(wall(true)));
    this.sizes = new ResizeObserver(() => this.drawAll());
    this.sizes.observe(this.grid);
  }

  /** @param {ClassData} data */
  open(data) {
    this.palette = data.palette;
    /** @type {Theme} */
    this.theme = readTheme(this.root, data.palette);
    this.seat.open(data.base, data.seat);
    this.render();
    this.drawAll();
  }

  /** @param {Packet<any>} packet */
  receive(packet) {
    const { header } = packet;
    if (header.kind === "wall") {
      this.runs = header.runs;
      this.render();
    } else if (header.kind === "glanced") {
      const card = this.cards.get(header.run);
      if (!card) return;
      card.packet = packet;
      this.draw(card);
      this.say(header.run);
    }
  }

  /** @param {Partial<Wall["choice"]>} change */
  choose(change) {
    this.choice = { ...this.choice, ...change };
    remember("wall", this.choice);
    this.placedAt = 0;
    this.render();
  }

  render() {
    const { runs, choice } = this;
    change(this.count, `${runs.length} ${runs.length === 1 ? "run" : "runs"} in memory`);
    this.none.hidden = runs.length > 0;
    press(this.animals, choice.hidden);
    for (const [i, order] of ORDERS.entries()) press(this.orders[i], choice.order === order);
    const known = new Set(runs.map(({ run }) => run));
    for (const [run, card] of this.cards) {
      if (known.has(run)) continue;
      card.button.remove();
      this.cards.delete(run);
    }
    for (const { run } of runs) if (!this.cards.has(run)) this.cards.set(run, this.card(run));
    this.place();
    for (const { run } of runs) this.say(run);
  }

  /** Pictures do not move away from under a pointer. */
  place() {
    const standing = this.runs.map(run => ({ ...run, diagnosis: this.diagnosis(run.run) }));
    const order = sorted(standing, this.choice.order, this.choice.hidden);
    const now = performance.now();
    const some = order.some(run => !this.cards.get(run)?.button.isConnected);
    if (order.join() === this.placed || (!some && (now - this.placedAt < SETTLED || this.grid.matches(":hover")))) return;
    this.placed = order.join();
    this.placedAt = now;
    const focused = document.activeElement;
    this.grid.append(...order.map(run => /** @type {Card} */ (this.cards.get(run)).button));
    if (this.grid.contains(focused)) /** @type {HTMLElement} */ (focused).focus();
  }

  /** @param {string} run @returns {string} */
  diagnosis(run) {
    return this.cards.get(run)?.packet?.header.diagnosis ?? "";
  }

  /** @param {string} run @returns {Card} */
  card(run) {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const [name, how, found] = [element("strong"), element("span", { class: "how" }), element("span", { class: "found" })];
    const button = element("button", { type: "button", "data-run": run }, canvas, name, how, found);
    button.onclick = () => {
      const page = this.runs.find(one => one.run === run)?.page;
      if (page) this.tell("go", { page, query: String(new URLSearchParams({ run })), how: "visit" });
    };
    return { button, canvas, name, how, found, packet: null };
  }

  /** @param {string} run */
  say(run) {
    const card = this.cards.get(run), standing = this.runs.find(one => one.run === run);
    if (!card || !standing) return;
    const { icon, word } = STATUS[standing.status];
    change(card.name, this.choice.hidden ? standing.animal : standing.name);
    change(card.how, `${icon} ${word} · ${whole(Math.max(standing.step, card.packet?.header.step ?? 0))}`);
    change(card.found, this.diagnosis(run) || standing.trains);
    card.button.dataset.status = standing.status;
    card.button.title = [`Watch this run large: ${standing.trains}`, standing.note].filter(Boolean).join("; ");
  }

  /** In another theme, or where pictures are larger or smaller than they were. */
  drawAll() {
    for (const card of this.cards.values()) this.draw(card);
  }

  /** @param {Card} card */
  draw({ canvas, packet }) {
    if (packet && this.theme) drawSmall(canvas, packet.arrays, packet.header.extent, this.theme);
  }

  close() {
    this.sizes.disconnect();
    this.seat.close();
    this.root.remove();
  }
}
