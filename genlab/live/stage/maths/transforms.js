// From arrays of a frame to attributes of a trace (or of the layout). Python names the transforms in a panel's `bind`.

/** @import { FrameHeader, NumberArray } from "../types.js" */
import { extremes, median } from "./series.js";
import { lookup, number } from "./text.js";

/** @param {NumberArray} array @param {number} index */
export const column = ({ values, shape: [rows, width] }, index) =>
  Float64Array.from({ length: rows }, (_, i) => values[i * width + index]);

/** @param {NumberArray} array */
export const rowsOf = ({ values, shape: [rows, width] }) =>
  Array.from({ length: rows }, (_, i) => values.subarray(i * width, (i + 1) * width));

/** Centre and half width of the field's colours; a field that varies by less than `least` gives no colour. @param {FrameHeader} header @param {number} least */
const fieldRange = ({ info }, least) => [info.field_centre ?? 0.5, Math.max(info.field_span || 0.5, least)];

/** @param {NumberArray} points @param {NumberArray} labels @param {[number, number]} columns @param {number} count @param {number} wanted */
function classPoints({ values, shape: [, width] }, labels, [x, y], count, wanted) {
  const rows = [...labels.values.subarray(0, count).keys()].filter(i => labels.values[i] === wanted);
  return { x: rows.map(i => values[i * width + x]), y: rows.map(i => values[i * width + y]) };
}

/** Two lists to fill, of numbers and gaps. @returns {[(number | null)[], (number | null)[]]} */
const lists = () => [[], []];

