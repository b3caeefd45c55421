import assert from "node:assert/strict";
import { test } from "node:test";

import { sorted } from "../../genlab/live/stage/maths/wall.js";

const run = (run, name, animal, step, diagnosis) => ({ run, name, animal, step, diagnosis, status: "running" });
const RUNS = [
  run("a", "Cleo", "Bold Ibex", 10, "oscillation"),
  run("b", "Ada", "Wise Owl", 500, ""),
  run("c", "Bob", "Calm Jay", 30, "mode collapse"),
];

test("by name, and by animal where names are hidden", () => {
  assert.deepEqual(sorted(RUNS, "name", false), ["b", "c", "a"]);
  assert.deepEqual(sorted(RUNS, "name", true), ["a", "c", "b"]);
});

test("by step the farthest comes first, by diagnosis what has none comes last", () => {
  assert.deepEqual(sorted(RUNS, "step", false), ["b", "c", "a"]);
  assert.deepEqual(sorted(RUNS, "diagnosis", false), ["c", "a", "b"]);
});
