// Where the words of a line to compare with stand: where they cover least of what is drawn. Places are shares of the
// picture, from its lower left corner.

/** @typedef {{left: number, right: number, low: number, high: number}} Box */
/** @typedef {{x: number[], y: number[]}} Course of a curve */
/** @typedef {{x: 0 | 0.5 | 1, below: boolean}} Place at the line's left end, its middle or its right end */

/** @type {Place["x"][]} */
const ALONG = [0, 0.5, 1];

/** Through how many pieces of a curve a box is crossed. @param {Course} course @param {Box} box */
export function crossings({ x, y }, box) {
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const j = Math.min(i + 1, x.length - 1);
    const [from, to] = [Math.max(box.left, Math.min(x[i], x[j])), Math.min(box.right, Math.max(x[i], x[j]))];
    if (!(from <= to)) continue;
    const slope = x[j] === x[i] ? 0 : (y[j] - y[i]) / (x[j] - x[i]);
    const ends = slope ? [from, to].map(at => y[i] + slope * (at - x[i])) : [y[i], y[j]];
    if (Math.max(...ends) >= box.low && Math.min(...ends) <= box.high) count += 1;
  }
  return count;
}

/**
 * The place of each line's words. It stays where it was as long as it covers nothing there.
 * @param {{at: number, width: number, below: boolean, before?: Place}[]} lines their height, how wide their words are, on
 *   which side these stand if they may choose @param {number} height of words @param {Course[]} courses
 * @returns {Place[]}
 */
export function placesOf(lines, height, courses) {
  /** @type {Box[]} */
  const taken = [];
  return lines.map(({ at, width, below, before }) => {
    /** @type {Place[]} */
    const all = [...(before ? [before] : []), ...[below, !below].flatMap(below => ALONG.map(x => ({ x, below })))];
    /** @param {Place} place @returns {Box} */
    const boxOf = place => {
      const left = place.x * (1 - width);
      return { left, right: left + width, low: place.below ? at - height : at, high: place.below ? at : at + height };
    };
    /** @param {Place} place */
    const covered = place => {
      const box = boxOf(place);
      const others = lines.filter(line => line.at > box.low && line.at < box.high);
      const words = taken.filter(one => one.left < box.right && one.right > box.left && one.low < box.high && one.high > box.low);
      return 1000 * words.length + others.length + courses.reduce((sum, course) => sum + crossings(course, box), 0);
    };
    const best = all.reduce((best, place) => {
      const count = best.count && covered(place);
      return count < best.count ? { place, count } : best;
    }, { place: all[0], count: Infinity }).place;
    taken.push(boxOf(best));
    return best;
  });
}
