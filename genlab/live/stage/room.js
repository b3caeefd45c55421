// The room of one mount: which grid, how large the letters, and which panel stands in which area.

/** @import { Lab } from "./lab.js" */
/** @import { Size } from "./types.js" */
/** @import { Panel } from "./panels/panel.js" */
import { Area } from "./bar/area.js";
import { LOW, leastHeight, mainWidth } from "./maths/room.js";
import { element, scrollerOf } from "./page/dom.js";

const WIDE = 1500; // px of component width from which the wide grid is used
const SHARED = 1700; // px of window width from which several mounts that share it write large
const STACKED = 1000; // px of component width below which the panels stand in one column
const TWO = 640; // px below which the two of presenter mode do, and the settings stand below the main picture
const ROW = 200; // px that a row of panels has at least, however little room the page leaves
const TIGHT = 230; // px of height below which a panel has its caption in its menu
const GAP = 8; // px, as --gap in live.css

export class Room {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    /** @type {Map<string, Area>} by the name of their grid area */
    this.areas = new Map();
    this.grid = element("div", { class: "grid" });
  }

  /** Puts each panel into its area of the present grid; moving a node keeps the figure in it. */
  arrange() {
    const { lab } = this;
    const size = this.size();
    const template = lab.data.grid[size];
    if (template.includes("lines")) this.grid.prepend(lab.sentences);
    else lab.top.node.after(lab.sentences);
    lab.root.classList.toggle("stacked", this.stacked());
    lab.root.dataset.grid = size;
    this.grid.style.gridTemplate = template;
    /** @type {Map<string, Panel[]>} */
    const placed = new Map();
    for (const { id, area } of lab.data.panels) {
      const panel = lab.panels.get(id);
      if (panel) placed.set(area[size], [...(placed.get(area[size]) ?? []), panel]);
    }
    for (const [name, area] of this.areas) {
      if (placed.has(name)) continue;
      if (area === lab.enlarged.area) lab.enlarged.show(null);
      area.node.remove();
      this.areas.delete(name);
    }
    for (const [name, panels] of placed) {
      const area = this.areas.get(name) ?? new Area(lab, name);
      this.areas.set(name, area);
      area.hold(panels);
      if (!area.node.isConnected) this.grid.append(area.node);
    }
    this.order();
    lab.feed.subscribe();
  }

  /** In a small window the picture comes first, what it obeys after it. A control that moves loses the hand on it: none does that need not. */
  order() {
    const { sentences, desk, hand: { controls: { node } }, root } = this.lab;
    const main = this.areas.get("main")?.node;
    const small = this.small() && main;
    root.classList.toggle("small", Boolean(small));
    if (small && main.nextSibling !== node) main.after(node);
    if (small) node.after(sentences);
    if (!small && node.parentNode !== desk) desk.prepend(node);
  }

  /** Where the line of the run may have no room for what all curves share, that stands below the settings: a line of its own would take height of the pictures, and one that wraps would move them. */
  placeCurves() {
    const { data, enlarged, presenter, root, top, desk } = this.lab;
    const column = data.bar === "all" && data.controls && root.dataset.grid === "narrow";
    const below = column && !this.stacked() && !enlarged.area && !presenter.on;
    const place = below ? desk : top.line;
    if (top.curves.parentNode !== place) place.append(top.curves);
  }

  /** Fills the window below whatever the page has put above, so that nothing needs scrolling. */
  fit() {
    const { lab } = this;
    if (!lab.data) return;
    if (!lab.enlarged.area) {
      const top = lab.root.getBoundingClientRect().top + scrollerOf(lab.root).scrollTop;
      if (!lab.presenter.on) lab.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
      const classes = lab.root.classList;
      const [stacked, small] = [classes.contains("stacked"), classes.contains("small")];
      if (this.size() !== lab.root.dataset.grid || this.stacked() !== stacked || this.small() !== small) {
        this.arrange();
        lab.draw();
      }
    }
    this.placeCurves();
    this.spread();
    this.share();
    lab.notes.place();
  }

  /** A page that has much above the pictures is scrolled rather than that they become too low to be read. */
  spread() {
    const { root, data, sentences } = this.lab;
    if (!this.grid.clientHeight) return;
    const template = data.grid[this.size()];
    const lines = this.grid.contains(sentences) && !this.stacked() ? sentences.offsetHeight + GAP : 0;
    const around = root.offsetHeight - this.grid.clientHeight + lines;
    root.style.setProperty("--least", `${around + leastHeight(template, ROW, GAP)}px`);
  }

  /** How much of the width the main picture gets: as much as makes its plane as large as the height allows. */
  share() {
    const { clientWidth: width, clientHeight: height } = this.grid;
    const side = this.areas.get("main")?.side.offsetWidth ?? 0;
    const columns = this.lab.root.dataset.grid === "wide" ? 2 : 1;
    const main = mainWidth({ width, height, side, letter: this.fontSize(), gap: GAP, columns });
    this.grid.style.setProperty("--main", `${main}px`);
    const tight = !this.stacked() && !this.lab.enlarged.area;
    for (const { node } of this.areas.values()) node.classList.toggle("tight", tight && node.offsetHeight < TIGHT);
  }

  /** Whether a panel can be seen now. @param {Panel | undefined} panel */
  sees(panel) {
    const { enlarged, presenter } = this.lab;
    const area = [...this.areas.values()].find(area => panel && area.panels.includes(panel));
    return Boolean(panel?.shown && area && (enlarged.area ? area === enlarged.area : presenter.sees(area)));
  }

  /** The picture that notes lie over: the first that is seen. */
  picture() {
    const { enlarged, presenter } = this.lab;
    const seen = [...this.areas.values()].filter(area => (enlarged.area ? area === enlarged.area : presenter.sees(area)));
    return seen[0]?.current?.canvas ?? null;
  }

  /** One of several mounts of a page shows little, and goes by the width of the window that they share. @returns {Size} */
  size() {
    const { data, pictures } = this.lab;
    const width = data.bar === "all" ? pictures.clientWidth : window.innerWidth;
    return width >= (data.bar === "all" ? WIDE : SHARED) ? "wide" : "narrow";
  }

  stacked() {
    const { data, root, presenter } = this.lab;
    const least = presenter.on ? TWO : STACKED;
    return data.bar === "all" && (root.clientWidth < least || window.innerHeight < LOW);
  }

  /** A low window, or a phone. */
  small() {
    const { data, root } = this.lab;
    return data.bar === "all" && (window.innerHeight < LOW || root.clientWidth < TWO) && this.areas.has("main");
  }

  /** px. On a large screen, which is often a projector's, everything is written larger. */
  fontSize() {
    const { enlarged, presenter, root } = this.lab;
    if (enlarged.area) return enlarged.fontSize();
    if (presenter.on) return presenter.fontSize();
    return root.dataset.grid === "wide" ? 15 : 13;
  }

  /** Brings the tab of a panel to the front. @param {string} id */
  reveal(id) {
    const area = [...this.areas.values()].find(area => area.panels.some(panel => panel.id === id));
    area?.choose(id);
  }
}
