// What the browser may send, as genlab/runtime/messages.py declares and checks it: one function for each message. No
// other module writes a message itself.

/** @import { Code, Settings, X } from "../types.js" */

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

/** What will the next step do, stage by stage? @param {number} id */
export const rehearse = id => ({ type: "rehearse", id });

/** Shows this client the run as it stood at a snapshot; null for the present. @param {number | null} step */
export const look = step => ({ type: "look", step });

/** The answer to a ping. */
export const pong = () => ({ type: "pong" });

// ---- what a hand does to a run: orders, which wire/commands.js numbers and sends ----

/** Lets it train, without an end or until a step. @param {number | null} [until] */
export const play = (until = null) => /** @type {const} */ ({ do: "play", until });

/** Lets it rest. */
export const pause = () => /** @type {const} */ ({ do: "pause" });

/** Exactly one step, then rest. */
export const oneStep = () => /** @type {const} */ ({ do: "step" });

/** Changes settings; those of one drag are one change. @param {Settings} settings @param {number | null} [drag] */
export const apply = (settings, drag = null) => /** @type {const} */ ({ do: "apply", settings, drag });

/** Back to step 0 with the same settings and seed; what plays plays on, perhaps until a step. @param {number | null} [until] */
export const reset = (until = null) => /** @type {const} */ ({ do: "reset", until });

/** A fresh run with another seed; what plays plays on, perhaps until a step. @param {number | null} [until] */
export const newSeed = (until = null) => /** @type {const} */ ({ do: "new_seed", until });

/** Back to the snapshot of a step, or to the last finite one. @param {number | null} [step] */
export const rewind = (step = null) => /** @type {const} */ ({ do: "rewind", step });

/** A new run from the snapshot of a step. @param {number} step */
export const branch = step => /** @type {const} */ ({ do: "branch", step });

/** Trains on another device from here on. @param {string} device */
export const move = device => /** @type {const} */ ({ do: "move", device });

/** A run of one's own that goes on from where this one stands. */
export const copy = () => /** @type {const} */ ({ do: "copy" });

/** @typedef {ReturnType<typeof play | typeof pause | typeof oneStep | typeof apply | typeof reset | typeof newSeed | typeof rewind | typeof branch | typeof move | typeof copy>} Order */

/** @template {Order} O @param {number} number @param {O} order */
export const command = (number, order) => ({ type: /** @type {const} */ ("command"), number, ...order });

/** @typedef {ReturnType<typeof command> | ReturnType<typeof subscribe | typeof rate | typeof decodeCodes | typeof encodeX | typeof examine | typeof rehearse | typeof look | typeof pong>} Message */
