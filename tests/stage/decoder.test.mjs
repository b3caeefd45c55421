import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Decoder } from "../../genlab/live/stage/wire/decoder.js";

/** What was asked, and a way to let time pass. */
function asked() {
  mock.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  mock.method(performance, "now", () => now);
  const ids = [];
  const decoder = new Decoder(message => ids.push(message.id));
  // A request follows another one after a pause.
  const wait = () => [2000, 30].forEach(time => {
    now += time;
    mock.timers.tick(time);
  });
  return { decoder, ids, wait };
}

test("a code that nobody answers is asked for again, and its answer is taken once", () => {
  const { decoder, ids, wait } = asked();
  const answers = [];
  decoder.ask("cursor", [0, 0], arrays => answers.push(arrays));
  assert.equal(ids.length, 1);
  wait();
  wait();
  assert.equal(ids.length, 3);
  decoder.answer({ header: { id: ids[0] }, arrays: "late" });
  assert.deepEqual(answers, []);
  decoder.answer({ header: { id: ids[2] }, arrays: "the answer" });
  wait();
  assert.deepEqual(answers, ["the answer"]);
  assert.equal(ids.length, 3);
});

test("what was forgotten, and what something newer has overtaken, is not asked for again", () => {
  const { decoder, ids, wait } = asked();
  decoder.ask("cursor", [0, 0], () => {});
  decoder.forget("cursor");
  wait();
  assert.equal(ids.length, 1);
  const used = [];
  decoder.ask("cursor", [1, 0], () => used.push("old"));
  wait();
  decoder.ask("cursor", [2, 0], () => used.push("new"));
  wait();
  decoder.answer({ header: { id: ids[ids.length - 1] }, arrays: {} });
  assert.deepEqual(used, ["new"]);
});

test("what cannot be answered is not asked for again, and the next one may ask", () => {
  const { decoder, ids, wait } = asked();
  const used = [];
  decoder.ask("cursor", [0, 0], () => used.push("cursor"));
  decoder.ask("strip", [1, 0], () => used.push("strip"));
  decoder.unanswered(ids[0]);
  wait();
  assert.equal(ids.length, 2);
  decoder.answer({ header: { id: ids[1] }, arrays: {} });
  wait();
  wait();
  assert.equal(ids.length, 2);
  assert.deepEqual(used, ["strip"]);
});
