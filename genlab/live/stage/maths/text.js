// Numbers and names as a person reads them, and paths into nested objects.

/** As many significant digits; what is very small or large with a power of ten; – for nothing. @param {any} value @param {number} digits */
export function number(value, digits) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!isFinite(value)) return String(value);
  const size = Math.abs(value);
  const extreme = size !== 0 && (size < 1e-3 || size >= 1e6);
  const text = extreme ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

/** Always as many decimals, with a minus sign that is as wide as a digit; what rounds to 0 has none. @param {number} value @param {number} decimals */
export const decimal = (value, decimals) => value.toFixed(decimals).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

/** @param {number} step */
export const whole = step => step.toLocaleString("en");

/** @param {number | undefined} seconds */
export function duration(seconds) {
  const full = Math.floor(seconds ?? 0);
  return full < 60 ? `${full} s` : `${Math.floor(full / 60)} min ${full % 60} s`;
}

/** @param {number} n */
export const subscript = n => String(n).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);

/** A code in brackets, with two decimals. @param {number[]} code @param {number} most numbers that are written */
export function tuple(code, most = 8) {
  const shown = code.slice(0, most).map(value => decimal(value, 2));
  return `(${[...shown, ...(code.length > most ? ["…"] : [])].join(", ")})`;
}

/** @param {any} object @param {string} path such as "last.kl" @returns {any} */
export const lookup = (object, path) => path.split(".").reduce((part, name) => part?.[name], object);

/** A text with numbers of a frame where it has {paths}; whole ones, like a step, in full. @param {string} text @param {unknown} header */
export const fill = (text, header) => text.replace(/\{([\w.]+)\}/g, (_, path) => {
  const value = lookup(header, path);
  return Number.isInteger(value) ? whole(value).replace("-", "−") : number(value, 3);
});

/** Sets what a path leads to, making what is missing on the way. @param {any} target @param {string} path @param {unknown} value */
export function assign(target, path, value) {
  const names = path.split(".");
  const last = /** @type {string} */ (names.pop());
  let place = target;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}

/** A deep union of plain objects, in which the second one wins; lists are taken whole. @param {any} base @param {any} over */
export function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = value && base[key] && [value, base[key]].every(part => typeof part === "object" && !Array.isArray(part));
    merged[key] = both ? merge(base[key], value) : value;
  }
  return merged;
}

/**
 * Why a panel has no picture, and what helps; who watches has nothing to press.
 * @param {{step: number | undefined, status: string | undefined, ofOne: boolean, watching: boolean}} panel `ofOne`: it
 *   shows one model of a map
 */
export function nothingYet({ step, status, ofOne, watching }) {
  if (status === "starting") return "The run is starting …";
  if (step || status === "running") return ofOne ? "Choose a cell of the map to see its model." : "Waiting for the first numbers …";
  return `Nothing to draw before the first step${watching ? "" : ": press Play"}.`;
}
