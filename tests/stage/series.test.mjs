import assert from "node:assert/strict";
import { test } from "node:test";

import {
  extremes, fromNothing, historyOf, interpolate, joined, logTicks, median, middleBy, middleRange, rangeOf, newestOf, pointsOf, segmentsOf, smooth, takenAt,
  thenOf, valuesOf,
} from "../../genlab/live/stage/maths/series.js";

test("smoothing keeps a constant as it is, from its first value on", () => {
  for (const value of smooth(new Array(20).fill(3), 0.9)) assert.ok(Math.abs(value - 3) < 1e-12);
});

test("smoothing is the mean of the past with weights that fall by a constant factor", () => {
  const values = [1, 5, -2, 4];
  const weight = 0.7;
  const weights = values.map((_, i) => weight ** (values.length - 1 - i));
  const mean = values.reduce((sum, value, i) => sum + weights[i] * value, 0) / weights.reduce((a, b) => a + b);
  assert.ok(Math.abs(smooth(values, weight).at(-1) - mean) < 1e-12);
});

test("smoothing with weight 0 changes nothing, and a gap stays a gap without spoiling what follows", () => {
  assert.deepEqual(smooth([1, 2, 3], 0), [1, 2, 3]);
  const [first, gap, last] = smooth([2, NaN, 2], 0.5);
  assert.deepEqual([first, last], [2, 2]);
  assert.ok(isNaN(gap));
});

test("the middle range does not know a spike", () => {
  const values = Array.from({ length: 100 }, (_, i) => i / 100);
  const [low, high] = middleRange([...values, 1e6], false);
  assert.ok(low < 0.05 && high > 0.95 && high < 1.2);
});

test("on a log axis the middle range is in decades and leaves out what is not positive", () => {
  const [low, high] = middleRange([0, -1, NaN, ...Array.from({ length: 50 }, (_, i) => 10 ** (i % 3))], true);
  assert.ok(Math.abs(low + 0.2) < 1e-12 && Math.abs(high - 2.2) < 1e-12);
});

test("of too few values there is no middle", () => assert.equal(middleRange([1, NaN, 2], false), undefined));

test("a logarithmic axis has as many ticks as their labels have room, and two where a power of ten is not in sight", () => {
  assert.deepEqual(logTicks([0.3, 2, NaN, -5], 4), { dtick: "D2", tickformat: "~g" });
  assert.deepEqual(logTicks([0.03, 0.4], 2), { dtick: 1 });
  assert.deepEqual(logTicks([1e-6, 1], 3), { dtick: 2 });
  assert.deepEqual(logTicks([0.2, 0.4, 0.9], 1), { tickmode: "array", tickvals: [0.2, 0.5], ticktext: ["0.2", "0.5"] });
  assert.deepEqual(logTicks([3.1, 3.4], 2), { tickmode: "array", tickvals: [3.1, 3.4], ticktext: ["3.1", "3.4"] });
  assert.deepEqual(logTicks([-1, 0], 3), { dtick: 1 });
});

test("the extremes of as many values as a long run has", () => {
  assert.deepEqual(extremes(Array.from({ length: 300_000 }, (_, i) => Math.sin(i) > 2 ? 9 : i % 7)), [0, 6]);
});

test("a step between two known ones has the seconds between theirs", () => {
  assert.equal(interpolate([10, 20, 30], [1, 2, 4], 25), 3);
  assert.equal(interpolate([10, 20, 30], [1, 2, 4], 30), 4);
  assert.equal(interpolate([10], [1], 10), 1);
});

test("a curve may be a product or a difference of two histories", () => {
  const columns = { kl: [2, null, 3], beta: [1, 2, 4] };
  assert.deepEqual(valuesOf({ name: "", product: ["kl", "beta"] }, columns), [2, NaN, 12]);
  assert.deepEqual(valuesOf({ name: "", difference: ["kl", "beta"] }, columns), [1, NaN, -1]);
  assert.equal(valuesOf({ name: "", product: ["kl", "none"] }, columns), undefined);
  assert.equal(thenOf({ name: "", product: ["kl", "beta"] }, { kl: 3, beta: 0.5 }), 1.5);
});

