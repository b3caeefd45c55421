import assert from "node:assert/strict";
import { test } from "node:test";

import { TRANSFORMS, column, rowsOf } from "../../genlab/live/stage/maths/transforms.js";

const array = (values, shape) => ({ values: Float32Array.from(values), shape });
const near = (one, other, tolerance) => assert.ok(Math.abs(one - other) <= tolerance, `${one} is not ${other}`);
const pairs = ({ x, y }) => x.map((value, i) => [value, y[i]]).filter(([value]) => value !== null);

test("rows and columns of an array", () => {
  const points = array([1, 2, 3, 4, 5, 6], [3, 2]);
  assert.deepEqual([...column(points, 1)], [2, 4, 6]);
  assert.deepEqual(rowsOf(points).map(row => [...row]), [[1, 2], [3, 4], [5, 6]]);
  const { x, y } = TRANSFORMS.columns({ points }, { columns: [1, 0], count: 2 });
  assert.deepEqual([[...x], [...y]], [[2, 4], [1, 3]]);
});

test("an ellipse lies one standard deviation from its mean in every direction", () => {
  const drawn = TRANSFORMS.ellipses({ mean: array([1, 2], [1, 2]), std: array([3, 0.5], [1, 2]) }, { count: 1, columns: [0, 1] });
  for (const [x, y] of pairs(drawn)) near(((x - 1) / 3) ** 2 + ((y - 2) / 0.5) ** 2, 1, 1e-12);
});

test("an ellipse from a root is that of the covariance which the root squares to", () => {
  const [l11, l21, l22] = [2, 1, 0.5];
  const drawn = TRANSFORMS.shadowEllipses({ mean: array([0, 0], [1, 2]), root: array([l11, l21, l22], [1, 3]) }, {});
  const [a, b, c] = [l11 * l11, l11 * l21, l21 * l21 + l22 * l22];
  for (const [x, y] of pairs(drawn)) near((c * x * x - 2 * b * x * y + a * y * y) / (a * c - b * b), 1, 1e-9);
});

test("the outline of a Gaussian has one and two standard deviations, and none in one dimension", () => {
  const drawn = TRANSFORMS.outline({ mean: array([0, 0], [1, 2]), std: array([1, 2], [1, 2]) }, { columns: [0, 1] });
  const reached = pairs(drawn).map(([x, y]) => Math.hypot(x, y / 2));
  near(Math.min(...reached), 1, 1e-9);
  near(Math.max(...reached), 2, 1e-9);
  assert.deepEqual(TRANSFORMS.outline({ mean: array([0], [1, 1]), std: array([1], [1, 1]) }, { columns: [0, 1] }).x, []);
});

test("the bell over one latent is the density of its Gaussian", () => {
  const { x, y } = TRANSFORMS.bell({ mean: array([2], [1, 1]), std: array([0.5], [1, 1]) });
  near(y.reduce((sum, value, i) => sum + value * ((x[i + 1] ?? x[i]) - x[i]), 0), 1, 1e-3);
  near(x[y.indexOf(Math.max(...y))], 2, 1e-12);
});

test("a density of points integrates to the share of them that lie within its range", () => {
  const points = array([0.1, 0.2, 0.6, 5], [4, 1]);
  const { x, y } = TRANSFORMS.density({ points }, { column: 0, bins: 10, range: [0, 1] });
  near(y.reduce((sum, value) => sum + value * (x[1] - x[0]), 0), 3 / 4, 1e-6);
});

test("arrows grow with the logarithm of a vector's norm, and none is drawn below the shortest", () => {
  const from = array([0, 0, 0, 0, 0, 0], [3, 2]);
  const along = array([1e-5, 0, 1e-2, 0, 1, 0], [3, 2]);
  const { x } = TRANSFORMS.arrows({ from, along }, { length: 1, shortest: 1e-4, longest: 1 });
  const tips = [x[1], x[8]];
  near(tips[0], 0.5, 1e-6);
  near(tips[1], 1, 1e-6);
  assert.equal(x.length, 14);
});

