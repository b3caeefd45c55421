// The keys of the page work wherever the focus is, except those that a focused control has a use for itself.

/** @import { Mount } from "./types.js" */
import { targetOf } from "./page/dom.js";

const SETTLED = 150; // ms after which a clicked control has taken what it wants of the click

/** @type {WeakMap<Element, AbortController>} */
const mounts = new WeakMap();

/** @param {Mount<unknown>} component */
export default function mount({ parentElement }) {
  const stop = mounts.get(parentElement) ?? listen();
  mounts.set(parentElement, stop);
  return () => {
    stop.abort();
    mounts.delete(parentElement);
  };
}

function listen() {
  const stop = new AbortController();
  const options = { signal: stop.signal, capture: true };
  document.addEventListener("click", () => setTimeout(giveBack, SETTLED), options);
  document.addEventListener("keydown", passOn, options);
  document.addEventListener("keyup", passOn, options);
  return stop;
}

/** What the mouse has changed gives the keyboard back; who walks by keyboard keeps the focus. */
function giveBack() {
  const field = /** @type {HTMLElement | null} */ (document.activeElement);
  if (field?.matches("input[type=range], [role=combobox][aria-expanded=false]")) field.blur();
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
