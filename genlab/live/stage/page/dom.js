// Elements of a page and the controls that all panels use.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * Text from our own Python, with <sub> and <i> in it.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} html
 */
export function rich(tag, html) {
  const node = element(tag);
  node.innerHTML = html;
  return node;
}

/** @param {string} label @param {() => unknown} act */
export function action(label, act) {
  const button = element("button", { type: "button" }, label);
  button.onclick = act;
  return button;
}

/** A button that is pressed or not. @param {string} label @param {string} title @param {(on: boolean) => unknown} act */
export function toggle(label, title, act) {
  const button = action(label, () => act(button.getAttribute("aria-pressed") !== "true"));
  button.setAttribute("aria-pressed", "false");
  if (title) button.title = title;
  if (title && !label) button.setAttribute("aria-label", title);
  return button;
}

/** @param {Element} button @param {boolean} pressed @param {string} [label] */
export function press(button, pressed, label) {
  button.setAttribute("aria-pressed", String(pressed));
  if (label !== undefined) change(button, label);
}

/** Sets text only where it differs, so that screen readers are told of real changes alone. @param {Node} node @param {string} text */
export function change(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A line as it is drawn in a curve. @param {string} colour @param {string} [dash] */
export function swatch(colour, dash = "solid") {
  const pattern = /** @type {Record<string, string>} */ ({ dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" })[dash] ?? "";
  const holder = element("span", { class: "swatch", "aria-hidden": "true" });
  holder.innerHTML = '<svg width="24" height="8"><line x1="0" y1="4" x2="24" y2="4" stroke-width="3"/></svg>';
  const line = /** @type {SVGLineElement} */ (holder.querySelector("line"));
  line.setAttribute("stroke", colour);
  line.setAttribute("stroke-dasharray", pattern);
  return holder;
}

/** Items that unfold, and fold when the focus goes elsewhere. @param {string} title @param {Node[]} items @param {string} sign */
export function menu(title, items, sign = "⋯") {
  const summary = element("summary", { title, "aria-label": title }, sign);
  const details = element("details", { class: "menu" }, summary, element("div", { class: "items" }, ...items));
  closesOnLeaving(details);
  return details;
}

/** @param {HTMLDetailsElement} details */
export function closesOnLeaving(details) {
  details.addEventListener("focusout", event => {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (to && !details.contains(to)) details.open = false;
  });
}

/** The element that an event is about. @param {Event} event */
export const targetOf = event => /** @type {Element} */ (event.target);

/** @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export const drawingOn = (canvas, settings) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));

/** Where the page is scrolled. @param {Element} node */
export const scrollerOf = node => node.closest("[data-testid=stMain]") ?? document.scrollingElement ?? document.body;

/**
 * Tells of every change that may move a node or give it other room: words above it that wrap, however late.
 * @param {Element} node @param {() => void} changed @param {...Element} others whose size matters as well
 */
export function watchPlace(node, changed, ...others) {
  const sizes = new ResizeObserver(changed);
  for (const other of others) sizes.observe(other);
  const scroller = scrollerOf(node);
  // What grows above a node makes one of those taller that hold both.
  for (let at = /** @type {Element | null} */ (node); at; at = at === scroller ? null : at.parentElement) sizes.observe(at);
  sizes.observe(document.body);
  return sizes;
}

/** Hands a file to the person. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
