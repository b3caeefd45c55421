import assert from "node:assert/strict";
import { test } from "node:test";

import { levelLine } from "../../genlab/live/stage/maths/levels.js";

const axis = Array.from({ length: 21 }, (_, i) => -1 + i / 10);

test("the level line of the distance from the middle is a circle, closed and as long as one", () => {
  const z = axis.map(y => axis.map(x => Math.hypot(x, y)));
  const pieces = levelLine(axis, axis, z, 0.73);
  for (const [ax, ay, bx, by] of pieces) for (const radius of [Math.hypot(ax, ay), Math.hypot(bx, by)]) assert.ok(Math.abs(radius - 0.73) < 2e-3);
  const length = pieces.reduce((sum, [ax, ay, bx, by]) => sum + Math.hypot(bx - ax, by - ay), 0);
  assert.ok(Math.abs(length / (2 * Math.PI * 0.73) - 1) < 0.01);
  /** @type {Map<string, number>} */
  const ends = new Map();
  for (const [ax, ay, bx, by] of pieces) {
    for (const [x, y] of [[ax, ay], [bx, by]]) {
      const key = `${x.toFixed(9)} ${y.toFixed(9)}`.replaceAll("-0.000000000", "0.000000000");
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
  }
  assert.ok([...ends.values()].every(count => count === 2), "each piece goes on where the one before it ends");
});

test("on a plane of values the line is straight, whatever the distances of the grid", () => {
  const [x, y] = [[0, 1, 5], [0, 2, 3]];
  const pieces = levelLine(x, y, y.map(v => x.map(u => u + v)), 2.5);
  for (const [ax, ay, bx, by] of pieces) for (const sum of [ax + ay, bx + by]) assert.ok(Math.abs(sum - 2.5) < 1e-12);
  assert.ok(pieces.length >= 2);
});

test("in a saddle the two corners of the middle's sign are joined", () => {
  // High at two corners across; with the middle high they are one region, and each line cuts off a low corner.
  const cut = (high, low) => levelLine([0, 1], [0, 1], [[high, low], [low, high]], 0);
  for (const [high, low, corners] of [[3, -1, [[1, 0], [0, 1]]], [1, -3, [[0, 0], [1, 1]]]]) {
    const pieces = cut(high, low);
    assert.equal(pieces.length, 2);
    const nearest = pieces.map(([ax, ay, bx, by]) => [Math.round((ax + bx) / 2), Math.round((ay + by) / 2)].join());
    assert.deepEqual(nearest.sort(), corners.map(corner => corner.join()).sort());
  }
});

test("a field that is above or below the level everywhere has no line", () => {
  assert.deepEqual(levelLine(axis, axis, axis.map(() => axis.map(() => 1)), 0.5), []);
  assert.deepEqual(levelLine(axis, axis, axis.map(() => axis.map(() => 1)), 2), []);
});
