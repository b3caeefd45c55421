// What a step in slow motion does to examples: points with their scores and arrows on the critic's field, codes with
// their ellipses, pictures with their reconstructions; as SVG.

/** @import { Arrays, NumberArray, Settings, Theme } from "../types.js" */
import { mix } from "../maths/colours.js";
import { decimal } from "../maths/text.js";

export const SIDE = 420; // units of the plane along a side
const NAMED = 12; // examples whose score is written beside them
const REACH = 3.5; // of the latent plane
const LONGEST = 0.35; // of the plane's half, of the longest arrow

/** @typedef {{arrays: Arrays, config: Settings, extent: number, theme: Theme}} Seen */

/** The rows of an array. @param {NumberArray | undefined} array @returns {number[][]} */
export function rows(array) {
  if (!array) return [];
  const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
  return Array.from({ length: array.shape[0] }, (_, i) => Array.from(array.values.slice(i * width, (i + 1) * width)));
}

/** @param {Seen} seen */
export function scene(seen) {
  if (seen.config.model === "vae") return seen.arrays.x?.shape.length === 3 ? strips(seen, ["x", "reconstruction"]) + codes(seen) : codes(seen);
  if ((seen.arrays.generated ?? seen.arrays.real)?.shape.length === 3) return strips(seen, ["real", "generated"]) + histogram(seen);
  return plane(seen) + histogram(seen);
}

/** A place of [−e, e]² on the picture. @param {number[]} point @param {number} e */
const at = ([x, y = 0], e) => [((x + e) / (2 * e)) * SIDE, ((e - y) / (2 * e)) * SIDE];

/** @param {string} inside @param {Theme} theme @param {string} label @param {string} [axes] */
const square = (inside, theme, label, axes = "") =>
  `<svg viewBox="-2 -2 ${SIDE + 4} ${SIDE + 24}" class="plane" role="img" aria-label="${label}"><rect width="${SIDE}" height="${SIDE}" fill="none" stroke="${theme.line}"/>${inside}<text x="${SIDE / 2}" y="${SIDE + 17}" text-anchor="middle" font-size="13" fill="${theme.muted}">${axes}</text></svg>`;

/** As many decimals as tell scores from each other. @param {number[]} scores */
function decimalsOf(scores) {
  const spread = Math.max(...scores) - Math.min(...scores);
  return spread > 0 ? Math.min(5, Math.max(2, -Math.floor(Math.log10(spread)))) : 2;
}

/** What stands beside an example: D, whose logit a cross-entropy is written in, or the score itself. @param {number[]} scores @param {Settings} config */
function written(scores, { objective }) {
  const shown = objective === "minimax" || objective === "nonsaturating" ? scores.map(score => 1 / (1 + Math.exp(-score))) : scores;
  return shown.map(value => decimal(value, decimalsOf(shown)));
}

/** The head of every arrow. @param {Theme} theme */
const tip = theme =>
  `<defs><marker id="slow-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="4" markerHeight="4" orient="auto"><path d="M0,0L8,4L0,8z" fill="${theme.arrows}"/></marker></defs>`;
const HEAD = 8; // units of the plane: a shorter arrow is no longer than its head, which would point somewhere in a flat field

/** The head of an arrow that has this share of the longest one's length. @param {number} share */
const tipped = share => (share * LONGEST * SIDE / 2 > HEAD ? ' marker-end="url(#slow-tip)"' : "");

/** @param {Seen} seen */
function plane({ arrays, extent, theme, config }) {
  const parts = [tip(theme), field(arrays.field, theme)];
  const pulls = rows(arrays.pull);
  const most = Math.max(1e-12, ...pulls.map(pull => Math.hypot(...pull)));
  /** @param {string} side @param {string} colour */
  const cloud = (side, colour) => {
    const scores = arrays[`${side}_scores`] ? written(Array.from(arrays[`${side}_scores`].values), config) : [];
    rows(arrays[side]).forEach((point, i) => {
      const [x, y] = at(point, extent);
      parts.push(side === "real" ? `<circle cx="${x}" cy="${y}" r="4.5" fill="${colour}"/>` : `<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9" transform="rotate(45 ${x} ${y})" fill="${colour}"/>`);
      if (side === "generated" && pulls[i]) {
        const scale = (LONGEST * extent) / most;
        const [tx, ty] = at([point[0] + scale * pulls[i][0], (point[1] ?? 0) + scale * (pulls[i][1] ?? 0)], extent);
        parts.push(`<line x1="${x}" y1="${y}" x2="${tx}" y2="${ty}" stroke="${theme.arrows}" stroke-width="2.5"${tipped(Math.hypot(...pulls[i]) / most)}/>`);
      }
      if (i < NAMED && scores.length) {
        parts.push(`<text x="${x + 7}" y="${y - 5}" font-size="12" font-weight="600" fill="${theme.text}" stroke="${theme.background}" stroke-width="3" paint-order="stroke">${scores[i]}</text>`);
      }
    });
  };
  cloud("real", theme.real);
  cloud("generated", theme.generated);
  rows(arrays.before).forEach((point, i) => {
    const [now] = [rows(arrays.generated)[i]];
    if (!now) return;
    const [[x1, y1], [x2, y2]] = [at(point, extent), at(now, extent)];
    parts.push(`<circle cx="${x1}" cy="${y1}" r="3" fill="none" stroke="${theme.generated}"/><line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${theme.generated}"/>`);
  });
  return square(parts.join(""), theme, "Real and generated points", most > 1e-12 && pulls.length ? `longest arrow: ${most.toPrecision(2)}` : "");
}

