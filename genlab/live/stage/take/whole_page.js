// The whole page as one picture that can stand on a slide: what made it, and every panel that can be seen, in its place.

/** @import { Lab } from "../lab.js" */
import { whole } from "../maths/text.js";
import { save } from "../page/dom.js";
import { Sheet } from "../page/sheet.js";

const WIDE = 1920; // px
const LETTER = 24;
const SMALL = 20; // px of letters in the panels
const GAP = 4;

/** @param {Lab} lab */
export async function wholePage(lab) {
  const labs = lab.group();
  const seen = labs.flatMap(({ room }) => [...room.areas.values()].flatMap(({ current, node }) =>
    current && room.sees(current) ? [{ panel: current, place: node.getBoundingClientRect() }] : []));
  const [left, top] = [Math.min(...seen.map(({ place }) => place.left)), Math.min(...seen.map(({ place }) => place.top))];
  const [right, bottom] = [Math.max(...seen.map(({ place }) => place.right)), Math.max(...seen.map(({ place }) => place.bottom))];
  const scale = WIDE / (right - left);
  const lines = labs.flatMap(({ panels }) => [...panels.values()].slice(0, 1).flatMap(panel => panel.description().lines));
  const head = Sheet.above(LETTER, lines);
  const size = { width: WIDE, height: head + scale * (bottom - top), letter: LETTER, small: SMALL };
  const sheet = new Sheet(lab.theme, size, { title: titleOf(lab), lines });
  for (const { panel, place } of seen) {
    const [width, height] = [scale * place.width - GAP, scale * place.height - GAP].map(Math.round);
    const picture = await panel.picture({ width, height, letter: SMALL, small: SMALL - 2 }, false);
    if (picture) sheet.context.drawImage(picture, scale * (place.left - left), head + scale * (place.top - top));
  }
  sheet.canvas.toBlob(blob => blob && save(blob, lab.fileName("page", "png")));
}

/** The page's name, what is happening, and when. @param {Lab} lab */
function titleOf({ data, header }) {
  const named = [document.title || data.model.toUpperCase(), data.claim || header?.diagnosis?.name].filter(Boolean).join(": ");
  return `${named} · step ${whole(header?.looking ?? header?.step ?? 0)}`;
}
