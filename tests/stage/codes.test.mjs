import assert from "node:assert/strict";
import { test } from "node:test";

import { alongPath, dot, lerp, plain, rootsOf, shadowOf, slerp } from "../../genlab/live/stage/maths/codes.js";
import { Course } from "../../genlab/live/stage/maths/course.js";

const near = (one, other, tolerance = 1e-12) => {
  assert.equal(one.length, other.length);
  one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) <= tolerance, `${one} is not ${other}`));
};
const angle = (a, b) => Math.acos(dot(a, b) / (Math.hypot(...a) * Math.hypot(...b)));
const array = (values, shape) => ({ values: Float64Array.from(values), shape });

test("slerp turns evenly and changes the norm evenly", () => {
  const [a, b] = [[3, 0, 0], [0, 1, 1]];
  for (const share of [0, 0.25, 0.5, 0.9, 1]) {
    const code = slerp(a, b, share);
    assert.ok(Math.abs(angle(a, code) - share * angle(a, b)) < 1e-7);
    assert.ok(Math.abs(Math.hypot(...code) - (3 + share * (Math.SQRT2 - 3))) < 1e-12);
  }
});

test("slerp has no direction to turn in between opposite codes, equal ones and the origin: it goes straight", () => {
  for (const [a, b] of [[[1, 0], [-2, 0]], [[1, 1], [1, 1]], [[0, 0], [1, 2]]]) {
    near(slerp(a, b, 0.3), lerp(a, b, 0.3));
  }
});

test("shares of a path are shares of its length", () => {
  const at = alongPath([[0, 0], [3, 0], [3, 1]]);
  near(at(0), [0, 0]);
  near(at(0.5), [2, 0]);
  near(at(0.75), [3, 0]);
  near(at(0.875), [3, 0.5]);
  near(at(1), [3, 1]);
});

test("a hand that stays where it is makes a path too", () => near(alongPath([[1, 2], [1, 2]])(0.5), [1, 2]));

test("a code is sent with the digits that float32 has", () => {
  const code = [1 / 3, -123456.789, 1e-9];
  assert.deepEqual(plain(code).map(Math.fround), code.map(value => Math.fround(Number(value.toPrecision(7)))));
});

test("the shadow of a code on two axes is its two coordinates there", () => {
  const axes = [[0.6, 0.8, 0], [0, 0, 1]];
  near([...shadowOf(array([1, 0, 2, 0, 1, 3], [2, 3]), axes).values], [0.6, 2, 0.8, 3]);
});

test("the root of a Gaussian's shadow squares to the covariance along the two axes", () => {
  const axes = [[0.6, 0.8, 0], [-0.8, 0.6, 0]];
  const std = [2, 0.5, 7];
  const [l11, l21, l22] = rootsOf(array(std, [1, 3]), axes, 1).values;
  const covariance = (a, b) => std.reduce((sum, s, k) => sum + a[k] * b[k] * s * s, 0);
  near([l11 ** 2, l11 * l21, l21 ** 2 + l22 ** 2],
    [covariance(axes[0], axes[0]), covariance(axes[0], axes[1]), covariance(axes[1], axes[1])]);
});

test("the first pin is A, the second B, and then the older one moves", () => {
  const course = new Course();
  course.pin([0]);
  assert.deepEqual(course.codes(2), [[0]]);
  course.pin([2]);
  assert.deepEqual(course.codes(2), [[0], [1], [2]]);
  course.pin([4]);
  assert.deepEqual(course.pins, [[4], [2]]);
  assert.equal(course.label, "A → B");
});

test("a path takes the place of the pins, and is remembered by a few of its places", () => {
  const course = new Course();
  course.pin([9, 9]);
  course.follow(Array.from({ length: 500 }, (_, i) => [i, 0]));
  assert.deepEqual(course.pins, [null, null]);
  const kept = course.kept();
  assert.ok(kept.route.length <= 62);
  const again = new Course();
  again.restore(JSON.parse(JSON.stringify(kept)));
  assert.deepEqual(again.codes(4), course.codes(4));
  again.clear();
  assert.ok(again.empty);
});
