// Where a value stands on its slider, and which value stands where.

import assert from "node:assert/strict";
import { test } from "node:test";
import { applies, linearStep, nearest, neighbour, positions, slides, written } from "../../genlab/live/stage/maths/scales.js";

const clip = { kind: "number", scale: "log", low: 0.0005, high: 1, default: 0.01, when: { objective: ["wgan"] } };
const beta = { kind: "number", scale: "log", low: 0, high: 1000, default: 1, when: {} };
const batch = { kind: "integer", scale: "log", low: 1, high: 2048, default: 100, when: {} };
const depth = { kind: "integer", scale: "linear", low: 1, high: 12, default: 2, when: {} };
const beta2 = { kind: "number", scale: "linear", low: 0, high: 0.9999, default: 0.999, when: {} };
const seed = { kind: "integer", scale: "linear", low: 0, high: 2 ** 31 - 1, default: 0, when: {} };

test("a logarithmic slider rises from bound to bound, in steps of about the same ratio", () => {
  for (const setting of [clip, beta, batch]) {
    const found = positions(setting);
    assert.equal(found[0], setting.low);
    assert.equal(found.at(-1), setting.high);
    assert.ok(found.includes(setting.default));
    const ratios = found.slice(1).map((value, i) => value / found[i]).filter(isFinite);
    assert.ok(ratios.every(ratio => ratio > 1 && ratio <= 2), setting.kind);
  }
  assert.ok(positions(batch).every(Number.isInteger));
});

test("a scale that begins at zero has five decades above it", () => {
  assert.deepEqual(positions(beta).slice(0, 3), [0, 0.01, 0.012]);
});

test("a value between two positions stands at the nearer one by ratio", () => {
  const sorted = [0, 0.01, 0.1, 1, 10];
  assert.equal(sorted[nearest(sorted, 0.04)], 0.1);
  assert.equal(sorted[nearest(sorted, 0.03)], 0.01);
  assert.equal(sorted[nearest(sorted, 0)], 0);
  assert.equal(sorted[nearest(sorted, 50)], 10);
});

test("an arrow key always moves, stays within bounds and comes back", () => {
  for (const setting of [clip, beta, batch, depth, beta2]) {
    let value = setting.default;
    assert.equal(neighbour(setting, neighbour(setting, value, 1), -1), value);
    for (let i = 0; i < 400 && value < setting.high; i++) {
      const next = neighbour(setting, value, 1);
      assert.ok(next > value && next <= setting.high);
      value = next;
    }
    assert.equal(neighbour(setting, setting.high, 1), setting.high);
    assert.equal(neighbour(setting, setting.low, -1), setting.low);
  }
});

test("a linear scale is as fine as its upper bound is written", () => {
  assert.deepEqual([depth, beta2, { ...beta2, high: 5 }].map(linearStep), [1, 0.0001, 0.01]);
});

test("where a slider would be too coarse there is none", () => {
  assert.deepEqual([clip, depth, beta2, seed].map(slides), [true, true, true, false]);
});

test("a setting without effect beside the others does not apply", () => {
  assert.equal(applies(clip, { objective: "wgan" }), true);
  assert.equal(applies(clip, { objective: "lsgan" }), false);
});

test("numbers are written with six digits at most", () => {
  assert.deepEqual([0.1 + 0.2, 1e-6, 2048, 0.0005].map(written), ["0.3", "0.000001", "2048", "0.0005"]);
});
