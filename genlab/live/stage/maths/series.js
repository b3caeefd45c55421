// Histories: which values a curve has, smoothed how, and what range and ticks show them.

/** @import { Arrays, Columns, NumberArray, Series } from "../types.js" */
import { number } from "./text.js";

const MARGIN = 0.055; // of the values' range: what Plotly leaves free above and below

/** The histories among the arrays of a frame, each with its name. @param {Arrays} arrays @returns {[string, NumberArray][]} */
export function historyOf(arrays) {
  return Object.entries(arrays)
    .filter(([name]) => name.startsWith("history."))
    .map(([name, array]) => [name.slice("history.".length), array]);
}

/**
 * The values of a curve, which may be made of two histories.
 * @param {Pick<Series, "name" | "product" | "difference">} series @param {Columns} columns
 * @returns {Columns[string] | undefined}
 */
export function valuesOf({ name, product, difference }, columns) {
  const parts = product ?? difference;
  if (!parts) return columns[name];
  const [one, other] = parts.map(part => columns[part]);
  /** @type {(a: number, b: number) => number} */
  const combined = product ? (a, b) => a * b : (a, b) => a - b;
  return one && other ? Array.from(one, (value, i) => combined(value ?? NaN, other[i] ?? NaN)) : undefined;
}

/** The values of a curve as they are drawn. @param {Series} series @param {Columns} columns */
export const scaledOf = (series, columns) => Array.from(valuesOf(series, columns) ?? [], y => (y ?? NaN) / (series.scale ?? 1));

/**
 * The number of a curve in `last`, the newest of each at the step that is looked at.
 * @param {Series} series @param {Record<string, number | null>} last
 */
export function thenOf(series, last) {
  const columns = Object.fromEntries(Object.entries(last).map(([name, value]) => [name, [value ?? NaN]]));
  return valuesOf(series, columns)?.[0];
}

/**
 * At which step the newest value of a measured curve was taken, in words; "" where that is the present one.
 * @param {Pick<Series, "stamp">} series @param {Record<string, number | null | undefined>} last the newest value of each curve
 * @param {number | undefined} step the present one
 */
export function takenAt({ stamp }, last, step) {
  const taken = stamp === undefined ? undefined : last[stamp];
  return typeof taken !== "number" || taken === step ? "" : `@ ${taken.toLocaleString("en")}`;
}

/**
 * The rows of a history at which a curve has something new: all, or of what is measured now and then the first of each
 * measurement, whose value the rows after it repeat; `at` are the steps where they belong.
 * @param {Pick<Series, "stamp">} series @param {Columns} columns @returns {{rows: number[], at: ArrayLike<number | null>}}
 */
export function pointsOf({ stamp }, columns) {
  const taken = stamp === undefined ? undefined : columns[stamp];
  const all = Array.from(columns.step, (_, row) => row);
  if (!taken) return { rows: all, at: columns.step };
  const rows = all.filter(row => typeof taken[row] === "number" && isFinite(taken[row]) && taken[row] !== taken[row - 1]);
  return { rows, at: rows.map(row => taken[row]) };
}

/** The newest value of each column. @param {Columns} columns @returns {Record<string, number | null | undefined>} */
export function newestOf(columns) {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[values.length - 1]]));
}

/**
 * Ranges [from, to) of the rows of a history that belong together: a new one begins after each step at which it is cut.
 * @param {ArrayLike<number>} steps @param {number[]} cuts in order @returns {[number, number][]}
 */
export function segmentsOf(steps, cuts) {
  const all = Array.from(steps);
  const begins = cuts.map(cut => all.findIndex(step => step > cut)).filter(row => row > 0);
  const starts = [...new Set([0, ...begins])];
  return starts.map((from, i) => [from, starts[i + 1] ?? all.length]);
}

/**
 * The values with a gap between two segments; `change` makes something of each segment on its own.
 * @param {ArrayLike<number | null>} values @param {[number, number][]} segments @param {(part: number[]) => number[]} [change]
 */
export function joined(values, segments, change = part => part) {
  const all = Array.from(values, value => value ?? NaN);
  return segments.flatMap(([from, to], i) => [...(i ? [NaN] : []), ...change(all.slice(from, to))]);
}

