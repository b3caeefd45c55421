import assert from "node:assert/strict";
import { test } from "node:test";

import { toldOf } from "../../genlab/live/stage/maths/story.js";
import { gathered, isNext } from "../../genlab/live/stage/slow/motion.js";
import { chart, networksPicture } from "../../genlab/live/stage/slow/networks.js";
import { rows, scene } from "../../genlab/live/stage/slow/scene.js";

const gan = { model: "gan", objective: "minimax", n_critic: 2, noise_dim: 3, generator_depth: 2, generator_width: 16, critic_depth: 1, critic_width: 8, data: "ring8" };
const vae = { model: "vae", data: "mnist", latent_dim: 2, depth: 1, width: 500 };
const theme = new Proxy({}, { get: (_, name) => (name === "name" ? "light" : "#123456") });
const moment = (name, network = "", more = {}) => ({ name, network, fixed: "", turn: 0, numbers: {}, arrays: [], ...more });
const array = (values, shape) => ({ values: Float32Array.from(values), shape });

test("a discriminator's loss is told as the sum of its two terms, in the words of its objective", () => {
  const numbers = { real_term: 0.5, generated_term: 0.25, loss: 0.75 };
  const told = config => toldOf(moment("loss", "critic", { fixed: "generator", numbers, turn: 1 }), { ...gan, ...config });
  assert.equal(told({}).formula, "L = −E log D(x) − E log(1 − D(G(z))) = 0.5 + 0.25 = 0.75");
  assert.equal(told({}).who, "D’s step 2 of 2");
  assert.match(told({ objective: "wgan" }).formula, /−E f\(x\) \+ E f\(G\(z\)\)/);
  assert.match(told({ objective: "lsgan" }).formula, /½E\(D\(x\) − b\)²/);
});

test("what was worked out is the next step of the same run at the same step with the same settings", () => {
  const told = { run: "a", step: 5, config: { ...gan, clip: 0.1 } };
  const now = change => ({ run: "a", step: 5, looking: null, config: { ...gan, clip: 0.1 }, ...change });
  assert.ok(isNext(told, now({})));
  assert.ok(!isNext(told, now({ step: 6 })));
  assert.ok(!isNext(told, now({ run: "b" })));
  assert.ok(!isNext(told, now({ config: { ...gan, clip: 0.2 } })));
  assert.ok(!isNext(told, now({ step: 0, config: { ...gan, clip: 0.1, seed: 7 } })) );
  // A run that only starts says nothing of its settings, and a frame of the past nothing of the next step.
  assert.ok(isNext(told, now({ config: {} })) && isNext(told, now({ step: 2, looking: 2 })));
});

test("in the generator's step the critic is fixed, in the critic's the generator", () => {
  assert.deepEqual(toldOf(moment("gradient", "generator", { fixed: "critic", numbers: { norm: 1 } }), gan).fixed, ["D"]);
  assert.deepEqual(toldOf(moment("gradient", "critic", { fixed: "generator", numbers: { norm: 1 } }), gan).fixed, ["G"]);
  assert.ok(toldOf(moment("gradient", "critic", { fixed: "generator", numbers: { norm: 1 } }), gan).back);
});

test("the generator's loss is the one of its objective", () => {
  const told = config => toldOf(moment("loss", "generator", { fixed: "critic", numbers: { loss: 2 } }), { ...gan, ...config }).formula;
  assert.equal(told({}), "L_G = E log(1 − D(G(z))) = 2");
  assert.equal(told({ objective: "nonsaturating" }), "L_G = −E log D(G(z)) = 2");
  assert.equal(told({ objective: "wgan_gp" }), "L_G = −E f(G(z)) = 2");
  assert.equal(told({ mistake: "flipped_sign" }), "L_G = −(E log(1 − D(G(z)))) = 2");
});

test("what is told of a VAE's loss adds up in its formula", () => {
  const told = (config, numbers) => toldOf(moment("loss", "", { numbers }), { ...vae, ...config }).formula;
  const numbers = { data: 200, beta: 2, regulariser: 5, loss: 210, terms: 1 };
  assert.equal(told({}, numbers), "L = −log p(x|z) + β·Σ KL = 200 + 2 · 5 = 210 nats");
  assert.equal(told({ free_bits: 0.5 }, numbers), "L = −log p(x|z) + β·Σ max(λ, KLⱼ) = 200 + 2 · 5 = 210 nats");
  assert.equal(told({}, { ...numbers, data: 0.25, loss: 10.25, terms: 784 }), "L = −log p(x|z) / 784 + β·Σ KL = 0.25 + 2 · 5 = 10.25");
});

test("the slope that R1 penalises is that of the score: of cross-entropy the logit's", () => {
  const told = objective => toldOf(moment("penalty", "critic", { fixed: "generator", numbers: { weight: 2, norm: 1, penalty: 1 } }), { ...gan, objective }).formula;
  assert.deepEqual(["minimax", "lsgan", "wgan"].map(told).map(words => /∇(\w+)\(x\)/.exec(words)?.[1]), ["logit", "D", "f"]);
});

