// Streamlit goes to another page in two steps, and each stands in the browser's history: the page that is left under the
// query of the next one, then the next one. Nobody was ever at the first: who goes back, or forth, passes it by.

import { recall, remember } from "./memory.js";

const NAME = "between";

/** @type {any} A browser that does not tell of its entries goes back over each of them. */
const navigation = window.navigation;

let pushed = ""; // the entry that was pushed last, while it is shown
let came = 0; // from which place in the history the present one was come to
let before = ""; // the path of the last page at which somebody was before the present one; "" in a browser that does not tell

navigation?.addEventListener("currententrychange", (/** @type {any} */ { from, navigationType }) => {
  const here = navigation.currentEntry;
  came = from.index;
  const [left, shown] = [from, here].map(entry => new URL(entry.url ?? location.href));
  if (navigationType === "push" && from.key === pushed && left.pathname !== shown.pathname && left.search && left.search === shown.search) {
    const known = new Set(navigation.entries().map((/** @type {any} */ entry) => entry.key));
    remember(NAME, [...between().filter(key => known.has(key)), from.key]);
  }
  pushed = navigationType === "push" ? here.key : "";
  if (!between().includes(from.key)) before = left.pathname;
});

// Before Streamlit hears of it.
window.addEventListener("popstate", event => {
  const here = navigation?.currentEntry;
  if (!event.isTrusted || !here || !between().includes(here.key)) return;
  event.stopImmediatePropagation();
  history.go(here.index < came ? -1 : 1);
}, { capture: true });

/** @returns {string[]} */
const between = () => recall(NAME, []);

/** The path of the page from which somebody came to the present address. */
export const pathBefore = () => before;
