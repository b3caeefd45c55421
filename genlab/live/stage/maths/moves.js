// How a trace of the player that holds a whole curve looks at a step (which may lie between two while it plays).

/** @import { Move } from "../types.js" */

/** @type {Record<Move["use"], (trace: any, at: number, last: number, move: Move) => Record<string, any>>} */
export const MOVES = {
  /** The curve up to now. */
  trail: ({ x, y }, at) => ({ x: x.slice(0, Math.floor(at) + 1), y: y.slice(0, Math.floor(at) + 1) }),

  /** The present point of the curve. */
  head({ x, y }, at) {
    const i = Math.min(Math.floor(at), x.length - 1);
    return { x: [x[i]], y: [y[i]] };
  },

  /** The density of a mixture of Gaussians whose parts move; between two steps its parameters lie between. */
  mixture({ x }, at, last, { means, stds, weights }) {
    const [m, s, w] = [means, stds, weights].map(rows => rowAt(rows, at));
    /** @type {(value: number, k: number) => number} */
    const part = (value, k) => (w[k] / (s[k] * Math.sqrt(2 * Math.PI))) * Math.exp(-0.5 * ((value - m[k]) / s[k]) ** 2);
    return { y: x.map((/** @type {number} */ value) => m.reduce((sum, _, k) => sum + part(value, k), 0)) };
  },

  /** Whatever of the trace has another value at each step. */
  frames: (trace, at, last, { rows }) =>
    Object.fromEntries(Object.entries(rows).map(([name, steps]) => [name, steps[Math.min(Math.floor(at), steps.length - 1)]])),

  /** Points on their way from one place to another, slow at both ends. */
  between({ x, y }, at, last, { from }) {
    const t = at / last;
    const share = t * t * (3 - 2 * t);
    /** @type {(start: number[], end: (number | null)[]) => (number | null)[]} */
    const way = (start, end) => end.map((value, i) => (value === null ? null : start[i] + share * (value - start[i])));
    return { x: way(from.x, x), y: way(from.y, y) };
  },
};

/** Places between old ones and new ones. @param {any} old @param {any} now @param {number} share */
export function mixed(old, now, share) {
  /** @param {"x" | "y"} axis */
  const way = axis => now[axis].map((/** @type {number} */ value, /** @type {number} */ i) =>
    old[axis][i] + share * (value - old[axis][i]));
  return { x: way("x"), y: way("y") };
}

/** The row at a step; a step between two gives numbers between theirs. @param {number[][]} rows @param {number} at */
export function rowAt(rows, at) {
  const i = Math.min(Math.floor(at), rows.length - 1);
  const next = rows[Math.min(i + 1, rows.length - 1)];
  return rows[i].map((value, k) => value + Math.min(at - i, 1) * (next[k] - value));
}
