// A figure of the player that is mounted once; the present step only changes the traces that move.

/** @import { Picture, Theme } from "../types.js" */
import { MOVES, mixed } from "../maths/moves.js";
import { hasRoom } from "../maths/room.js";
import { merge } from "../maths/text.js";
import { action, element, menu, save, targetOf } from "../page/dom.js";
import { download, plotlyDiv, purge, react, resize, restyle, zoom, ZOOM } from "../page/plotly.js";
import { baseLayout, resolve } from "../page/theme.js";

const STILL = 5; // px that a pointer may move while it clicks

export class Frame {
  /** @param {string} id @param {(point: {x: number, y: number}) => void} point is told where the plane was clicked */
  constructor(id, point) {
    this.id = id;
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {any[]} The traces of the figure, whole. */
    this.traces = [];
    /** @type {any[]} What each move showed before the settings changed. */
    this.before = [];
    /** @type {any} whole, with the titles of all axes */
    this.layout = {};
    this.letter = 0; // px
    this.untitled = ""; // the axes whose title has no room
    this.background = "";
    this.closed = false;
    this.title = element("h3");
    this.canvas = plotlyDiv();
    const take = menu("More", [
      action("Zoom in", () => zoom(this.canvas, ZOOM)),
      action("Zoom out", () => zoom(this.canvas, 1 / ZOOM)),
      action("Reset zoom", () => react(this.canvas, this.canvas.data ?? [], this.fitted())),
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

  /** @param {Picture} picture @param {Theme} theme @param {number} fontSize */
  async configure(picture, theme, fontSize) {
    if (this.closed) return;
    this.picture = picture;
    const drawn = this.canvas.data ?? [];
    this.before = picture.moves.map(({ use, trace }) => (use === "between" && drawn[trace] ? { ...drawn[trace] } : null));
    this.node.style.gridArea = picture.area;
    this.title.innerHTML = picture.title;
    this.canvas.setAttribute("aria-label", this.title.textContent);
    this.background = theme.background;
    const { data, layout } = resolve(picture.figure, theme);
    this.traces = data;
    this.canvas.classList.toggle("points", picture.points);
    /** @type {any} */
    const base = baseLayout(theme, fontSize);
    for (const name of Object.keys(layout).filter(name => /^[xy]axis\d/.test(name))) base[name] = base[name.slice(0, 5)];
    this.layout = merge(base, layout);
    this.letter = fontSize;
    // Plotly writes into what it is given: the curves must stay whole, and so must the axes.
    this.untitled = this.without().join();
    await react(this.canvas, structuredClone(data), this.fitted());
  }

  /** The vertical axes whose title would be cut, or lie on the numbers. */
  without() {
    const { layout, letter, canvas: { clientHeight } } = this;
    const titled = Object.keys(layout).filter(name => name.startsWith("yaxis") && layout[name].title?.text);
    return clientHeight ? titled.filter(name => !hasRoom(layout[name].title.text, clientHeight, letter)) : [];
  }

  /** A copy of the layout as it fits into the canvas. */
  fitted() {
    const layout = structuredClone(this.layout);
    for (const name of this.without()) delete layout[name].title.text;
    return layout;
  }

  /** @param {number} at @param {number} last @param {number} gliding */
  async show(at, last, gliding) {
    const moves = this.picture?.moves ?? [];
    if (this.closed || !moves.length || !this.canvas._fullLayout) return;
    /** @type {Record<string, any>[]} */
    const changes = moves.map((move, i) => {
      const change = MOVES[move.use](this.traces[move.trace], at, last, move);
      const old = gliding < 1 && this.before[i];
      return old && old.x.length === change.x.length ? mixed(old, change, gliding) : change;
    });
    // Plotly leaves an attribute alone where its value is undefined.
    const names = new Set(changes.flatMap(Object.keys));
    const update = Object.fromEntries([...names].map(name => [name, changes.map(change => change[name])]));
    await restyle(this.canvas, update, moves.map(move => move.trace));
  }

  /** A click anywhere in the plane, not only on a mark: Plotly itself reports clicks on marks alone. @param {PointerEvent} down @param {(point: {x: number, y: number}) => void} point */
  press(down, point) {
    if (!this.picture?.points || down.button !== 0 || !targetOf(down).closest(".nsewdrag")) return;
    window.addEventListener(
      "pointerup",
      up => {
        if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) > STILL) return;
        const box = this.canvas.getBoundingClientRect();
        const { xaxis, yaxis } = this.canvas._fullLayout;
        /** @type {[any, number][]} */
        const ends = [[xaxis, up.clientX - box.left], [yaxis, up.clientY - box.top]];
        const [x, y] = ends.map(([axis, pixel]) => {
          const span = Math.abs(axis.range[1] - axis.range[0]);
          const digits = Math.max(0, Math.ceil(2 - Math.log10(span)));
          return Number(axis.p2d(pixel - axis._offset).toFixed(digits));
        });
        point({ x, y });
      },
      { once: true },
    );
  }

  /** @param {"png" | "svg"} format */
  image(format) {
    download(this.canvas, format, `genlab-${this.id}`, {
      title: this.title.textContent ?? "", lines: [], background: this.background,
    });
  }

  /** What is drawn now, in rows of: the curve's name, x, y and, for a field, z. */
  csv() {
    const rows = (this.canvas.data ?? []).flatMap(({ name, x, y, z }) => {
      const quoted = JSON.stringify(name ?? "");
      /** @type {number[]} */
      const across = [...x];
      if (!z) return across.map((value, i) => [quoted, value, y[i], ""]);
      return y.flatMap((/** @type {number} */ up, /** @type {number} */ j) => across.map((value, i) => [quoted, value, up, z[j][i]]));
    });
    return [["curve", "x", "y", "z"], ...rows].map(row => row.join(",")).join("\n") + "\n";
  }

  resize() {
    resize(this.canvas);
    const untitled = this.without().join();
    if (!this.canvas._fullLayout || untitled === this.untitled) return;
    this.untitled = untitled;
    react(this.canvas, this.canvas.data ?? [], this.fitted());
  }

  close() {
    this.sizes.disconnect();
    this.closed = true;
    this.node.remove();
    purge(this.canvas);
  }
}
