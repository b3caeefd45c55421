// How grids of equal pictures lie in a panel: beside each other or one below the other, in how many columns.

const BETWEEN = 12; // px between two groups, as in panels.css
const BROKEN = 0.8; // what a broken last row is worth of whole ones, which look better

/**
 * The arrangement that makes the pictures as large as the panel allows.
 * @param {{across: number, down: number, groups: number, count: number, width: number, height: number, above: number, beside: number, columns?: number}} room
 *   `across` and `down` are px of the panel, which holds `groups` of `count` pictures of `width` × `height` pixels each; beside the
 *   pictures of a group `beside` px are taken, and above and below them `above`; `columns` where these are given
 */
export function arranged({ across, down, groups, count, width, height, above, beside, columns }) {
  const between = BETWEEN * (groups - 1);
  const ways = [
    { below: false, room: [(across - between) / groups - beside, down - above] },
    { below: true, room: [across - beside, (down - between) / groups - above] },
  ].slice(0, groups > 1 ? 2 : 1);
  const choices = columns ? [columns] : [...Array(count).keys()].map(i => i + 1);
  const all = ways.flatMap(({ below, room }) => choices.map(columns => {
    const rows = Math.ceil(count / columns);
    const scale = Math.min(room[0] / (columns * (width + 1)), room[1] / (rows * (height + 1)));
    return { below, columns, scale, merit: scale * (count % columns ? BROKEN : 1) };
  }));
  return all.reduce((best, one) => (one.merit > best.merit ? one : best));
}
