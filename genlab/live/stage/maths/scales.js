// Where a value stands on its slider, and which value stands where.

/** @import { Declaration } from "../types.js" */

const MANTISSAS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]; // about evenly spaced on a log scale
const DECADES_ABOVE_ZERO = 5; // of a log scale that begins at 0
const WIDE = 1000; // values of a linear scale for which a slider would be too coarse

/** Whether a slider makes sense for it. @param {Declaration} setting */
export const slides = ({ kind, scale, low, high }) =>
  (kind === "number" || kind === "integer") && low !== null && high !== null && (scale === "log" || high - low <= WIDE);

/** The positions of a logarithmic slider, the bounds and the default among them. @param {Declaration} setting @returns {number[]} */
export function positions({ kind, low, high, default: usual }) {
  const [least, most] = [low ?? 0, high ?? 1];
  const from = Math.floor(Math.log10(least || most / 10 ** DECADES_ABOVE_ZERO));
  const found = new Set([least, most, ...(typeof usual === "number" ? [usual] : [])]);
  for (let decade = from; decade <= Math.log10(most); decade++) {
    for (const mantissa of MANTISSAS) {
      const value = Number(`${mantissa}e${decade}`);
      if ((kind !== "integer" || Number.isInteger(value)) && value >= least && value <= most) found.add(value);
    }
  }
  return [...found].sort((one, other) => one - other);
}

/** Which of rising positions is nearest to a value, by ratio where that makes sense. @param {number[]} sorted @param {number} value */
export function nearest(sorted, value) {
  /** @param {number} one */
  const distance = one => (one > 0 && value > 0 ? Math.abs(Math.log(one / value)) : one === value ? 0 : Infinity);
  if (value <= 0) return 0;
  return sorted.reduce((best, one, i) => (distance(one) < distance(sorted[best]) ? i : best), sorted.length - 1);
}

/** How far an arrow key moves on a linear scale: a hundredth, or as fine as the upper bound is written. @param {Declaration} setting */
export function linearStep({ kind, high }) {
  if (kind === "integer") return 1;
  return 10 ** -Math.max(2, String(high).split(".")[1]?.length ?? 0);
}

/** The next value above or below, as the arrow keys find it. @param {Declaration} setting @param {number} value @param {1 | -1} way */
export function neighbour(setting, value, way) {
  if (setting.scale !== "log") return within(setting, rounded(value + way * linearStep(setting), setting));
  const sorted = positions(setting);
  const next = way > 0 ? sorted.find(one => one > value) : sorted.filter(one => one < value).at(-1);
  return next ?? value;
}

/** @param {number} value @param {Declaration} setting */
const rounded = (value, setting) => Number(value.toFixed(Math.round(-Math.log10(linearStep(setting)))));

/** @param {Declaration} setting @param {number} value */
const within = ({ low, high }, value) => Math.min(high ?? value, Math.max(low ?? value, value));

/** A number as a person writes it. @param {number} value */
export const written = value => String(Number(value.toPrecision(6)));

/** Whether a setting has an effect beside the others. @param {Declaration} setting @param {Record<string, any>} settings */
export const applies = ({ when }, settings) => Object.entries(when).every(([name, values]) => values.includes(settings[name]));