/**
 * Exponential moving average without the bias of its start; a gap stays a gap.
 * @param {ArrayLike<number>} values @param {number} weight of the past, from 0 to below 1
 */
export function smooth(values, weight) {
  let [sum, mass] = [0, 0];
  return Array.from(values, value => {
    if (!isFinite(value)) return NaN;
    [sum, mass] = [weight * sum + (1 - weight) * value, weight * mass + (1 - weight)];
    return sum / mass;
  });
}

/**
 * Axis range of the 5th to 95th percentile with a margin, in the axis' own terms (log₁₀ for a log axis).
 * @param {number[]} values @param {boolean} log @returns {[number, number] | undefined}
 */
export function middleRange(values, log) {
  const drawn = values.filter(value => isFinite(value) && (!log || value > 0));
  const kept = log ? drawn.map(Math.log10) : drawn;
  if (kept.length < 3) return undefined;
  kept.sort((a, b) => a - b);
  const [low, high] = [kept[Math.floor(0.05 * (kept.length - 1))], kept[Math.ceil(0.95 * (kept.length - 1))]];
  const margin = 0.1 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

/**
 * The range of an axis in its own terms: the one that it is given, and the one in which it is seen, with the margin that
 * Plotly leaves above and below where it is given none.
 * @param {number[]} values @param {boolean} log @param {boolean} middle whether outliers are left out
 */
export function rangeOf(values, log, middle) {
  const given = middle ? middleRange(values, log) : undefined;
  const [low, high] = extremes((log ? values.map(Math.log10) : values).filter(isFinite));
  /** @type {[number, number]} */
  const whole = [low - MARGIN * (high - low), high + MARGIN * (high - low)];
  return { given, seen: given ?? whole };
}

/** A range that an amount is seen in: from nothing on, so that what stays about the same looks so. @param {[number, number]} range @returns {[number, number]} */
export const fromNothing = ([low, high]) => [Math.min(0, low), Math.max(0, high)];

/** Least and greatest, of however many values. @param {number[]} values @returns {[number, number]} */
export const extremes = values => values.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, -Infinity]);

/**
 * Plotly's ticks of a logarithmic axis: at 1, 2 and 5 of each decade as long as these have room, at whole decades, or of
 * less than one decade at the two outermost that can be told in one digit.
 * @param {number[]} values @param {number} room for so many labels
 */
export function logTicks(values, room) {
  const [low, high] = extremes(values.filter(value => value > 0 && isFinite(value)));
  if (!(low <= high)) return { dtick: 1 };
  const span = Math.log10(high / low);
  const first = Math.floor(Math.log10(low));
  const digits = Array.from({ length: Math.ceil(span) + 2 }, (_, i) => [1, 2, 5].map(digit => digit * 10 ** (first + i))).flat();
  const inside = digits.filter(value => value >= low && value <= high);
  // Without a format Plotly writes the digit alone, and small.
  if (span <= 1.2 && inside.length > 1 && inside.length <= room) return { dtick: "D2", tickformat: "~g" };
  if (span >= 1) return { dtick: Math.ceil(span / room) };
  const ends = inside.length > 1 ? [inside[0], inside[inside.length - 1]] : [low, high];
  return { tickmode: "array", tickvals: ends, ticktext: ends.map(value => number(value, 2)) };
}

/**
 * Where `at` of one column stands in another one.
 * @param {ArrayLike<number>} from @param {ArrayLike<number>} to @param {number} at
 */
export function interpolate(from, to, at) {
  let i = 1;
  while (i < from.length - 1 && from[i] < at) i += 1;
  if (from.length < 2) return to[0];
  return to[i - 1] + ((at - from[i - 1]) / (from[i] - from[i - 1] || 1)) * (to[i] - to[i - 1]);
}

/** The mean of the two middle values, which may be the same one. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** The row in the middle by one of its columns, the lower of two. @param {number[][]} rows @param {number} column */
export const middleBy = (rows, column) =>
  [...rows].sort((a, b) => a[column] - b[column])[Math.floor((rows.length - 1) / 2)];
