// What all panels share: a node, tools for the head of its area, visibility, streams.

/** @import { AnswerHeader, Arrays, PanelSpec, PictureSize } from "../types.js" */
/** @import { Lab } from "../lab.js" */
import { inLines, setUp } from "../maths/set_up.js";
import { fill, nothingYet, whole } from "../maths/text.js";
import { change, element, menu } from "../page/dom.js";
import { plotlyDiv } from "../page/plotly.js";

const LINE = 105; // letters in a line of a picture that is taken away

export class Panel {
  /** @param {Lab} lab @param {PanelSpec} spec */
  constructor(lab, spec) {
    this.lab = lab;
    this.spec = spec;
    this.id = spec.id;
    this.shown = false;
    this.closed = false;
    /** What it was configured for. */
    this.made = "";
    /** @type {HTMLElement[]} */
    this.tools = [];
    /** @type {HTMLElement | null} What stands at the side of the picture. */
    this.aside = null;
    this.canvas = plotlyDiv();
    this.under = element("div", { class: "under" });
    this.caption = element("p", { class: "caption" });
    /** The caption again, for where the picture has its line. */
    this.told = element("p");
    this.about = menu("What is drawn", [this.told], "i");
    this.about.classList.add("about");
    this.about.ontoggle = () => this.tellAbout();
    this.said = "";
    this.nothing = element("p", { class: "nothing", hidden: "" });
    this.node = element("div", { class: `panel ${spec.kind}`, "data-panel": spec.id },
      this.canvas, this.under, this.caption, this.nothing);
    this.sizes = new ResizeObserver(() => this.shown && this.resize());
    this.sizes.observe(this.canvas);
  }

  /** Another description of the same panel, or other colours. @param {PanelSpec} spec */
  configure(spec) {
    this.spec = spec;
    this.canvas.setAttribute("aria-label", spec.title);
  }

  /** @param {boolean} shown */
  show(shown) {
    this.shown = shown;
    this.node.hidden = !shown;
  }

  streams() {
    return this.spec.streams;
  }

  /** @returns {void | Promise<void>} */
  draw() {
    const caption = fill(this.spec.caption ?? "", this.lab.header);
    if (caption !== this.said) {
      this.caption.innerHTML = this.said = caption;
      this.tellAbout();
    }
    this.caption.hidden = this.about.hidden = !this.spec.caption;
  }

  /** Folded, the menu has no second copy of the caption for who listens to the page. */
  tellAbout() {
    this.told.innerHTML = this.about.open ? this.said : "";
  }

  /** What stands on a picture that is taken away: title with step, and set-up. */
  description() {
    const { header, data } = this.lab;
    const step = whole(header?.looking ?? header?.step ?? 0);
    const run = setUp(header?.config ?? {}, data.names);
    const lines = inLines([data.model.toUpperCase(), run].filter(Boolean).join(" · "), LINE);
    return { title: `${this.spec.title} · step ${step}`, lines };
  }

  /** The panel as it is now as a picture, with the set-up or with its title alone; null where nothing is drawn. @param {PictureSize} size @param {boolean} [told] @returns {Promise<HTMLCanvasElement | null>} */
  async picture(size, told = true) {
    return null;
  }

  /** What stands on such a picture. @param {boolean} told */
  wordsOf(told) {
    const { title, lines } = this.description();
    return { title: told ? title : this.spec.title, lines: told ? lines : [], background: this.lab.theme.background };
  }

  /** Words in the place of a picture for which nothing has come yet. @param {boolean} empty */
  sayNothing(empty) {
    this.nothing.hidden = !empty;
    this.canvas.classList.toggle("empty", empty);
    const { step, status } = this.lab.header ?? {};
    // What has no stream of its own on a map shows one of its models.
    const ofOne = this.lab.panels.has("map") && !this.spec.streams.length;
    change(this.nothing, nothingYet({ step, status, ofOne, watching: Boolean(this.lab.data.watching) }));
  }

  /** The room for the picture has changed. */
  resize() {}

  /** Another run is shown from now on. */
  enter() {}

  /** There is news of the visitor's own x. */
  renew() {}

  /** A cell of a map has been looked at. @param {AnswerHeader} header @param {Arrays} arrays */
  examined(header, arrays) {}

  /** True when all arrays have come. @param {string[]} names */
  has(...names) {
    return names.every(name => this.lab.arrays[name]);
  }

  close() {
    this.closed = true;
    this.sizes.disconnect();
    this.node.remove();
  }
}
