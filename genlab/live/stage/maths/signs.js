// How the lab notices that the task of a lesson's station is done, and that nothing needs attention: pure questions about what
// a frame says.

/** @import { PageSeen, Sign } from "../types.js" */

/** @param {Sign} sign @param {PageSeen} seen */
export function met(sign, { header, pinned, settings, ended }) {
  if ((header?.step ?? 0) < (sign.after ?? 0)) return false;
  if (sign.named !== undefined && header?.diagnosis?.name !== sign.named) return false;
  if (sign.pinned !== undefined) return pinned >= sign.pinned;
  if (sign.played !== undefined) return ended === sign.played;
  if (sign.setting !== undefined) return lies(header ? header.config[sign.setting] : settings[sign.setting], sign);
  if (!header) return false;
  if (sign.step !== undefined) return header.step >= sign.step;
  if (sign.diagnosis !== undefined) return header.diagnosis?.name === sign.diagnosis;
  return lies(header.last[sign.figure ?? ""], sign);
}

/** @param {unknown} value @param {Sign} sign */
function lies(value, sign) {
  if (sign.is !== undefined) return String(value ?? "off") === sign.is;
  // What is off or was not measured lies in no range.
  if (typeof value !== "number") return false;
  return value >= (sign.least ?? -Infinity) && value <= (sign.most ?? Infinity);
}

/** Looks again and again for a sign. A setting of a run is not enough, the run has to train with it; what has been at its
 * end since one came was not played, and what another station's run shows was not done at this one. */
export class Watch {
  /** @param {Sign} sign @param {string} [left] the run of the station before, which the page shows for a while */
  constructor(sign, left = "") {
    this.sign = sign;
    this.left = left;
    this.since = Infinity; // the step at which the setting was first as it is asked for
    this.began = false; // what plays has been elsewhere than at its end
    this.other = Infinity; // the step at which the settings were first others than those of the set-up
  }

  /** @param {PageSeen} seen */
  sees(seen) {
    const { header, ended } = seen;
    if (header?.run && header.run === this.left) return false;
    if (ended === false) this.began = true;
    if (!this.changed(header)) return false;
    if (!met(this.sign, seen)) {
      this.since = Infinity;
      return false;
    }
    if (this.sign.played) return this.began;
    if (this.sign.setting === undefined || !header) return true;
    this.since = Math.min(this.since, cameAt(this.sign.setting, seen) ?? header.step);
    return header.step > this.since;
  }

  /** Whether the run has trained with other settings than those of the set-up, where that is asked for. @param {PageSeen["header"]} header */
  changed(header) {
    const { changed } = this.sign;
    if (!changed) return true;
    const differs = header && Object.entries(changed).some(([name, value]) => header.config[name] !== value);
    this.other = differs ? Math.min(this.other, header.step) : Infinity;
    return (header?.step ?? 0) > this.other;
  }
}

/** The step at which a live setting became what it is: a step may be made before anybody has looked. @param {string} setting @param {PageSeen} seen */
const cameAt = (setting, { header, changes }) =>
  changes.filter(({ step, settings }) => setting in settings && step <= (header?.step ?? 0)).at(-1)?.step;

/** Names of what needs no attention, each with its sign; of many seeds the name says on how many. @type {[RegExp, string][]} */
const CALM_NAMES = [[/^healthy($| on )/, "✓"], [/^claim holds on (\d+) of \1 seeds$/, "✓"], [/^warming up($| on )/, "◌"]];

/** The sign of what needs no attention; undefined for what does. @param {string} name of a diagnosis */
export const calmOf = name => CALM_NAMES.find(([calm]) => calm.test(name))?.[1];
