// The format of what the server sends, as genlab/runtime/messages.py writes it: uint32 (little endian) header length H,
// H bytes of JSON, then the arrays. 4 + H and every offset (counted from the header's end) are multiples of 8, so typed
// arrays can be views of the message itself.

/** @import { Arrays, Numbers, Packet } from "../types.js" */

/** @type {Record<string, new (buffer: ArrayBuffer, offset: number, count: number) => Numbers>} */
export const DTYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, i4: Int32Array };

/** What is known of a run of which an event has come before any frame. @type {any} */
export const UNKNOWN = {
  step: 0, seconds: 0, steps_per_second: 0, last: {}, reference: {}, info: {}, config: {}, present: null, command: 0,
  place: null,
};

/** @param {ArrayBuffer} buffer @returns {Packet} */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @type {Arrays} */
  const arrays = {};
  /** @type {[string, {dtype: string, shape: number[], offset: number}][]} */
  const described = Object.entries(header.arrays ?? {});
  for (const [name, { dtype, shape, offset }] of described) {
    const count = shape.reduce((product, n) => product * n, 1);
    arrays[name] = { shape, values: new DTYPES[dtype](buffer, 4 + length + offset, count) };
  }
  return { header, arrays };
}