/** @type {Record<string, (arrays: Record<string, NumberArray>, bind: any, header: FrameHeader) => Record<string, any>>} */
export const TRANSFORMS = {
  columns: ({ points }, { columns: [x, y], count }) => ({
    x: column(points, x).subarray(0, count),
    y: column(points, y).subarray(0, count),
  }),

  /** The median over seeds (rows of step, low, median, high, seeds), with what lies between low and high as its bar. */
  spread({ points }) {
    const [steps, low, middle, high, seeds] = [0, 1, 2, 3, 4].map(index => column(points, index));
    return {
      x: steps, y: middle, customdata: Array.from(middle, (_, row) => [low[row], high[row], seeds[row]]),
      "error_y.array": high.map((end, row) => end - middle[row]), "error_y.arrayminus": low.map((end, row) => middle[row] - end),
    };
  },

  /** Rows of one class only. */
  ofClass: ({ points, labels }, { columns, count, class: wanted }) => classPoints(points, labels, columns, count, wanted),

  /** The name of each class at the median of its rows. */
  classNames({ points, labels }, { columns, count }) {
    const middles = [...Array(10).keys()].map(wanted => {
      const { x, y } = classPoints(points, labels, columns, count, wanted);
      return { x: median(x), y: median(y), text: String(wanted) };
    });
    const there = middles.filter(({ x }) => isFinite(x));
    return { x: there.map(({ x }) => x), y: there.map(({ y }) => y), text: there.map(({ text }) => text) };
  },

  /** Colour by the angle of a position, so that neighbours in the data can be found again elsewhere. */
  angle: ({ positions: { values, shape } }, { count }) => ({
    "marker.color": Array.from({ length: Math.min(count, shape[0]) }, (_, i) =>
      Math.atan2(values[2 * i + 1], values[2 * i]),
    ),
  }),

  /** The lines of a mesh (rows, columns, 2), separated by gaps. */
  mesh({ mesh: { values, shape: [rows, columns] } }) {
    const [x, y] = lists();
    /** @param {number} r @param {number} c */
    const go = (r, c) => {
      x.push(values[2 * (r * columns + c)]);
      y.push(values[2 * (r * columns + c) + 1]);
    };
    const gap = () => [x, y].forEach(list => list.push(null));
    for (let r = 0; r < rows; r++, gap()) for (let c = 0; c < columns; c++) go(r, c);
    for (let c = 0; rows > 1 && c < columns; c++, gap()) for (let r = 0; r < rows; r++) go(r, c);
    return { x, y };
  },

  field({ x, y, z }, { least = 0 }, header) {
    const [centre, span] = fieldRange(header, least);
    return { x: x.values, y: y.values, z: rowsOf(z), zmin: centre - span, zmax: centre + span };
  },

  /** Seven level lines over the range of the field's colours. */
  contours({ x, y, z }, { least = 0 }, header) {
    const [centre, span] = fieldRange(header, least);
    return {
      x: x.values, y: y.values, z: rowsOf(z), autocontour: false,
      "contours.start": centre - 0.75 * span, "contours.end": centre + 0.76 * span, "contours.size": span / 4,
    };
  },

  /** Words where a field is too flat to be followed. */
  flat({ z: { values } }, { least }, { info }) {
    if (!(info.field_span < least)) return {};
    const [low, high] = extremes(Array.from(values));
    const text = `field flat: ${number((low + high) / 2, 3)} ± ${number((high - low) / 2, 2)}`;
    const place = { xref: "paper", yref: "paper", x: 0.5, y: 0, yanchor: "bottom", showarrow: false };
    return { annotations: [{ ...place, text, bgcolor: "@background" }] };
  },

  /** Arrows whose length grows with log₁₀ of the vector's norm: none at `shortest`, `length` at `longest`. */
  arrows({ from, along }, { length, shortest, longest }) {
    const [x, y] = lists();
    for (let i = 0; i < from.shape[0]; i++) {
      const [px, py] = from.values.subarray(2 * i);
      const [vx, vy] = along.values.subarray(2 * i);
      const norm = Math.hypot(vx, vy);
      const share = Math.min(1, Math.log10(norm / shortest) / Math.log10(longest / shortest));
      if (!(share > 0)) continue;
      const [dx, dy] = [(length * share * vx) / norm, (length * share * vy) / norm];
      const [tx, ty] = [px + dx, py + dy];
      x.push(px, tx, null, tx - 0.3 * dx - 0.18 * dy, tx, tx - 0.3 * dx + 0.18 * dy, null);
      y.push(py, ty, null, ty - 0.3 * dy + 0.18 * dx, ty, ty - 0.3 * dy - 0.18 * dx, null);
    }
    return { x, y };
  },

  /** One-standard-deviation ellipses of the first `count` rows. */
  ellipses({ mean, std }, { count, columns: [a, b] }) {
    const [x, y] = lists();
    const width = mean.shape[1];
    for (let i = 0; i < Math.min(count, mean.shape[0]); i++) {
      for (let k = 0; k <= 24; k++) {
        x.push(mean.values[i * width + a] + std.values[i * width + a] * Math.cos((k * Math.PI) / 12));
        y.push(mean.values[i * width + b] + std.values[i * width + b] * Math.sin((k * Math.PI) / 12));
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  /** The same ellipses from a root of their covariance (n, 3): seen along axes that are not the latents' own. */
  shadowEllipses({ mean, root }) {
    const [x, y] = lists();
    for (let i = 0; i < root.shape[0]; i++) {
      const [l11, l21, l22] = root.values.subarray(3 * i);
      for (let k = 0; k <= 24; k++) {
        const [cos, sin] = [Math.cos((k * Math.PI) / 12), Math.sin((k * Math.PI) / 12)];
        x.push(mean.values[2 * i] + l11 * cos);
        y.push(mean.values[2 * i + 1] + l21 * cos + l22 * sin);
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  /** 1σ and 2σ of one Gaussian, from its standard deviations or from a root of its covariance. */
  outline({ mean, std, root }, { columns: [a, b] }) {
    if (!(mean.shape[1] >= 2)) return { x: [], y: [] };
    const [l11, l21, l22] = root ? root.values : [std.values[a], 0, std.values[b]];
    const [x, y] = lists();
    for (const sigmas of [1, 2]) {
      for (let i = 0; i <= 60; i++) {
        const [cos, sin] = [Math.cos((i * Math.PI) / 30), Math.sin((i * Math.PI) / 30)];
        x.push(mean.values[a] + sigmas * l11 * cos);
        y.push(mean.values[b] + sigmas * (l21 * cos + l22 * sin));
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  },

  centre: ({ mean: { values } }, { columns: [a, b] }) => ({ x: [values[a]], y: [values[b]] }),

  /** One level line of the log-density of the true posterior. */
  height({ x, y, z, levels }, { level }) {
    const at = levels.values[level];
    return {
      x: x.values, y: y.values, z: rowsOf(z), "contours.start": at, "contours.end": at, "contours.size": 1,
    };
  },

  /** The density of a Gaussian over one latent. */
  bell({ mean, std }) {
    if (mean.shape[1] !== 1) return { x: [], y: [] };
    const [m, s] = [mean.values[0], std.values[0]];
    const t = Array.from({ length: 81 }, (_, i) => (i - 40) / 10);
    return { x: t.map(t => m + s * t), y: t.map(t => Math.exp(-0.5 * t * t) / (s * Math.sqrt(2 * Math.PI))) };
  },

  curve: ({ x, y }) => ({ x: x.values, y: y.values }),

  /** Marks along the bottom. */
  rug: ({ points }) => ({ x: column(points, 0), y: new Array(points.shape[0]).fill(0) }),

  /** Bars, hatched where a unit is not active. */
  units: ({ height, active }) => ({
    x: Array.from(height.values, (_, i) => i + 1),
    y: height.values,
    "marker.pattern.shape": Array.from(active.values, on => (on ? "" : "/")),
    text: Array.from(active.values, on => (on ? "active" : "not active")),
  }),

  histogram: ({ edges: { values: edges }, counts }) => ({
    x: Array.from(counts.values, (_, i) => (edges[i] + edges[i + 1]) / 2),
    y: counts.values,
    width: Array.from(counts.values, (_, i) => edges[i + 1] - edges[i]),
  }),

  /** Two vertical lines at ± a number of the frame. */
  bounds({ counts }, { value }, header) {
    const at = lookup(header, value);
    const top = Math.max(1, ...counts.values);
    return isFinite(at) && at !== null ? { x: [-at, -at, null, at, at], y: [0, top, null, 0, top] } : { x: [], y: [] };
  },

  /** How often the values of one column fall into equal bins, as a density. */
  density({ points }, { column: index, bins, range: [low, high] }) {
    const width = (high - low) / bins;
    const counts = new Array(bins).fill(0);
    for (const value of column(points, index)) {
      const bin = Math.floor((value - low) / width);
      if (bin >= 0 && bin < bins) counts[bin] += 1;
    }
    return { x: counts.map((_, i) => low + (i + 0.5) * width), y: counts.map(n => n / (points.shape[0] * width)) };
  },

  /** Axis ranges of a plane: the smallest of a ladder of half-widths that holds 99 % of the points. */
  plane({ points }, { least }) {
    const reach = Float64Array.from(points.values, Math.abs).sort();
    const wanted = 1.05 * reach[Math.floor(0.99 * (reach.length - 1))];
    const half = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64].map(k => k * least).find(e => e >= wanted) ?? 100 * least;
    return { "xaxis.range": [-half, half], "yaxis.range": [-half, half] };
  },
};
