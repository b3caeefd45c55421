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

/** No curve that is covered weighs as much as words that lie on other words, however long its history is. */
const WORDS = 1e9;

/**
 * The places of all lines' words together. They stay where they were as long as they cover nothing there.
 * @param {{at: number, width: number, below: boolean, before?: Place}[]} lines their height, how wide their words are, on
 *   which side these stand if they may choose @param {number} height of words @param {Course[]} courses
 * @returns {Place[]}
 */
export function placesOf(lines, height, courses) {
  const choices = lines.map(({ at, width, below, before }) => {
    /** @type {Place[]} */
    const all = [...(before ? [before] : []), ...[below, !below].flatMap(below => ALONG.map(x => ({ x, below })))];
    return all.map(place => {
      const left = place.x * (1 - width);
      const box = { left, right: left + width, low: place.below ? at - height : at, high: place.below ? at : at + height };
      return { place, box, covers: NaN };
    });
  });
  /** How much of the lines and curves words cover there, counted when it is first asked. @param {typeof choices[0][0]} choice */
  const covered = choice => {
    const { box } = choice;
    if (Number.isNaN(choice.covers)) {
      choice.covers = lines.filter(line => line.at > box.low && line.at < box.high).length
        + courses.reduce((sum, course) => sum + crossings(course, box), 0);
    }
    return choice.covers;
  };
  let best = { places: choices.map(all => all[0].place), count: Infinity };
  /** @param {typeof choices[0]} taken of the lines before @param {number} count what these cover */
  const place = (taken, count) => {
    if (count >= best.count) return;
    if (taken.length === lines.length) best = { places: taken.map(({ place }) => place), count };
    else for (const one of choices[taken.length]) {
      const words = taken.filter(other => overlap(one.box, other.box)).length;
      place([...taken, one], count + covered(one) + WORDS * words);
    }
  };
  place([], 0);
  return best.places;
}

/** @param {Box} one @param {Box} other */
const overlap = (one, other) => one.left < other.right && one.right > other.left && one.low < other.high && one.high > other.low;
