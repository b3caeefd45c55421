// What belongs to every page: its keys work wherever the focus is, except those that a focused control has a use for
// itself, its address follows what it shows, and what Python drew has the colours of the theme that is seen.

/** @import { Mount } from "./types.js" */
import { Address } from "./address.js";
import { pageOf } from "./maths/place.js";
import { targetOf } from "./page/dom.js";
import { themeName } from "./page/theme.js";

const SETTLED = 150; // ms after which a clicked control has taken what it wants of the click

/** @typedef {{address: Record<string, string> | null, page: string, keys: boolean, theme: string, base: string}} ShellData */

/** @type {WeakMap<Element, Shell>} */
const shells = new WeakMap();

/** @param {Mount<ShellData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const shell = shells.get(parentElement) ?? new Shell(parentElement, data.keys);
  shells.set(parentElement, shell);
  shell.render(data, setTriggerValue);
  return () => {
    shell.stop.abort();
    shells.delete(parentElement);
  };
}

class Shell {
  /** @param {HTMLElement} parent @param {boolean} keys */
  constructor(parent, keys) {
    this.parent = parent;
    this.told = ""; // the theme that Python was told of: should it not follow, it is not told again and again
    this.stop = new AbortController();
    if (keys) listen(this.stop.signal);
  }

  /** @param {ShellData} data @param {Mount<ShellData>["setTriggerValue"]} tell */
  render(data, tell) {
    this.data = data;
    this.tell = tell;
    // Each page has a path of its own.
    if (this.address?.path !== location.pathname) this.address = this.follower();
    this.address.drawn();
    this.dress(data);
  }

  /** Streamlit mounts its components anew when the theme changes, and draws nothing that Python has coloured. @param {ShellData} data */
  dress({ keys, theme }) {
    const seen = themeName(this.parent);
    if (!keys || seen === theme || seen === this.told || !this.here()) return;
    this.told = seen;
    this.tell?.("theme", seen);
  }

  /** Streamlit draws a page once more with what is past when another one is on its way: its address is not that one's. */
  here() {
    const { page, base } = /** @type {ShellData} */ (this.data);
    return pageOf(location.pathname, base) === (page || "home");
  }

  shown() {
    return this.here() ? this.data?.address ?? null : null;
  }

  follower() {
    this.address?.stop.abort();
    const stop = new AbortController();
    return new Address(() => this.shown(), asked => this.tell?.("address", asked), stop);
  }
}

/** @param {AbortSignal} signal */
function listen(signal) {
  const options = { signal, capture: true };
  // A key presses buttons and follows links too, by a click without a press of the mouse.
  document.addEventListener("click", ({ isTrusted, detail }) => isTrusted && detail && setTimeout(giveBack, SETTLED), options);
  document.addEventListener("keydown", passOn, options);
  document.addEventListener("keyup", passOn, options);
}

/** What the mouse has changed gives the keyboard back, and so does the page's ground, which Streamlit would frame at the next key; who walks by keyboard keeps the focus. */
function giveBack() {
  const field = /** @type {HTMLElement | null} */ (document.activeElement);
  if (field?.matches("input[type=range], [role=combobox][aria-expanded=false], [data-testid=stMain]")) field.blur();
}

/** A slider has no use for letters, digits and space: they reach the page as if nothing had the focus. @param {KeyboardEvent} event */
function passOn(event) {
  const { key, code, keyCode, shiftKey, repeat } = event;
  if (!event.isTrusted || key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!targetOf(event).matches?.("input[type=range]")) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  const again = { key, code, keyCode, shiftKey, repeat, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new KeyboardEvent(event.type, again));
}
