import assert from "node:assert/strict";
import { test } from "node:test";

import { inOneLine, leastHeight, mainWidth } from "../../genlab/live/stage/maths/room.js";

const grid = { width: 1334, height: 600, side: 0, letter: 13, gap: 8, columns: 1 };

test("the main column is as wide as a square plane that fills the height needs it to be", () => {
  const taller = mainWidth({ ...grid, height: 700 });
  assert.equal(taller - mainWidth(grid), 100);
  assert.equal(mainWidth({ ...grid, side: 184 }) - mainWidth(grid), 192);
});

test("what stands beside the main picture keeps 285 px a column, however high the window is", () => {
  assert.equal(mainWidth({ ...grid, height: 5000 }), Math.round(0.68 * 1334));
  assert.ok(1000 - mainWidth({ ...grid, width: 1000, height: 5000 }) >= 285);
  assert.ok(1888 - mainWidth({ ...grid, width: 1888, height: 5000, columns: 2 }) >= 2 * 285);
  assert.equal(mainWidth({ ...grid, width: 0 }), 0);
});

test("what has no room in one line goes into a menu, which has room in it itself", () => {
  assert.equal(inOneLine([100, 100, 100], 306, 3, 40), 3);
  assert.equal(inOneLine([100, 100, 100], 305, 3, 40), 2);
  assert.equal(inOneLine([100, 100, 100], 240, 3, 40), 1);
  assert.equal(inOneLine([100], 50, 3, 40), 0);
  assert.equal(inOneLine([], 0, 3, 40), 0);
});

test("no row that shares a grid's height is lower than wanted, and rows as high as their words come on top", () => {
  const two = '"a b" minmax(0, 1fr) "a c" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr)';
  assert.equal(leastHeight(two, 200, 8), 408);
  assert.equal(leastHeight(`"a lines" auto ${two}`, 200, 8), 408);
  assert.equal(leastHeight('"a" minmax(0, 1.5fr) "b" minmax(0, 1fr) / minmax(0, 1fr)', 200, 8), 508);
  assert.equal(leastHeight('"a" auto / 1fr', 200, 8), 0);
});
