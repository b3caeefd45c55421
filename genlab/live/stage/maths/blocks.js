// Pixels of a square canvas (four bytes each, of which the first is read): their centre of mass, and a smaller picture.

/** In pixels from the upper left corner. @param {ArrayLike<number>} data @param {number} side @returns {[number, number]} */
export function centreOfMass(data, side) {
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < side * side; i++) {
    const ink = data[4 * i];
    mass += ink;
    x += ink * ((i % side) + 0.5);
    y += ink * (Math.floor(i / side) + 0.5);
  }
  return [x / mass, y / mass];
}

/** The mean of each fine × fine block, in grey bytes. @param {ArrayLike<number>} data @param {number} side @param {number} fine */
export function shrink(data, side, fine) {
  const width = side / fine;
  const sums = new Float64Array(width * width);
  for (let i = 0; i < side * side; i++) {
    sums[Math.floor(i / side / fine) * width + Math.floor((i % side) / fine)] += data[4 * i];
  }
  return Uint8Array.from(sums, sum => Math.round(sum / fine ** 2));
}
