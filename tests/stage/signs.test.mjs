import assert from "node:assert/strict";
import { test } from "node:test";

import { calmOf, met, Watch } from "../../genlab/live/stage/maths/signs.js";

const header = {
  step: 500, config: { beta: 10, clip: null, objective: "wgan" }, last: { kl: 3.2, wasserstein_exact: null },
  diagnosis: { name: "posterior collapse" },
};
const page = { header, changes: [], pinned: 0, settings: {}, ended: null };
const all = sign => met(sign, page);

test("a setting or a figure lies in a range, both ends included", () => {
  assert.ok(all({ setting: "beta", least: 10 }));
  assert.ok(!all({ setting: "beta", least: 10.1 }));
  assert.ok(all({ figure: "kl", least: 3, most: 3.2 }));
  assert.ok(!all({ figure: "kl", most: 3 }));
});

test("what is off, was never measured or is unknown lies in no range", () => {
  for (const sign of [{ setting: "clip", most: 1 }, { figure: "wasserstein_exact", most: 9 }, { figure: "none", least: 0 }]) {
    assert.ok(!all(sign));
  }
});

test("a setting is what it is called, and off where it has no value", () => {
  assert.ok(all({ setting: "objective", is: "wgan" }) && all({ setting: "clip", is: "off" }));
  assert.ok(!all({ setting: "objective", is: "lsgan" }));
});

test("a step is passed, a name is given, a place is pinned", () => {
  assert.ok(all({ step: 500 }) && !all({ step: 501 }));
  assert.ok(all({ diagnosis: "posterior collapse" }) && !all({ diagnosis: "healthy" }));
  assert.ok(met({ pinned: 1 }, { ...page, header: null, pinned: 1 }) && !all({ pinned: 1 }));
});

test("of two places that are to be pinned one is not enough", () => {
  const sees = pinned => met({ pinned: 2 }, { ...page, header: null, pinned });
  assert.ok(!sees(1) && sees(2));
});

test("what has to be changed for counts once the run has trained with other settings, and not on the next seed", () => {
  const watch = new Watch({ figure: "modes_captured", least: 8, changed: { r1_weight: 0, clip: null } });
  const at = (step, config, modes = 8) =>
    watch.sees({ ...page, header: { ...header, step, config: { clip: null, ...config }, last: { modes_captured: modes } } });
  assert.ok(!at(900, { r1_weight: 0, seed: 0 }) && !at(950, { r1_weight: 0, seed: 3 }));
  assert.ok(!at(950, { r1_weight: 0.1 }) && !at(975, { r1_weight: 0.1 }, 7) && at(1000, { r1_weight: 0.1 }));
  // Back at the settings of the set-up it was not those others that did it; a reset begins anew with the others.
  assert.ok(!at(1025, { r1_weight: 0 }) && !at(0, { r1_weight: 0.1 }) && at(25, { r1_weight: 0.1 }));
});

test("before the first frame nothing is done", () => {
  const none = { ...page, header: null };
  assert.ok(!met({ step: 1 }, none) && !met({ setting: "beta", least: 0 }, none));
});

test("from a step on, where it could be met before anybody did anything", () => {
  assert.ok(all({ figure: "kl", least: 3, after: 500 }) && !all({ figure: "kl", least: 3, after: 501 }));
  assert.ok(!met({ pinned: 1, after: 1 }, { ...page, header: null, pinned: 1 }));
});

test("a setting is met once the run has trained with it, whatever it did before", () => {
  const watch = new Watch({ setting: "beta", least: 10 });
  const at = (step, beta) => watch.sees({ ...page, header: { ...header, step, config: { beta } } });
  assert.ok(!at(500, 1) && !at(520, 12) && !at(520, 12) && at(521, 12));
  assert.ok(!at(521, 1) && !at(522, 12) && at(523, 12));
  // A run that is reset begins again, with its settings.
  assert.ok(!at(0, 12) && at(1, 12));
});

test("a step that is made with a setting before anybody has looked at it counts", () => {
  const sees = (step, ...changes) => new Watch({ setting: "beta", least: 10 }).sees({ ...page, header: { ...header, step }, changes });
  const raised = { step: 520, settings: { beta: [1, 12] } };
  assert.ok(sees(521, raised) && !sees(520, raised) && !sees(521));
  // The last change of this setting counts, and none of what the run will be again after a reset.
  assert.ok(!sees(530, raised, { step: 530, settings: { beta: [12, 15] } }) && sees(530, raised, { step: 530, settings: { sigma: [1, 2] } }));
  assert.ok(!sees(1, raised));
});

test("what the run shows is met as soon as a frame shows it", () => {
  assert.ok(new Watch({ diagnosis: "posterior collapse" }).sees(page));
});

test("what is to be reached with a name counts while the run has it", () => {
  const sign = { setting: "beta", least: 10 };
  assert.ok(all({ ...sign, named: "posterior collapse" }) && !all({ ...sign, named: "healthy" }));
});

test("on a page without a run a setting is what its control has, and is met at once", () => {
  const sees = settings => new Watch({ setting: "step", least: 0.58 }).sees({ ...page, header: null, settings });
  assert.ok(sees({ step: 0.6 }) && !sees({ step: 0.55 }) && !sees({}));
});

test("what plays is played once it has come to its end, not where it opened there", () => {
  const opened = new Watch({ played: true }), played = new Watch({ played: true });
  const at = (watch, ended) => watch.sees({ ...page, header: null, ended });
  assert.ok(!at(opened, true) && !at(opened, true) && !at(opened, null));
  assert.ok(!at(played, false) && at(played, true));
  assert.ok(!at(opened, false) && at(opened, true));
});

test("what is healthy, warms up, or is claimed and holds on every seed needs no attention", () => {
  const signs = [
    ["healthy", "✓"], ["healthy on 5 of 8 seeds", "✓"], ["warming up", "◌"], ["warming up on 2 of 2 seeds", "◌"],
    ["claim holds on 8 of 8 seeds", "✓"], ["claim holds on 7 of 8 seeds", undefined], ["mode hopping on 8 of 8 seeds", undefined],
    ["diverged", undefined],
  ];
  for (const [name, sign] of signs) assert.equal(calmOf(name), sign, name);
});

test("what the run of the station before shows, while the page is drawn anew, is not done at this one", () => {
  const watch = new Watch({ diagnosis: "posterior collapse" }, "the-run-before");
  assert.ok(!watch.sees({ ...page, header: { ...header, run: "the-run-before" } }));
  assert.ok(watch.sees({ ...page, header: { ...header, run: "its-own" } }));
});
