import assert from "node:assert/strict";
import { test } from "node:test";

import { crossings, placesOf } from "../../genlab/live/stage/maths/labels.js";

const along = Array.from({ length: 101 }, (_, i) => i / 100);
/** @param {(x: number) => number} height */
const course = height => ({ x: along, y: along.map(height) });
const line = { at: 0.8, width: 0.4, below: true };

test("a piece that passes through a box between two of its points is seen", () => {
  const box = { left: 0.4, right: 0.6, low: 0.4, high: 0.6 };
  assert.equal(crossings({ x: [0, 1], y: [0, 1] }, box), 1);
  assert.equal(crossings({ x: [0.5, 0.5], y: [0, 1] }, box), 1);
  assert.equal(crossings({ x: [0, 1], y: [0.7, 0.9] }, box), 0);
  assert.equal(crossings({ x: [0.5], y: [0.5] }, box), 1);
  assert.equal(crossings({ x: [0, NaN, 1], y: [0.5, NaN, 0.5] }, box), 0);
});

test("the words of a line leave its start where a curve comes up steeply or begins there", () => {
  const rises = course(x => 0.9 - 0.9 * Math.exp(-60 * x));
  assert.deepEqual(placesOf([line], 0.1, [course(() => 0.2)]), [{ x: 0, below: true }]);
  assert.deepEqual(placesOf([line], 0.1, [rises]), [{ x: 0.5, below: true }]);
  const falls = course(x => 0.85 - 0.4 * Math.min(1, 4 * x));
  assert.deepEqual(placesOf([{ ...line, below: false }], 0.1, [falls]), [{ x: 0.5, below: false }]);
});

test("two lines close to each other do not write over each other", () => {
  const other = { at: 0.75, width: 0.4, below: false };
  const [first, second] = placesOf([{ ...line, below: true }, other], 0.1, []);
  assert.ok(first.x !== second.x || first.below !== second.below);
  assert.deepEqual(placesOf([{ ...line, below: false }, { ...other, below: true }], 0.1, []), [{ x: 0, below: false }, { x: 0, below: true }]);
});

test("words stay where they are as long as they cover nothing there", () => {
  const before = { x: /** @type {const} */ (1), below: false };
  assert.deepEqual(placesOf([{ ...line, before }], 0.1, [course(() => 0.2)]), [before]);
  assert.notDeepEqual(placesOf([{ ...line, before }], 0.1, [course(() => 0.85)]), [before]);
});

test("the words of two lines that lie in a long and noisy curve do not write over each other", () => {
  const noisy = { x: Array.from({ length: 4000 }, (_, i) => i / 3999), y: Array.from({ length: 4000 }, (_, i) => 0.2 + 0.05 * (-1) ** i) };
  const [floor, band] = [{ at: 0.17, width: 0.73, below: true }, { at: 0.19, width: 0.68, below: false }];
  assert.deepEqual(placesOf([floor, band], 0.06, [noisy]).map(({ below }) => below), [true, false]);
});
