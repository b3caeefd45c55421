import assert from "node:assert/strict";
import { test } from "node:test";

import { inLines, isBefore, setUp } from "../../genlab/live/stage/maths/set_up.js";

const names = { data: ["Data", "ring8"], objective: ["Objective", "wgan"], clip: ["c", 0.01], width: ["Width", 64], seed: ["Seed", 0] };

test("under a picture stand data and objective, what is not as usual, and the seed last", () => {
  const config = { seed: 3, data: "ring8", objective: "wgan", clip: 0.5, width: 64 };
  assert.equal(setUp(config, names), "Data ring8 · Objective wgan · c 0.5 · Seed 3");
  assert.equal(setUp({ ...config, clip: null }, names), "Data ring8 · Objective wgan · c off · Seed 3");
  assert.equal(setUp({}, names), "");
  // A default of images is as usual as that of points.
  const both = { ...names, width: ["Width", 64, 16] };
  assert.deepEqual([64, 16, 8].map(width => setUp({ width }, both)), ["", "", "Width 8"]);
});

test("settings are broken into lines between two of them", () => {
  assert.deepEqual(inLines("Data ring8 · c 0.5 · Seed 3", 18), ["Data ring8 · c 0.5", "Seed 3"]);
  assert.deepEqual(inLines("a long one · b", 3), ["a long one", "b"]);
});

test("the numbers of the last step are those of before as long as no step follows the change", () => {
  const changes = [{ step: 5, settings: { clip: [0.01, 0.1] } }, { step: 9, settings: { objective: ["minimax", "wgan"] } }];
  assert.deepEqual([5, 9, 10].map(step => isBefore(step, changes, ["objective"])), [true, true, false]);
  assert.deepEqual([isBefore(5, changes, ["n_critic"]), isBefore(5, [], ["objective"])], [false, false]);
});