test("a mesh is as many separate lines as it has rows and columns", () => {
  const mesh = array(Array.from({ length: 12 }, (_, i) => i), [2, 3, 2]);
  const { x } = TRANSFORMS.mesh({ mesh });
  assert.equal(x.filter(value => value === null).length, 2 + 3);
  assert.equal(x.filter(value => value !== null).length, 2 * 6);
});

test("the level lines of a field stand symmetrically about its centre", () => {
  const field = { x: array([0], [1]), y: array([0], [1]), z: array([0], [1, 1]) };
  const drawn = TRANSFORMS.contours(field, {}, { info: { field_centre: 2, field_span: 4 } });
  const lines = [];
  for (let at = drawn["contours.start"]; at <= drawn["contours.end"]; at += drawn["contours.size"]) lines.push(at);
  assert.deepEqual(lines, [-1, 0, 1, 2, 3, 4, 5]);
});

test("points of a class, and its name at their median; a class without points has no name", () => {
  const points = array([0, 0, 2, 2, 10, 0, 5, 5], [4, 2]);
  const labels = { values: Int32Array.from([1, 1, 1, 7]), shape: [4] };
  const one = TRANSFORMS.ofClass({ points, labels }, { columns: [0, 1], count: 4, class: 1 });
  assert.deepEqual(one, { x: [0, 2, 10], y: [0, 2, 0] });
  const names = TRANSFORMS.classNames({ points, labels }, { columns: [0, 1], count: 4 });
  assert.deepEqual(names, { x: [2, 5], y: [0, 5], text: ["1", "7"] });
});

test("a plane shows all but the outermost hundredth, and never less than it is asked to", () => {
  const most = Array.from({ length: 199 }, (_, i) => (i % 2 ? 1 : -1) * 2.5);
  assert.deepEqual(TRANSFORMS.plane({ points: array([...most, 1000], [100, 2]) }, { least: 1 })["xaxis.range"], [-3, 3]);
  assert.deepEqual(TRANSFORMS.plane({ points: array([0, 0], [1, 2]) }, { least: 2 })["yaxis.range"], [-2, 2]);
});

test("bounds stand at plus and minus a number of the frame, as high as the highest bar; without the number there are none", () => {
  const counts = array([3, 9], [2]);
  assert.deepEqual(TRANSFORMS.bounds({ counts }, { value: "info.clip" }, { info: { clip: 0.1 } }),
    { x: [-0.1, -0.1, null, 0.1, 0.1], y: [0, 9, null, 0, 9] });
  assert.deepEqual(TRANSFORMS.bounds({ counts }, { value: "info.clip" }, { info: { clip: null } }).x, []);
});

test("a field that rises by less than what counts is painted in one colour and says so; another one is not", () => {
  const field = { x: array([0], [1]), y: array([0], [1]), z: array([1e-9, -2e-9], [1, 2]) };
  const flat = { info: { field_centre: 0, field_span: 2e-9 } };
  const { zmin, zmax } = TRANSFORMS.field(field, { least: 1e-4 }, flat);
  assert.deepEqual([zmin, zmax], [-1e-4, 1e-4]);
  assert.match(TRANSFORMS.flat(field, { least: 1e-4 }, flat).annotations[0].text, /^field flat: −5.00e−10 ± 1.5e−9$/);
  assert.deepEqual(TRANSFORMS.flat(field, { least: 1e-4 }, { info: { field_span: 2e-4 } }), {});
});

test("what was measured on several seeds is a mark at its step with a bar to either end", () => {
  const points = array([0, 1, 2, 4, 8, 500, 2, 3, 8, 7], [2, 5]);
  const { x, y, customdata, ...bars } = TRANSFORMS.spread({ points }, {}, {});
  assert.deepEqual([Array.from(x), Array.from(y)], [[0, 500], [2, 3]]);
  assert.deepEqual([bars["error_y.array"], bars["error_y.arrayminus"]].map(ends => Array.from(ends)), [[2, 5], [1, 1]]);
  assert.deepEqual(customdata, [[1, 4, 8], [2, 8, 7]]);
});
