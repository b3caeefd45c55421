// What the controls of a page without a run have, whichever component has drawn them.

/** @import { Settings } from "../types.js" */

/** @type {Map<object, Settings>} The values of each component. */
const shown = new Map();

/** @param {object} owner a component @param {Settings | null} values null when it goes */
export function tellSettings(owner, values) {
  if (values) shown.set(owner, values);
  else shown.delete(owner);
}

/** @returns {Settings} */
export const settingsOfPage = () => Object.assign({}, ...shown.values());
