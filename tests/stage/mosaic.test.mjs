import assert from "node:assert/strict";
import { test } from "node:test";

import { arranged } from "../../genlab/live/stage/maths/mosaic.js";

const digits = { groups: 2, count: 64, width: 28, height: 28, above: 26, beside: 0 };

test("two grids of pictures fill a square panel and a low one alike", () => {
  const square = arranged({ ...digits, across: 545, down: 557 });
  const rows = Math.ceil(64 / square.columns);
  assert.ok(rows * 29 * square.scale > 0.8 * (557 - 26) || square.below);
  // Beside each other in eight columns they would be 33 px wide.
  assert.ok(28 * square.scale > 40);
  const low = arranged({ ...digits, across: 978, down: 442 });
  assert.deepEqual([low.below, low.columns], [false, 8]);
  const narrow = arranged({ ...digits, across: 300, down: 900 });
  assert.ok(narrow.below);
});

test("no arrangement needs more room than there is, and given columns are kept", () => {
  for (const [across, down] of [[545, 557], [300, 900], [978, 442], [875, 892]]) {
    for (const columns of [undefined, 15]) {
      const found = arranged({ ...digits, across, down, columns });
      const [wide, high] = [29 * found.columns * found.scale, 29 * Math.ceil(64 / found.columns) * found.scale + 26];
      if (columns) assert.equal(found.columns, columns);
      assert.ok((found.below ? wide : 2 * wide + 12) <= across + 1e-9);
      assert.ok((found.below ? 2 * high + 12 : high) <= down + 1e-9);
    }
  }
  assert.equal(arranged({ ...digits, groups: 1, across: 300, down: 900 }).below, false);
});
