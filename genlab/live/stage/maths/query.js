// A set-up as the parameters of an address, as genlab/config writes and reads them.

/** @import { Declaration, Settings } from "../types.js" */

/** What differs from the defaults, in the order of the declarations. @param {Declaration[]} declarations @param {Settings} settings @returns {Record<string, string>} */
export function queryOf(declarations, settings) {
  const differing = declarations.filter(one => one.name in settings && settings[one.name] !== one.default);
  return Object.fromEntries(differing.map(({ name }) => [name, settings[name] === null ? "off" : String(settings[name])]));
}
