// What must survive F5 but not the tab: choices of tabs, layers, curves, and the pinned run.

const RUNS = 12; // runs of which a tab remembers what was chosen and pinned there

/** @param {string} name @param {unknown} value */
export function remember(name, value) {
  try {
    sessionStorage.setItem(`genlab-${name}`, JSON.stringify(value));
  } catch (error) {
    console.warn("genlab: cannot remember", name, error);
  }
}

/** The same for one run among others; of those, the last ones are kept. @param {string} run @param {string} name @param {unknown} value */
export function rememberOf(run, name, value) {
  const { [run]: _, ...others } = recall(name, {});
  remember(name, Object.fromEntries([...Object.entries(others).slice(1 - RUNS), [run, value]]));
}

/** @template T @param {string} name @param {T} otherwise @returns {any} */
export function recall(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(`genlab-${name}`) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}
