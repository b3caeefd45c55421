// How the lab notices that the task of a lesson's station is done: a pure question about what a frame says.

/** @import { FrameHeader, Sign } from "../types.js" */

/** @param {Sign} sign @param {FrameHeader | null} header @param {boolean} pinned whether a place of the plane is */
export function met(sign, header, pinned) {
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
