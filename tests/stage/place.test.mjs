import assert from "node:assert/strict";
import { test } from "node:test";

import { endOf, nameOf, pageOf, placeOf, samePlace, stillAt } from "../../genlab/live/stage/maths/place.js";

test("a path names a page, below a base too, and the root is Home", () => {
  assert.equal(pageOf("/gan", ""), "gan");
  assert.equal(pageOf("/lab/gan/", "/lab"), "gan");
  assert.equal(pageOf("/lab/", "/lab"), "home");
  assert.equal(pageOf("/", ""), "home");
});

test("a setting of a run is no other place, another run is", () => {
  const here = { page: "gan", query: "run=abc&clip=0.1" };
  assert.ok(samePlace(here, { page: "gan", query: "clip=0.2&run=abc" }));
  assert.ok(!samePlace(here, { page: "gan", query: "run=abd&clip=0.1" }));
  assert.ok(!samePlace(here, { page: "vae", query: "run=abc" }));
});

test("who tries something on the page that everybody looks at is still there, who opens another run is not", () => {
  assert.ok(stillAt({ page: "games", query: "step=0.7" }, { page: "games", query: "step=0.5" }));
  assert.ok(!stillAt({ page: "discriminator", query: "" }, { page: "games", query: "step=0.5" }));
  assert.ok(stillAt({ page: "gan", query: "run=a&show=losses&clip=0.2" }, { page: "gan", query: "run=a&clip=0.1" }));
  assert.ok(!stillAt({ page: "gan", query: "run=b" }, { page: "gan", query: "run=a" }));
  assert.ok(!stillAt({ page: "gallery", query: "" }, { page: "gallery", query: "left=a&right=b" }));
});

test("a station of a lesson is a place, and so is a parameter of a theory page", () => {
  assert.ok(!samePlace({ page: "gan", query: "run=a&lesson=l&station=s" }, { page: "gan", query: "run=a&lesson=l&station=t" }));
  assert.ok(!samePlace({ page: "games", query: "step=0.1" }, { page: "games", query: "step=0.2" }));
  assert.ok(samePlace({ page: "games", query: "step=0.1&present=1" }, { page: "games", query: "step=0.1" }));
});

test("a page of a run that has no run yet is no place", () => {
  assert.equal(placeOf({ page: "gan", query: "clip=0.1" }), null);
  assert.equal(placeOf({ page: "gallery", query: "scenario=gan_hops" }), null);
  assert.deepEqual(placeOf({ page: "gallery", query: "scenario=gan_hops&right=b&left=a" }), { page: "gallery", query: "left=a&right=b&scenario=gan_hops" });
});

test("nobody is led to what is each one's own, nor by a link that steers", () => {
  for (const page of ["class", "runs", "data", "home", "lessons"]) assert.equal(placeOf({ page, query: "" }), null);
  assert.deepEqual(placeOf({ page: "gan", query: "steer=x&run=a" }), { page: "gan", query: "run=a" });
});

test("a way ends at its page, and not at the one that it left, which may be drawn once more", () => {
  const going = { page: "games", from: "vae" };
  assert.equal(endOf(going, { page: "games", query: "step=0.5" }), "there");
  assert.equal(endOf(going, { page: "vae", query: "step=0.5" }), "not yet");
  assert.equal(endOf(going, { page: "runs", query: "" }), "elsewhere");
  assert.equal(endOf({ page: "games", from: "games" }, { page: "games", query: "" }), "there");
});

test("what a class sees is named by its station, or by its page", () => {
  assert.equal(nameOf({ page: "gan", query: "lesson=lecture&run=abc&station=mode-collapse" }), "GAN, station mode collapse");
  assert.equal(nameOf({ page: "evidence", query: "x=2" }), "Evidence");
  assert.equal(nameOf(null), "no page yet");
});
