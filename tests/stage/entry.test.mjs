import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import mount from "../../genlab/live/stage/entry.js";

const folder = mkdtempSync(join(tmpdir(), "genlab-"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
writeFileSync(join(folder, "shown.js"), "export default ({ parentElement: place }) => (place.shown++, () => place.closed++);");
globalThis.location = { origin: "file://" };
globalThis.document = { querySelector: () => null };

const data = { module: "shown", stage: `../..${pathToFileURL(folder).pathname}` };
const newPlace = () => ({ isConnected: true, shown: 0, closed: 0 });
const closes = async place => {
  while (!place.closed) await new Promise(done => setTimeout(done, 5));
};

test("what is left for a rerun that is still on its way stays, and goes with its place", async () => {
  const place = newPlace();
  const leave = await mount({ data, parentElement: place });
  leave();
  assert.deepEqual([place.shown, place.closed], [1, 0]);
  const leaveAgain = await mount({ data, parentElement: place });
  assert.deepEqual([place.shown, place.closed], [2, 0]);
  place.isConnected = false;
  leaveAgain();
  assert.equal(place.closed, 1);
  leave();
  assert.equal(place.closed, 1);
});

test("what is left for a rerun that never comes is closed once its place has gone", async () => {
  const place = newPlace();
  const leave = await mount({ data, parentElement: place });
  leave();
  assert.equal(place.closed, 0);
  place.isConnected = false;
  await closes(place);
  assert.equal(place.closed, 1);
});

test("what goes with its place is closed at once", async () => {
  const place = newPlace();
  const leave = await mount({ data, parentElement: place });
  place.isConnected = false;
  leave();
  assert.equal(place.closed, 1);
});
