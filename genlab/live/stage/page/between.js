// Streamlit goes to another page in two steps, and would leave each in the browser's history: the page that is left under
// the query of the next one, then the next one. Nobody was ever at the first: the second takes its place there.

/** @type {any} A browser that does not tell of its entries does not say from where somebody came. */
const navigation = window.navigation;
const push = history.pushState.bind(history);

let pushed = false; // the present entry was, and nobody has gone back or forth since
let before = ""; // the path of the entry that was shown before the present one; "" in a browser that does not tell

history.pushState = (state, unused, url) => {
  const [here, to] = [location, new URL(url ?? "", location.href)];
  if (pushed && to.pathname !== here.pathname && to.search && to.search === here.search) return history.replaceState(state, unused, url);
  push(state, unused, url);
  pushed = true;
};

window.addEventListener("popstate", ({ isTrusted }) => {
  if (isTrusted) pushed = false;
}, { capture: true });

navigation?.addEventListener("currententrychange", (/** @type {any} */ { from }) => {
  before = new URL(from.url ?? location.href).pathname;
});

/** The path of the page from which somebody came to the present address. */
export const pathBefore = () => before;
