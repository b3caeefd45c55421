// Codes (latent or noise vectors) as points of a space: ways between them, and their shadows on a plane.

/** @import { Code, NumberArray } from "../types.js" */

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
export function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}

/** A code in as many digits as float32 has: shorter to send and to keep. @param {Code} code */
export const plain = code => code.map(value => Number(value.toPrecision(7)));

/** @param {Code} a @param {Code} b @param {number} share @returns {Code} */
export const lerp = (a, b, share) => a.map((value, i) => value + share * (b[i] - value));

/**
 * Along the great circle between the two directions, while the norm changes evenly (White 2016, arXiv:1609.04468).
 * @param {Code} a @param {Code} b @param {number} share @returns {Code}
 */
export function slerp(a, b, share) {
  const [p, q] = [Math.hypot(...a), Math.hypot(...b)];
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (p * q || 1))));
  if (!(p * q) || angle < 1e-4 || Math.PI - angle < 1e-4) return lerp(a, b, share);
  const [one, other] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map(part => part / Math.sin(angle));
  const norm = p + share * (q - p);
  return a.map((value, i) => norm * ((one * value) / p + (other * b[i]) / q));
}

/** The place at a share of a path's length. @param {Code[]} route @returns {(share: number) => Code} */
export function alongPath(route) {
  const lengths = [0];
  for (let i = 1; i < route.length; i++) {
    lengths.push(lengths[i - 1] + Math.hypot(...route[i].map((value, j) => value - route[i - 1][j])));
  }
  return share => {
    const wanted = share * lengths[lengths.length - 1];
    let i = 1;
    while (i < route.length - 1 && lengths[i] < wanted) i += 1;
    return lerp(route[i - 1], route[i], (wanted - lengths[i - 1]) / (lengths[i] - lengths[i - 1] || 1));
  };
}

/** Rows (n, k) seen along two axes: (n, 2). @param {NumberArray} rows @param {Code[]} axes @returns {NumberArray} */
export function shadowOf({ values, shape: [rows, width] }, axes) {
  const shadow = new Float64Array(2 * rows);
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    axes.forEach((axis, j) => (shadow[2 * i + j] = dot(axis, row)));
  }
  return { values: shadow, shape: [rows, 2] };
}

/**
 * For Gaussians with standard deviations (n, k), the Cholesky root (l₁₁, l₂₁, l₂₂) of what is seen along two axes.
 * @param {NumberArray} stds @param {Code[]} axes @param {number} count @returns {NumberArray} of shape (n, 3)
 */
export function rootsOf({ values, shape: [rows, width] }, [a, b], count) {
  const n = Math.min(rows, count);
  const roots = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    let [aa, ab, bb] = [0, 0, 0];
    for (let k = 0; k < width; k++) {
      const variance = values[i * width + k] ** 2;
      aa += a[k] * a[k] * variance;
      ab += a[k] * b[k] * variance;
      bb += b[k] * b[k] * variance;
    }
    const l11 = Math.sqrt(aa);
    const l21 = ab / (l11 || 1);
    roots.set([l11, l21, Math.sqrt(Math.max(0, bb - l21 * l21))], 3 * i);
  }
  return { values: roots, shape: [n, 3] };
}
