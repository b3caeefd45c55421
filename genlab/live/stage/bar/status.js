// What a run is doing, in a sign and in words.

/** @import { FrameHeader, Status } from "../types.js" */

/** @type {Record<Status, {icon: string, word: string}>} */
export const STATUS = {
  starting: { icon: "◌", word: "starting …" },
  paused: { icon: "❚❚", word: "paused" },
  running: { icon: "▶\uFE0E", word: "running" },
  idle: { icon: "☾", word: "paused, because nobody was watching" },
  diverged: { icon: "✖\uFE0E", word: "diverged" },
  stopped: { icon: "■", word: "stopped" },
  failed: { icon: "✖\uFE0E", word: "failed" },
};

/** The line under the status; a divergence is a lesson and says so. @param {FrameHeader} header */
export function messageOf({ status, message, diverged }) {
  if (status !== "diverged" || !diverged) return message ?? "";
  return (
    `Diverged at step ${diverged.step}: ${diverged.quantity} became NaN or infinite – this is what instability looks ` +
    "like. Reset, or rewind to the last finite state."
  );
}