test("histories are the arrays that are called so", () => {
  assert.deepEqual(historyOf({ "history.kl": 1, "latent.mean": 2 }), [["kl", 1]]);
});

test("the median of an even number of values lies between two", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});

test("of examples the one in the middle stands for the median: its terms add up, medians of each term do not", () => {
  const rows = [[-180, -183.6, 0.1, 3.5], [-170, -171, 0.4, 0.6], [-182.7, -190, 7.2, 0.1]];
  const found = middleBy(rows, 1);
  assert.deepEqual(found, rows[0]);
  assert.ok(Math.abs(found[1] + found[2] + found[3] - found[0]) < 1e-9);
  const [all, ...parts] = [0, 1, 2, 3].map(j => median(rows.map(row => row[j])));
  assert.ok(Math.abs(parts.reduce((sum, part) => sum + part) - all) > 0.1);
});

test("a figure says at which step it was measured, unless that is the present one or it is none that is measured", () => {
  const columns = { step: [1, 2, 1000], w: [3, 3, 2], w_step: [0, 0, 975] };
  const last = newestOf(columns);
  assert.equal(takenAt({ stamp: "w_step" }, last, 1000), "@ 975");
  assert.equal(takenAt({ stamp: "w_step" }, { ...last, w_step: 12500 }, 13000), "@ 12,500");
  assert.equal(takenAt({ stamp: "w_step" }, last, 975), "");
  assert.equal(takenAt({}, last, 1000), "");
  assert.equal(takenAt({ stamp: "gone_step" }, last, 1000), "");
});

test("a history is cut after the step at which its objective changed, and not where nothing came before or after", () => {
  const steps = Float64Array.from([10, 20, 30, 40]);
  assert.deepEqual(segmentsOf(steps, []), [[0, 4]]);
  assert.deepEqual(segmentsOf(steps, [20, 35]), [[0, 2], [2, 3], [3, 4]]);
  assert.deepEqual(segmentsOf(steps, [20, 21]), [[0, 2], [2, 4]]);
  assert.deepEqual(segmentsOf(steps, [0, 40]), [[0, 4]]);
});

test("between two segments there is a gap, over which nothing is smoothed", () => {
  const values = [1, 1, 5, null];
  assert.deepEqual(joined(values, [[0, 2], [2, 4]]), [1, 1, NaN, 5, NaN]);
  assert.deepEqual(joined([1, 1, 5, 5], [[0, 2], [2, 4]], part => smooth(part, 0.9)).map(y => Math.round(1e9 * y) / 1e9), [1, 1, NaN, 5, 5]);
});

test("what is measured now and then has one point for each measurement, where it was taken, and no stairs", () => {
  const columns = { step: [1, 2, 3, 4, 5, 6], modes: [8, 8, 8, 5, 5, 5], modes_step: [NaN, 1, 1, 4, 4, 4] };
  assert.deepEqual(pointsOf({ stamp: "modes_step" }, columns), { rows: [1, 3], at: [1, 4] });
  assert.deepEqual(pointsOf({}, columns).rows, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(pointsOf({ stamp: "none" }, columns).at, columns.step, "without stamps every row stands for itself");
});

test("an axis is seen in the range that it is given, and with Plotly's margin where it is given none", () => {
  const values = [0, ...Array.from({ length: 98 }, (_, i) => i + 1), 1000];
  const { given, seen } = rangeOf(values, false, true);
  assert.deepEqual(seen, given);
  assert.deepEqual(given, middleRange(values, false));
  const whole = rangeOf([0, 100, NaN], false, false);
  assert.equal(whole.given, undefined);
  assert.deepEqual(whole.seen, [-5.5, 105.5]);
  assert.deepEqual(rangeOf([1, 10, 100, -3], true, false).seen, [-0.11, 2.11]);
});

test("an amount is seen from nothing on, whatever its values are close to", () => {
  assert.deepEqual(fromNothing([4.3, 5.8]), [0, 5.8]);
  assert.deepEqual(fromNothing([-0.2, 3]), [-0.2, 3]);
});
