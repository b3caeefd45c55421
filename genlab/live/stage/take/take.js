// What a panel's menu offers beside its own picture: films of the run in this panel, and the whole page.

/** @import { Panel } from "../panels/panel.js" */
import { action, element } from "../page/dom.js";
import { FORMATS, film } from "./film.js";
import { wholePage } from "./whole_page.js";

/** Of a film from here on: pictures and steps between two, least, usual and most; the server takes as many for a GIF. */
const PICTURES = [2, 50, 60];
const EVERY = [1, 10, 10_000];

/** The entries of a panel's menu. @param {Panel} panel */
export function toTake(panel) {
  return [...(panel.lab.data.timeline ? films(panel) : []), action("Whole page (PNG)", () => wholePage(panel.lab))];
}

/** What is filmed, and an entry for each format that this browser writes. @param {Panel} panel */
function films(panel) {
  const what = element("select", { "aria-label": "What is filmed" },
    element("option", { value: "past" }, "its past: each snapshot"), element("option", { value: "ahead" }, "from here on"));
  const [count, every] = [box("Pictures of the film", PICTURES), box("Steps between two pictures", EVERY)];
  const apart = element("label", { class: "apart", hidden: "" }, count, "pictures, one every", every, "steps");
  what.onchange = () => (apart.hidden = what.value === "past");
  // Who watches cannot have the run train on.
  what.options[1].disabled = Boolean(panel.lab.data.watching);
  const ahead = () => (what.value === "past" ? null : { count: taken(count, PICTURES), every: taken(every, EVERY) });
  return [
    element("label", {}, "Film", what), apart,
    ...FORMATS.map(format => action(`Film (${format.label})`, () => film(panel, format, ahead()))),
  ];
}

/** @param {string} name @param {number[]} range */
const box = (name, [min, value, max]) => element("input", { type: "number", min, max, value, "aria-label": name });

/** What stands in a box, as it can be; the box shows it. @param {HTMLInputElement} input @param {number[]} range */
function taken(input, [min, usual, max]) {
  const value = Math.min(max, Math.max(min, Math.round(input.valueAsNumber) || usual));
  input.value = String(value);
  return value;
}
