// How the lab notices that the task of a lesson's station is done, and that nothing needs attention: pure questions about what
// a frame says.

/** @import { FrameHeader, Sign } from "../types.js" */

/** @param {Sign} sign @param {FrameHeader | null} header @param {boolean} pinned whether a place of the plane is */
export function met(sign, header, pinned) {
  if ((header?.step ?? 0) < (sign.after ?? 0)) return false;
  if (sign.pinned !== undefined) return pinned === sign.pinned;
  if (!header) return false;
  if (sign.step !== undefined) return header.step >= sign.step;
  if (sign.diagnosis !== undefined) return header.diagnosis?.name === sign.diagnosis;
  const value = sign.setting !== undefined ? header.config[sign.setting] : header.last[sign.figure ?? ""];
  if (sign.is !== undefined) return String(value ?? "off") === sign.is;
  // What is off or was not measured lies in no range.
  if (typeof value !== "number") return false;
  return value >= (sign.least ?? -Infinity) && value <= (sign.most ?? Infinity);
}

/** Looks at frame after frame for a sign. A setting is not enough: the run has to train with it. */
export class Watch {
  /** @param {Sign} sign */
  constructor(sign) {
    this.sign = sign;
    this.since = Infinity; // the step at which the setting was first as it is asked for
  }

  /** @param {FrameHeader | null} header @param {boolean} pinned */
  sees(header, pinned) {
    if (!met(this.sign, header, pinned)) {
      this.since = Infinity;
      return false;
    }
    if (this.sign.setting === undefined || !header) return true;
    this.since = Math.min(this.since, header.step);
    return header.step > this.since;
  }
}

/** Names of what needs no attention, each with its sign; of many seeds the name says on how many. @type {[RegExp, string][]} */
const CALM_NAMES = [[/^healthy($| on )/, "✓"], [/^claim holds on (\d+) of \1 seeds$/, "✓"], [/^warming up($| on )/, "◌"]];

/** The sign of what needs no attention; undefined for what does. @param {string} name of a diagnosis */
export const calmOf = name => CALM_NAMES.find(([calm]) => calm.test(name))?.[1];
