import assert from "node:assert/strict";
import { test } from "node:test";

import { centreOfMass, shrink } from "../../genlab/live/stage/maths/blocks.js";
import { colourRange, colourTicks, endsOf, luminance, mix, spanOf, toldOf } from "../../genlab/live/stage/maths/colours.js";
import { MOVES, rowAt } from "../../genlab/live/stage/maths/moves.js";
import { assign, decimal, duration, fill, lookup, merge, nothingYet, number, tuple } from "../../genlab/live/stage/maths/text.js";

test("a number has as many digits as it is given, a real minus sign and a power of ten where it is extreme", () => {
  const written = [[1234.567, 3], [-0.5, 3], [0, 3], [1.23456e-5, 3], [-2e7, 2], [null, 3], [undefined, 3], [NaN, 3]];
  assert.deepEqual(written.map(([value, digits]) => number(value, digits)),
    ["1230", "−0.5", "0", "1.23e−5", "−2.0e+7", "–", "–", "NaN"]);
});

test("what rounds to zero has no sign", () => {
  assert.deepEqual([-0.0004, -0.0006, 0.0004, -12.5].map(value => decimal(value, 3)), ["0.000", "−0.001", "0.000", "−12.500"]);
});

test("seconds become minutes", () => assert.deepEqual([0.9, 61, undefined].map(duration), ["0 s", "1 min 1 s", "0 s"]));

test("of a long code the first numbers are written", () => {
  assert.equal(tuple([1, -0.5]), "(1.00, −0.50)");
  assert.equal(tuple([1, 2, 3], 2), "(1.00, 2.00, …)");
});

test("a text takes its numbers from the frame", () => {
  assert.equal(fill("KL {last.kl} of {last.none}", { last: { kl: 12.3456 } }), "KL 12.3 of –");
  assert.equal(fill("Step {step}", { step: 12345 }), "Step 12,345");
  assert.equal(lookup(null, "last.kl"), undefined);
});

test("a path makes what is missing on its way, and a union goes into plain objects only", () => {
  const trace = {};
  assign(trace, "marker.color", [1]);
  assert.deepEqual(trace, { marker: { color: [1] } });
  assert.deepEqual(merge({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: 3 }, d: [4] }), { a: { b: 3, c: 2 }, d: [4] });
});

test("colours mix from the one to the other, and black is darker than white", () => {
  assert.equal(mix("#000000", "#ff8000", 0), "#000000");
  assert.equal(mix("#000000", "#ff8000", 1), "#ff8000");
  assert.deepEqual([luminance("#000000"), luminance("#ffffff")], [0, 1]);
  assert.ok(luminance("#00ff00") > luminance("#0000ff"));
});

test("the colours of a map leave out the outermost values unless their ends are known", () => {
  const values = Array.from({ length: 101 }, (_, i) => i);
  assert.deepEqual(colourRange(values, { low: null, high: null, log: false }), [5, 95]);
  assert.deepEqual(colourRange(values, { low: 0, high: 200, log: false }), [0, 200]);
  const [low, high] = colourRange([3], { low: null, high: null, log: false });
  assert.ok(high > low);
});

test("ticks of a logarithmic scale stand at whole powers of ten where there are two of them", () => {
  assert.deepEqual(colourTicks(-1.5, 1.2, { log: true }), { tickvals: [-1, 0, 1], ticktext: ["0.1", "1", "10"] });
  assert.equal(colourTicks(0.2, 0.8, { log: true }).tickvals.length, 3);
});

test("colours that are older than the picture say of which step they are", () => {
  assert.equal(toldOf({ label: "Exact W₁", good: "low" }, spanOf([0, 0, 0], 636)), "Exact W₁ at step 0 · bright is good");
  assert.equal(spanOf([1200, 1225], 1300), " at steps 1,200 to 1,225");
  assert.deepEqual([spanOf([1000, 1000], 1000), spanOf([], 10)], ["", ""]);
  assert.equal(toldOf({ label: "KL / nats", good: "" }), "KL / nats");
});

test("beside a single row of squares it is said what the ends of their colours stand for, and which is bright", () => {
  assert.equal(endsOf(-1, 1, { log: true, good: "low" }), ": 0.1 (bright) to 10 (dark)");
  assert.equal(endsOf(-334.2, -331.7, { log: false, good: "high" }), ": −334 (dark) to −332 (bright)");
  assert.equal(endsOf(3, 3, { log: false, good: "" }), "");
});

test("a trail ends where its head is", () => {
  const curve = { x: [0, 1, 2, 3], y: [5, 6, 7, 8] };
  for (const at of [0, 1.9, 3, 99]) {
    const trail = MOVES.trail(curve, at);
    assert.deepEqual(MOVES.head(curve, at), { x: trail.x.slice(-1), y: trail.y.slice(-1) });
  }
});

test("between two steps a row's numbers lie between", () => {
  assert.deepEqual(rowAt([[0, 10], [2, 20]], 0.5), [1, 15]);
  assert.deepEqual(rowAt([[0, 10], [2, 20]], 7), [2, 20]);
});

test("a moving mixture stays a density", () => {
  const x = Array.from({ length: 801 }, (_, i) => (i - 400) / 40);
  const move = { means: [[-2, 1], [0, 3]], stds: [[1, 0.5], [0.7, 1]], weights: [[0.3, 0.7], [0.5, 0.5]] };
  for (const at of [0, 0.4, 1]) {
    const { y } = MOVES.mixture({ x }, at, 1, move);
    assert.ok(Math.abs(y.reduce((sum, value) => sum + value / 40, 0) - 1) < 1e-6);
  }
});

test("points go from where they were to where they belong, and gaps stay gaps", () => {
  const move = { from: { x: [0, 0, 0], y: [1, 1, 1] } };
  const trace = { x: [4, null, 8], y: [1, null, 3] };
  assert.deepEqual(MOVES.between(trace, 0, 10, move), { x: [0, null, 0], y: [1, null, 1] });
  assert.deepEqual(MOVES.between(trace, 5, 10, move), { x: [2, null, 4], y: [1, null, 2] });
  assert.deepEqual(MOVES.between(trace, 10, 10, move), trace);
});

const square = (side, ink) => Array.from({ length: 4 * side * side }, (_, i) => ink(Math.floor(i / 4) % side, Math.floor(i / 4 / side)));

test("the centre of mass of a drawing is where its ink balances", () => {
  assert.deepEqual(centreOfMass(square(4, (x, y) => (x === 3 && y === 0 ? 9 : 0)), 4), [3.5, 0.5]);
  assert.deepEqual(centreOfMass(square(4, () => 1), 4), [2, 2]);
});

test("a smaller picture has the mean of each block", () => {
  assert.deepEqual([...shrink(square(4, (x, y) => (x < 2 && y < 2 ? 100 : x)), 4, 2)], [100, 3, 1, 3]);
});

test("a panel without a picture says what helps, and to who watches no press that is not theirs", () => {
  const says = change => nothingYet({ step: 0, status: "paused", ofOne: false, watching: false, ...change });
  assert.equal(says({}), "Nothing to draw before the first step: press Play.");
  assert.equal(says({ watching: true }), "Nothing to draw before the first step.");
  assert.equal(says({ status: "running", watching: true }), "Waiting for the first numbers …");
  assert.equal(says({ status: "starting" }), "The run is starting …");
});
