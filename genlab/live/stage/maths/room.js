// Who gets how much room: pure arithmetic about widths and heights in px.

/** What stands around the plane in its area: head, line of layers, numbers and title of the axes, padding. */
const AROUND = { above: 46, below: 34, left: 52, right: 22 };
const LETTERS = 2.9; // heights of a letter that the horizontal axis' numbers and title need
const CURVES = 285; // px that each column beside the main picture has at least
const SHARE = 0.32; // of the width that they have together at least

export const LOW = 480; // px of window height below which pictures stand in one column: two above one another would leave no room for a curve

/**
 * The width of the main picture's column, so that a square plane fills the height; what is beside it keeps its part.
 * @param {{width: number, height: number, side: number, letter: number, gap: number, columns: number}} room of the grid;
 *   `side` is the width of what stands beside the plane in the same area, `columns` are those beside it
 */
export function mainWidth({ width, height, side, letter, gap, columns }) {
  const plane = height - AROUND.above - AROUND.below - LETTERS * letter;
  const wanted = plane + AROUND.left + AROUND.right + (side ? side + gap : 0);
  return Math.round(Math.max(0, Math.min(wanted, width - Math.max(columns * (CURVES + gap), SHARE * width))));
}

/**
 * How many of these stand in one line, if what does not goes into a menu that needs `menu` px itself.
 * @param {number[]} widths @param {number} room @param {number} gap @param {number} menu
 */
export function inOneLine(widths, room, gap, menu) {
  const needed = widths.reduce((sum, width) => sum + width + gap, -gap);
  if (needed <= room) return widths.length;
  let [used, count] = [menu, 0];
  for (const width of widths) {
    used += gap + width;
    if (used > room) break;
    count += 1;
  }
  return count;
}

/** @param {string} template */
const sharesOf = template => [...template.matchAll(/"\s*minmax\(0, ([\d.]+)fr\)/g)].map(([, share]) => Number(share));

/** How many rows share the height of a grid. @param {string} template */
export const rowsOf = template => sharesOf(template).length;

/**
 * Whether what is written along an axis has room beside the numbers of the other one.
 * @param {string} text with its tags @param {number} length of the picture in px @param {number} letter px
 */
export const hasRoom = (text, length, letter) => length - 4 * letter > 0.55 * letter * text.replace(/<[^>]*>/g, "").length;

/**
 * The height of a grid in which no row that shares the height is lower than `row` px: each line of a CSS template with a
 * share as its height is one; lines as high as what stands in them come on top.
 * @param {string} template @param {number} row @param {number} gap
 */
export function leastHeight(template, row, gap) {
  const shares = sharesOf(template);
  const sum = shares.reduce((sum, share) => sum + share, 0);
  return shares.length ? Math.ceil((row * sum) / Math.min(...shares)) + gap * (shares.length - 1) : 0;
}

/** The next of `count` in a circle, or the one before. @param {number} at @param {number} by @param {number} count */
export const turned = (at, by, count) => (count ? (at + by + count) % count : 0);
