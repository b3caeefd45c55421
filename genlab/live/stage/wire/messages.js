// What the browser may send, as genlab/runtime/messages.py declares and checks it: one function for each message. No
// other module writes a message itself.

/** @import { Code, X } from "../types.js" */

/** The streams that a watcher can subscribe to. */
export const STREAMS = [
  "history", "real", "generated", "field", "arrows", "mesh", "weights", "layers", "samples", "means", "latent", "kl",
  "reconstruction", "manifold", "components", "survey", "map", "density", "score", "pushforward", "bands", "slopes",
];

/** Replaces the streams that this client watches. @param {string[]} streams */
export const subscribe = streams => ({ type: "streams", streams });

/** Frames per second that this client wants at most. @param {number} hz */
export const rate = hz => ({ type: "rate", hz });

/** What do these codes (or this one) become? @param {number} id @param {Code | Code[]} z */
export const decodeCodes = (id, z) => ({ type: "decode", id, z });

/** What is the posterior of this x, perhaps with the bound? @param {number} id @param {X} x @param {boolean} bound */
export const encodeX = (id, x, bound) => ({ type: "encode", id, x, bound });

/** Curves and samples of one cell of a map. @param {number} cell */
export const examine = cell => ({ type: "examine", id: 0, cell });

/** The run as it stood at a snapshot; null for the present. @param {number | null} step */
export const look = step => ({ type: "look", step });

/** The answer to a ping. */
export const pong = () => ({ type: "pong" });

/** @typedef {ReturnType<typeof subscribe | typeof rate | typeof decodeCodes | typeof encodeX | typeof examine | typeof look | typeof pong>} Message */
