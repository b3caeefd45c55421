// A discriminator with two numbers, D(x) = σ(a(x − t)), between two mixtures of Gaussians on the line. All in nats.

/** @import { Part } from "../types.js" */

const SQRT_2PI = Math.sqrt(2 * Math.PI);

/** As many places, evenly from one end to the other. @param {number} low @param {number} high @param {number} count */
export const grid = (low, high, count) => Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** log of the density of a mixture, whose weights need not sum to 1. @param {Part[]} parts @param {number} x */
export function logDensity(parts, x) {
  const total = parts.reduce((sum, [, , weight]) => sum + weight, 0);
  const terms = parts.map(([mean, std, weight]) => Math.log(weight / (total * std * SQRT_2PI)) - 0.5 * ((x - mean) / std) ** 2);
  const most = Math.max(...terms);
  return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
}

/** The same mixture, moved. @param {Part[]} parts @param {number} by @returns {Part[]} */
export const moved = (parts, by) => parts.map(([mean, std, weight]) => [mean + by, std, weight]);

/** The area under values at evenly spaced places, by the trapezoid rule. @param {number[]} x @param {number[]} values */
export function area(x, values) {
  const step = x[1] - x[0];
  return step * (values.reduce((sum, value) => sum + value, 0) - 0.5 * (values[0] + values[values.length - 1]));
}

/** log(1 + eˣ) for any x. @param {number} x */
export const softplus = x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @param {number} x */
export const sigmoid = x => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** The logit a(x − t) of the discriminator that a person sets. @param {number} a @param {number} t */
export const line = (a, t) => /** @param {number} x */ x => a * (x - t);

/** The logit log p − log q of the best one (Goodfellow et al. 2014, Proposition 1). @param {Part[]} p @param {Part[]} q */
export const optimum = (p, q) => /** @param {number} x */ x => logDensity(p, x) - logDensity(q, x);

/**
 * V(D) = E_p log D + E_q log(1 − D), and its two terms (Goodfellow et al. 2014, equation 1).
 * @param {number[]} x @param {Part[]} p @param {Part[]} q @param {(x: number) => number} logit
 */
export function value(x, p, q, logit) {
  const real = area(x, x.map(at => -Math.exp(logDensity(p, at)) * softplus(-logit(at))));
  const fake = area(x, x.map(at => -Math.exp(logDensity(q, at)) * softplus(logit(at))));
  return { real, fake, total: real + fake };
}

/** JS(p, q) from its definition. @param {number[]} x @param {Part[]} p @param {Part[]} q */
export function jensenShannon(x, p, q) {
  return area(x, x.map(at => {
    const [logP, logQ] = [logDensity(p, at), logDensity(q, at)];
    const most = Math.max(logP, logQ);
    const logM = most + Math.log(0.5 * (Math.exp(logP - most) + Math.exp(logQ - most)));
    return 0.5 * (Math.exp(logP) * (logP - logM) + Math.exp(logQ) * (logQ - logM));
  }));
}

/** W₁(p, q) = ∫ |P − Q| dx on the line. @param {number[]} x @param {Part[]} p @param {Part[]} q */
export function wasserstein(x, p, q) {
  const step = x[1] - x[0];
  let [difference, before] = [0, 0];
  return area(x, x.map(at => {
    const now = Math.exp(logDensity(p, at)) - Math.exp(logDensity(q, at));
    difference += 0.5 * step * (before + now);
    before = now;
    return Math.abs(difference);
  }));
}

/**
 * How a generated point at x would move to lower the generator's loss, −dL/dx: of log(1 − D), and of −log D.
 * @param {number} a @param {number} t @param {number} x
 */
export const pulls = (a, t, x) => ({ minimax: a * sigmoid(a * (x - t)), practice: a * sigmoid(-a * (x - t)) });
