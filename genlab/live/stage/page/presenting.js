// Whether this tab presents: all of its pages do or none, from the first one that a person, or the address, wants so.

import { targetOf } from "./dom.js";

/** Where a P is a letter. */
export const TYPED = "input:not([type=range]), textarea, select, [contenteditable=true]";
const LETTERS = 76; // in the width of the window: 25 px at 1920

/** @typedef {{show: (on: boolean) => void}} Party */

/** @type {Set<Party>} What of the page looks otherwise while it is presented. */
const parties = new Set();
/** @type {boolean | undefined} What a person said last, or the address before; undefined until one of them has. */
let said;
let shown = false; // how the parties were shown last

/** Whether the pages of this tab are presented. */
export function presents() {
  // A page on its way to another one may have an address that says nothing for a moment.
  if (new URLSearchParams(location.search).get("present") === "1") said ??= true;
  return said ?? false;
}

/** All that is on the page is shown as the tab is. */
function showAll() {
  shown = presents();
  for (const party of parties) party.show(shown);
}

/** The same, where the tab is not what it was. */
export function look() {
  if (presents() !== shown) showAll();
}

/** px of letters that can be read from the last row, as --size in room.css. */
export const lettersOfPresenter = () => Math.round(Math.max(14, window.innerWidth / LETTERS));

/** It is shown as the tab is whenever that changes. @param {Party} party @param {AbortSignal} signal */
export function join(party, signal) {
  if (!parties.size) document.addEventListener("keydown", key);
  parties.add(party);
  signal.addEventListener("abort", () => {
    parties.delete(party);
    if (!parties.size) document.removeEventListener("keydown", key);
  });
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || targetOf(event).closest?.(TYPED)) return;
  const leaves = event.key === "Escape" && presents() && !event.defaultPrevented;
  if (event.key.toLowerCase() !== "p" && !leaves) return;
  event.preventDefault();
  said = !presents();
  showAll();
}
