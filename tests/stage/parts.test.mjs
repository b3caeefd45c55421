import assert from "node:assert/strict";
import { test } from "node:test";

import * as it from "../../genlab/live/stage/maths/parts.js";

const x = it.grid(-14, 14, 1401);
const [P, Q] = [[[0, 1, 1]], [[2, 1, 1]]];
const near = (value, expected, tolerance) => assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not ${expected}`);

test("densities sum to 1, whatever their weights sum to", () => {
  near(it.area(x, x.map(at => Math.exp(it.logDensity([[-2, 0.5, 3], [2, 1, 1]], at)))), 1, 1e-9);
});

test("the best discriminator's value is −log 4 + 2 JS, and every other's is lower", () => {
  const best = it.value(x, P, Q, it.optimum(P, Q)).total;
  near(best, -Math.log(4) + 2 * it.jensenShannon(x, P, Q), 1e-9);
  for (const [a, t] of [[-1, 1], [-2, 0.5], [-3, 1], [0, 0], [2, 1], [-40, 3]]) {
    assert.ok(it.value(x, P, Q, it.line(a, t)).total <= best);
  }
});

test("between two Gaussians of one width the best one is a threshold with a slope: −2x + 2", () => {
  near(it.value(x, P, Q, it.line(-2, 1)).total, it.value(x, P, Q, it.optimum(P, Q)).total, 1e-12);
});

test("a discriminator that says ½ everywhere has the value −log 4", () => {
  near(it.value(x, P, Q, it.line(0, 0)).total, -Math.log(4), 1e-9);
});

test("W₁ of a moved density is how far it was moved; JS stays below log 2", () => {
  for (const by of [0, 0.5, 3, 9]) {
    const q = it.moved(P, by);
    near(it.wasserstein(x, P, q), by, 2e-3);
    assert.ok(it.jensenShannon(x, P, q) <= Math.log(2) + 1e-9);
  }
  near(it.jensenShannon(x, P, it.moved(P, 9)), Math.log(2), 1e-4);
});

test("pulls are minus the slopes of the generator's two losses", () => {
  const [a, t, h] = [-1.7, 0.4, 1e-6];
  const minimax = at => -it.softplus(a * (at - t));
  const practice = at => it.softplus(-a * (at - t));
  for (const at of [-3, 0, 0.4, 2, 5]) {
    const found = it.pulls(a, t, at);
    near(found.minimax, -(minimax(at + h) - minimax(at - h)) / (2 * h), 1e-6);
    near(found.practice, -(practice(at + h) - practice(at - h)) / (2 * h), 1e-6);
  }
});

test("where D is sure that a point is generated, minimax hardly pulls and the practice loss does", () => {
  const { minimax, practice } = it.pulls(-3, 0, 4);
  assert.ok(Math.abs(minimax) < 1e-4 && Math.abs(practice) > 2.9);
});
