// What a panel's menu offers beside its own picture: films of the run in this panel, and the whole page.

/** @import { Panel } from "../panels/panel.js" */
import { action } from "../page/dom.js";
import { FORMATS, film } from "./film.js";
import { wholePage } from "./whole_page.js";

/** The entries of a panel's menu. @param {Panel} panel */
export function toTake(panel) {
  const films = panel.lab.data.timeline ? FORMATS : [];
  return [
    ...films.map(format => action(`Film (${format.label})`, () => film(panel, format))),
    action("Whole page (PNG)", () => wholePage(panel.lab)),
  ];
}