test("the networks have the run's own shapes, and every way joins two boxes", () => {
  for (const [config, numbers, words] of [[gan, 2, ["3–16–16–2", "2–8–1"]], [vae, 784, ["784–500–2·2", "2–500–784"]]]) {
    const { boxes, ways } = chart(config, numbers);
    for (const word of words) assert.ok(boxes.some(box => box.words === word), word);
    for (const end of ways.flat()) assert.ok(boxes.some(box => box.name === end), end);
  }
});

test("every moment's acting parts stand in the picture of the networks", () => {
  const told = [
    ...["draw z generator", "generate generator", "draw x ", "score critic", "loss critic", "penalty critic", "gradient critic",
      "update critic", "clip critic", "loss generator", "gradient generator", "update generator"].map(key => [key, gan]),
    ...["draw x ", "encode encoder", "draw ε ", "sample encoder", "decode decoder", "loss ", "gradient decoder",
      "gradient encoder", "update both"].map(key => [key, vae]),
  ];
  for (const [key, config] of told) {
    const [, name, network] = /^(.*) (\w*)$/.exec(key);
    const { active, title } = toldOf(moment(name, network, { numbers: { norm: 1, loss: 1 } }), config);
    const names = chart(config, 2).boxes.map(box => box.name);
    assert.ok(title && active.length && active.every(part => names.includes(part)), key);
  }
});

test("a scene gathers what was drawn so far, and a new draw begins another batch", () => {
  const one = array([1, 2], [1, 2]);
  const moments = [
    moment("draw z", "generator", { arrays: ["z"] }), moment("generate", "generator", { arrays: ["generated"] }),
    moment("update", "critic", { arrays: ["field"] }), moment("draw z", "generator", { arrays: ["z"] }),
    moment("generate", "generator", { arrays: ["generated"] }), moment("gradient", "generator", { arrays: ["pull"] }),
    moment("update", "generator", { arrays: ["generated"] }),
  ];
  const arrays = Object.fromEntries(moments.flatMap(({ arrays: [name] }, i) => [[`${i}.${name}`, { ...one, i }]]));
  assert.deepEqual(Object.keys(gathered(moments, arrays, 2)).sort(), ["field", "generated", "z"]);
  assert.deepEqual(Object.keys(gathered(moments, arrays, 3)).sort(), ["field", "z"]);
  const last = gathered(moments, arrays, 6);
  assert.equal(last.before.i, 4);
  assert.equal(last.generated.i, 6);
  assert.equal(last.pull, undefined);
});

test("the scene draws each point once, and pictures pixel by pixel", () => {
  const points = { real: array([0, 0, 1, 1], [2, 2]), generated: array([0, 1], [1, 2]), pull: array([0, 1], [1, 2]) };
  const drawn = scene({ arrays: points, config: gan, extent: 2, theme });
  assert.equal(drawn.match(/<circle/g).length, 2);
  assert.equal(drawn.match(/rotate\(45/g).length, 1);
  const grey = new Array(784).fill(0);
  grey[30] = 255;
  const pictures = { x: { values: Uint8Array.from(grey), shape: [1, 28, 28] } };
  assert.match(scene({ arrays: pictures, config: vae, extent: 1, theme }), /<rect x="2" y="1" width="1.05"/);
  assert.deepEqual(rows(points.real), [[0, 0], [1, 1]]);
  assert.match(networksPicture(gan, 2, toldOf(moment("draw z", "generator", { fixed: "generator" }), gan), theme), /G \(fixed\)/);
});

test("scores are written with as many decimals as tell them from each other, and arrows have heads", () => {
  const [generated, pull] = [array([0, 0, 1, 1, 0, 1], [3, 2]), array([1, 0, 0, 1, 0, 1e-3], [3, 2])];
  const seen = { arrays: { generated, generated_scores: array([0.0341, 0.0347, 0.0344], [3]), pull }, config: { ...gan, objective: "wgan" }, extent: 2, theme };
  const drawn = scene(seen);
  assert.ok(/>0\.0341</.test(drawn) && />0\.0347</.test(drawn));
  // In a flat field nothing points anywhere.
  assert.equal(drawn.match(/marker-end="url\(#slow-tip\)"/g).length, 2);
});

test("once a network has learned nothing stands there that was said of it before", () => {
  const moments = [
    moment("generate", "generator", { arrays: ["generated"] }), moment("score", "critic", { arrays: ["generated_scores"] }),
    moment("update", "critic", { arrays: ["field"] }),
  ];
  const arrays = { "0.generated": array([0, 0], [1, 2]), "1.generated_scores": array([1], [1]), "2.field": array([0], [1, 1]) };
  assert.deepEqual(Object.keys(gathered(moments, arrays, 2)), ["generated", "field"]);
});

test("steps of a critic that are passed over are named", () => {
  const who = (turn, n_critic) => toldOf(moment("draw z", "generator", { fixed: "generator", turn }), { ...gan, n_critic }).who;
  assert.equal(who(4, 5), "D’s step 5 of 5, steps 3 to 4 alike");
  assert.equal(who(3, 4), "D’s step 4 of 4, step 3 alike");
  assert.deepEqual([who(1, 5), who(2, 3)], ["D’s step 2 of 5", "D’s step 3 of 3"]);
});
