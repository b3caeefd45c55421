// The formula of the run's objective, with today's number under each of its terms.

/** @import { Lab } from "../lab.js" */
import { isBefore } from "../maths/set_up.js";
import { lookup, number } from "../maths/text.js";
import { element } from "../page/dom.js";
import { resolve } from "../page/theme.js";

const UNKNOWN = "–";
const SETTING = "config.";

export class Formula {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.html = "";
    this.node = element("div", { class: "formula" });
  }

  /** The page has been drawn anew. */
  mount() {
    const { data, theme } = this.lab;
    if (this.html !== data.formula) this.node.innerHTML = this.html = data.formula;
    for (const term of /** @type {NodeListOf<HTMLElement>} */ (this.node.querySelectorAll("[data-colour]"))) {
      term.style.setProperty("--term", resolve(term.dataset.colour ?? "", theme));
    }
    this.update();
  }

  /** Numbers of another objective do not stand under this one's terms, neither for a moment nor until the next step. */
  update() {
    const places = /** @type {HTMLElement[]} */ ([...this.node.querySelectorAll("[data-value]")]);
    const paths = places.map(place => place.dataset.value ?? "");
    const mine = this.isOfThePage() && !this.isOfBefore(paths);
    places.forEach((place, i) => {
      const known = mine || (paths[i].startsWith(SETTING) && this.isOfThePage());
      place.textContent = known ? number(lookup(this.lab.header, paths[i]), 4) : UNKNOWN;
    });
  }

  /** Whether the page has been drawn for the settings of the frame. */
  isOfThePage() {
    const { header, data, rerun } = this.lab;
    return Boolean(header && (!data.config || rerun.drawnFor(header.config) === rerun.drawnFor(data.config)));
  }

  /** @param {string[]} paths of the numbers under the terms */
  isOfBefore(paths) {
    const { header, changes } = this.lab;
    const settings = paths.filter(path => path.startsWith(SETTING)).map(path => path.slice(SETTING.length));
    return header?.looking === null && isBefore(header.step, changes, ["objective", ...settings]);
  }
}
