// Level lines of a field on a grid, by marching squares: in each cell straight between the places where its edges have the value.

/** @typedef {[number, number, number, number]} Piece from x, y to x, y */

/**
 * @param {ArrayLike<number>} x of the columns @param {ArrayLike<number>} y of the rows @param {ArrayLike<number>[]} z
 * @param {number} level @returns {Piece[]}
 */
export function levelLine(x, y, z, level) {
  /** @type {Piece[]} */
  const pieces = [];
  for (let r = 0; r + 1 < y.length; r++) {
    for (let c = 0; c + 1 < x.length; c++) {
      const below = Number(z[r][c] < level) + Number(z[r][c + 1] < level) + Number(z[r + 1][c] < level) + Number(z[r + 1][c + 1] < level);
      if (below % 4 === 0) continue;
      /** @type {[number, number, number][]} The corners, round the cell. */
      const corners = [
        [x[c], y[r], z[r][c] - level], [x[c + 1], y[r], z[r][c + 1] - level],
        [x[c + 1], y[r + 1], z[r + 1][c + 1] - level], [x[c], y[r + 1], z[r + 1][c] - level],
      ];
      const crossed = corners.flatMap(([ax, ay, a], i) => {
        const [bx, by, b] = corners[(i + 1) % 4];
        const share = a / (a - b);
        return a < 0 === b < 0 ? [] : [[ax + share * (bx - ax), ay + share * (by - ay)]];
      });
      // Where all four edges are crossed it is a saddle: its middle says which corners are joined.
      const middle = corners.reduce((sum, [, , value]) => sum + value, 0);
      if (crossed.length === 4 && corners[0][2] < 0 !== middle < 0) crossed.push(/** @type {number[]} */ (crossed.shift()));
      for (let i = 0; i + 1 < crossed.length; i += 2) pieces.push([crossed[i][0], crossed[i][1], crossed[i + 1][0], crossed[i + 1][1]]);
    }
  }
  return pieces;
}
