// A node over the whole screen; where the browser refuses that (in some frames, on phones), over the whole window.

/** @param {HTMLElement} node */
export async function enterFullScreen(node) {
  try {
    await node.requestFullscreen();
  } catch {
    // A popover stands above everything else of the page, whatever it lies in.
    node.popover = "manual";
    node.showPopover?.();
  }
}

/** @param {HTMLElement} node */
export function leaveFullScreen(node) {
  if (document.fullscreenElement === node) document.exitFullscreen();
  if (!node.popover) return;
  node.hidePopover?.();
  node.removeAttribute("popover");
}