/** The critic's scores over the plane, from the lowest to the highest; flat where they hardly differ. @param {NumberArray | undefined} array @param {Theme} theme */
function field(array, theme) {
  if (!array) return "";
  const n = array.shape[0];
  const values = Array.from(array.values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = SIDE / n;
  const flat = high - low < 1e-3;
  return values.map((value, i) => {
    const share = flat ? 0.5 : (value - low) / (high - low);
    const colour = share < 0.5 ? mix(theme.field_fake, theme.field_middle, 2 * share) : mix(theme.field_middle, theme.field_real, 2 * share - 1);
    return `<rect x="${(i % n) * size}" y="${SIDE - (Math.floor(i / n) + 1) * size}" width="${size + 0.5}" height="${size + 0.5}" fill="${colour}"/>`;
  }).join("");
}

/** Ellipses of q(z|x), draws, and the way that the gradient goes. @param {Seen} seen */
function codes({ arrays, theme, config }) {
  const [means, logs, draws, slopes] = ["mean", "log_variance", "z", "by_z"].map(name => rows(arrays[name]));
  const parts = [tip(theme), ...[1, 2].map(r => `<circle cx="${SIDE / 2}" cy="${SIDE / 2}" r="${(r * SIDE) / (2 * REACH)}" fill="none" stroke="${theme.prior}" stroke-dasharray="4 4"/>`)];
  rows(arrays.meanBefore).forEach((mean, i) => means[i] && parts.push(line(mean, means[i], theme.real, 1.5)));
  means.forEach((mean, i) => {
    const [x, y] = at(mean, REACH);
    const [a, b] = [0, 1].map(axis => (Math.exp(0.5 * (logs[i]?.[axis] ?? -9)) * SIDE) / (2 * REACH));
    parts.push(`<ellipse cx="${x}" cy="${y}" rx="${a}" ry="${config.latent_dim > 1 ? b : 3}" fill="none" stroke="${theme.muted}"/><circle cx="${x}" cy="${y}" r="3.5" fill="${theme.real}"/>`);
  });
  const most = Math.max(1e-12, ...slopes.map(slope => Math.hypot(...slope.slice(0, 2))));
  draws.forEach((z, i) => {
    const [x, y] = at(z, REACH);
    if (means[i]) parts.push(line(means[i], z, theme.muted, 1));
    parts.push(`<rect x="${x - 4}" y="${y - 4}" width="8" height="8" transform="rotate(45 ${x} ${y})" fill="${theme.generated}"/>`);
    if (slopes[i]) {
      const scale = (-LONGEST * REACH) / most;
      parts.push(line(z, [z[0] + scale * slopes[i][0], (z[1] ?? 0) + scale * (slopes[i][1] ?? 0)], theme.arrows, 2.5, tipped(Math.hypot(...slopes[i].slice(0, 2)) / most)));
    }
  });
  return square(parts.join(""), theme, "Latent plane", config.latent_dim > 2 ? `z₁ and z₂ of ${config.latent_dim}` : "z₁, z₂");
}

/** @param {number[]} from @param {number[]} to @param {string} colour @param {number} width @param {string} [end] */
function line(from, to, colour, width, end = "") {
  const [[x1, y1], [x2, y2]] = [at(from, REACH), at(to, REACH)];
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="${width}"${end}/>`;
}

/** Rows of pictures, each with its score. @param {Seen} seen @param {string[]} names */
function strips({ arrays, theme, config }, names) {
  return `<div class="strips">${names.map(name => {
    const pictures = rows(arrays[name]);
    const scores = arrays[`${name}_scores`] ? written(Array.from(arrays[`${name}_scores`].values), config) : [];
    const cells = pictures.map((grey, i) => {
      const score = scores.length ? `<text x="14" y="38" text-anchor="middle" font-size="7" fill="${theme.text}">${scores[i]}</text>` : "";
      return `<g transform="translate(${i * 31},0)">${ink(grey, theme)}${score}</g>`;
    });
    return pictures.length ? `<svg viewBox="0 0 ${31 * pictures.length} ${scores.length ? 42 : 29}" class="strip" role="img" aria-label="${name}">${cells.join("")}</svg>` : "";
  }).join("")}</div>`;
}

/** A grey picture as runs of one shade in each row: ink on paper. @param {number[]} grey @param {Theme} theme */
function ink(grey, theme) {
  const parts = [`<rect width="28" height="28" fill="${theme.paper}" stroke="${theme.line}" stroke-width=".3"/>`];
  grey.forEach((value, i) => {
    if (value > 24) parts.push(`<rect x="${i % 28}" y="${Math.floor(i / 28)}" width="1.05" height="1.05" fill="${theme.ink}" fill-opacity="${(value / 255).toFixed(2)}"/>`);
  });
  return parts.join("");
}

/** The critic's weights between −1.5 c and 1.5 c, and the bounds. @param {Seen} seen */
function histogram({ arrays, theme }) {
  if (!arrays.histogram) return "";
  const counts = Array.from(arrays.histogram.values);
  const [most, width] = [Math.max(...counts), SIDE / counts.length];
  const bars = counts.map((count, i) => `<rect x="${i * width}" y="${80 - (76 * count) / most}" width="${width - 1}" height="${(76 * count) / most}" fill="${theme.critic}"/>`);
  const bounds = [1 / 6, 5 / 6].map(share => `<line x1="${share * SIDE}" x2="${share * SIDE}" y1="0" y2="84" stroke="${theme.text}" stroke-dasharray="4 3"/><text x="${share * SIDE}" y="98" text-anchor="middle" font-size="13" fill="${theme.text}">${share < 0.5 ? "−c" : "c"}</text>`);
  return `<svg viewBox="0 0 ${SIDE} 102" class="weights" role="img" aria-label="Weights of the critic">${bars.join("")}${bounds.join("")}</svg>`;
}
