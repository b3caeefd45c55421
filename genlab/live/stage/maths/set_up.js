// What a run is, in words that can stand under a picture of it.

/** @import { Change, SettingNames, Settings } from "../types.js" */
import { number } from "./text.js";

const ALWAYS = ["data", "objective", "beta"]; // and what is not as usual
const LAST = "seed";

/** The settings that make a run: the main ones, those that are not the usual ones, the seed. @param {Settings} config @param {SettingNames} names */
export function setUp(config, names) {
  const told = Object.keys(names).filter(name => name in config && name !== LAST &&
    (ALWAYS.includes(name) || !names[name].slice(1).includes(config[name])));
  return [...told, ...(LAST in config ? [LAST] : [])]
    .map(name => `${names[name]?.[0] ?? name} ${config[name] === null ? "off" : number(config[name], 4)}`)
    .join(" · ");
}

/**
 * Whether one of these settings was changed after the last step: what was computed there was computed without it.
 * @param {number} step the last one @param {Change[]} changes in order @param {string[]} names
 */
export const isBefore = (step, changes, names) =>
  changes.some(change => change.step >= step && names.some(name => name in change.settings));

/** Lines of at most so many letters, broken between two settings. @param {string} words @param {number} most */
export function inLines(words, most) {
  /** @type {string[]} */
  const lines = [];
  for (const part of words.split(" · ")) {
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + part.length + 3 <= most) lines[last] += ` · ${part}`;
    else lines.push(part);
  }
  return lines;
}
