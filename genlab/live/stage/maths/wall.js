// The order of the runs on a lecturer's wall.

/** @typedef {{run: string, name: string, animal: string, status: string, step: number, diagnosis: string}} Standing */

export const ORDERS = /** @type {const} */ (["name", "step", "diagnosis"]);

/** @param {Standing[]} runs @param {typeof ORDERS[number]} order @param {boolean} hidden whether names are @returns {string[]} the runs' ids */
export function sorted(runs, order, hidden) {
  /** @param {Standing} run */
  const name = run => (hidden ? run.animal : run.name);
  /** @param {Standing} one @param {Standing} other */
  const byName = (one, other) => name(one).localeCompare(name(other)) || (one.run < other.run ? -1 : 1);
  const by = {
    name: byName,
    step: (/** @type {Standing} */ one, /** @type {Standing} */ other) => other.step - one.step || byName(one, other),
    // What has no name yet comes last.
    diagnosis: (/** @type {Standing} */ one, /** @type {Standing} */ other) =>
      Number(!one.diagnosis) - Number(!other.diagnosis) || one.diagnosis.localeCompare(other.diagnosis) || byName(one, other),
  }[order];
  return [...runs].sort(by).map(({ run }) => run);
}
