// What a hand has laid into a plane of codes: two pins and the way between them, or a path in their place.

/** @import { Code } from "../types.js" */
import { alongPath, lerp, plain, slerp } from "./codes.js";

const PLACES = 60; // of a path that are remembered

/** @typedef {{pins: [Code | null, Code | null], newest: 0 | 1 | null, route: Code[] | null}} Kept */

export class Course {
  constructor() {
    /** @type {Kept["pins"]} A and B */
    this.pins = [null, null];
    /** @type {Kept["newest"]} The pin that was set last. */
    this.newest = null;
    /** @type {Code[] | null} */
    this.route = null;
    /** @type {((share: number) => Code) | null} The code at a share of the way, once there is one. */
    this.at = null;
    this.label = "";
    /** Whether the way between pins follows the sphere. */
    this.spherical = false;
  }

  get pinned() {
    return this.pins.filter(pin => pin !== null);
  }

  get empty() {
    return !this.at && !this.pinned.length;
  }

  /** The first place is A, the second B; from then on the older of the two moves. @param {Code} code */
  pin(code) {
    const which = this.newest === 0 ? 1 : 0;
    this.pins[which] = code;
    this.newest = which;
    this.route = this.at = null;
    this.join();
  }

  /** The way from A to B, when both are there. */
  join() {
    const [a, b] = this.pins;
    if (!a || !b) return;
    const between = this.spherical ? slerp : lerp;
    this.label = "A → B";
    this.at = share => between(a, b, share);
  }

  /** A path takes the place of the pins. @param {Code[]} route */
  follow(route) {
    this.clear();
    this.route = route;
    this.label = "path";
    this.at = alongPath(route);
  }

  clear() {
    this.pins = [null, null];
    this.newest = this.route = this.at = null;
    this.label = "";
  }

  /** Codes at equal shares of the way, both ends included; without a way the pinned one, if any. @param {number} parts */
  codes(parts) {
    const { at } = this;
    return at ? Array.from({ length: parts + 1 }, (_, i) => at(i / parts)) : this.pinned;
  }

  /** What is remembered. @returns {Kept} */
  kept() {
    const { pins, newest, route } = this;
    // A long path is one of hundreds of places: a few of them keep its shape.
    const every = Math.ceil((route?.length ?? 0) / PLACES);
    return { pins, newest, route: route?.filter((_, i) => i % every === 0 || i === route.length - 1).map(plain) ?? null };
  }

  /** @param {Partial<Kept>} kept */
  restore({ pins = [null, null], newest = null, route = null }) {
    this.clear();
    this.pins = pins;
    this.newest = newest;
    if (route) this.follow(route);
    else this.join();
  }
}
