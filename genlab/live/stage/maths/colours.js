// Colours as numbers, and the colours of a map of measures.

/** @import { Measure } from "../types.js" */
import { number, whole } from "./text.js";

/** @param {string} colour as #rrggbb */
export const rgb = colour => [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));

/** @param {number[]} parts from 0 to 255 */
export const hexOf = parts => `#${parts.map(part => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** @param {string} one @param {string} other @param {number} share of the other one */
export const mix = (one, other, share) => hexOf(rgb(one).map((c, i) => c + share * (rgb(other)[i] - c)));

const CIVIDIS = ["#00224e", "#7d7c78", "#fee838"];

/** The colour of a cell of a small map: from dark (0) to bright (1); grey where its model diverged (−1), pale where nothing is known. @param {number} share @param {string} background @param {string} text */
export function cellColour(share, background, text) {
  if (!(share >= 0)) return mix(background, text, share < 0 ? 0.3 : 0.06);
  const half = share < 0.5 ? 0 : 1;
  return mix(CIVIDIS[half], CIVIDIS[half + 1], 2 * share - half);
}

/** From 0 (black) to 1 (white). @param {string} colour */
export function luminance(colour) {
  const [r, g, b] = rgb(colour).map(c => (c / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * The ends of a map's colours: known ones, or those of the values without the outermost twentieth.
 * @param {number[]} values @param {Measure} measure @returns {[number, number]}
 */
export function colourRange(values, { low, high, log }) {
  const sorted = [...values].sort((a, b) => a - b);
  /** @param {number} share */
  const at = share => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [from, to] = [low ?? at(log ? 0 : 0.05), high ?? at(log ? 1 : 0.95)];
  return [from, to > from ? to : from + 1];
}

/** What stands at the colours of a measure: its name, when it was taken, and which of them are good. @param {Measure} measure @param {string} [when] */
export const toldOf = ({ label, good }, when = "") => [`${label}${when}`, good ? "bright is good" : ""].filter(Boolean).join(" · ");

/** The steps at which figures were taken, in words; "" where all are of the present one. @param {number[]} steps @param {number} now */
export function spanOf(steps, now) {
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  if (!steps.length || first >= now) return "";
  return first === last ? ` at step ${whole(first)}` : ` at steps ${whole(first)} to ${whole(last)}`;
}

/** What the two ends of the colours stand for, in words. @param {number} low @param {number} high @param {Measure} measure */
export function endsOf(low, high, { log, good }) {
  if (!(low < high)) return "";
  /** @param {number} digits */
  const told = digits => [low, high].map(end => number(log ? 10 ** end : end, digits));
  // Two ends that differ are not told alike.
  const [first, last] = told([2, 3, 4, 5].find(digits => new Set(told(digits)).size === 2) ?? 6);
  return `: ${first} (${good === "low" ? "bright" : "dark"}) to ${last} (${good === "low" ? "dark" : "bright"})`;
}

/** @param {number} low @param {number} high @param {Measure} measure */
export function colourTicks(low, high, { log, whole }) {
  // Between few whole numbers there is nothing to read.
  if (!log) return whole && high - low <= 10 ? { dtick: 1 } : {};
  const decades = [];
  for (let power = Math.ceil(low); power <= high; power++) decades.push(power);
  const tickvals = decades.length > 1 ? decades : [low, (low + high) / 2, high];
  return { tickvals, ticktext: tickvals.map(power => number(10 ** power, 2)) };
}
