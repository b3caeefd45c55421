// The browser's side of genlab. This file is what Streamlit mounts for each component; it imports the
// component's module from the lab itself, under an address that changes with the content of this folder. There is no
// build step: what is served is what stands here.
//
//   live.js     pictures of one training run: a Lab for each mount, fed by a WebSocket
//   player.js   pictures of what is already computed, played and stepped through
//   pencil.js   a pad on which a density is drawn
//   part.js     a discriminator that a person plays
//   form.js     controls of a page without a run
//   shell.js    what belongs to every page: keys that a focused slider must not swallow, and the address
//   lesson.js   the bar of a lesson
//   class.js    the strip of a class: it leads, follows, asks
//   wall.js     every student's run, for who leads
//
// How the data of a run flow: genlab/runtime packs a frame → wire/feed.js (the socket) → wire/packets.js (numbers) →
// lab.js keeps the newest arrays and header → draw_loop.js lets each panel that is seen draw → panels/plot.js has
// maths/transforms.js fill the traces of a figure that Python has described. The other way: a hand on a panel →
// wire/messages.js (what may be said) → the socket, and so does a hand on a control (wire/commands.js: each command is
// answered, and the frames that show what it did carry its number); what only a new page can answer goes to Streamlit (rerun.js). One
// panel over the whole screen is enlargement.js.
//
//   wire/     socket, packets, messages; questions about codes (decoder.js) and about one's own x (example.js)
//   bar/      what stands around the pictures: top bar, diagnosis, companion run, timeline, areas with their tabs
//   controls/ the settings of a run as controls: one for each declaration, and what a drag sends
//   panels/   one module for each kind of panel; kinds.js is the list
//   player/   a figure of the player
//   slow/     one step in slow motion: its moments, the networks, what happens to examples
//   take/     what is taken away: a film of a panel over the time line, the whole page as one picture
//   maths/    pure functions: transforms, curves, codes, colours, text; they know no page and are tested alone
//   page/     elements, theme, Plotly, canvases, what a tab remembers
//   types.d.ts  every type that more than one module speaks of; `tsc` checks the JSDoc of all modules against it
//
// Modules import downward only: live → lab → bar, controls, panels → wire → page → maths.

/** @import { Mount } from "./types.js" */

const LOOK = 100; // ms between two looks whether a place is still there

/** @type {WeakMap<Element, object>} The newest call for each place. */
const newest = new WeakMap();

/**
 * Streamlit calls this at every rerun, and what it returns when the component goes or when the next rerun came first.
 * @param {Mount<{module: string, stage: string}>} component
 */
export default async function mount(component) {
  const { data, parentElement } = component;
  const base = baseOfPage();
  newest.set(parentElement, component);
  const { default: show } = await load(`${base}/live/stage/${data.stage}/${data.module}.js`);
  const isNewest = () => newest.get(parentElement) === component;
  // Meanwhile the component may have gone.
  if (!isNewest() || !parentElement.isConnected) return;
  const close = show({ ...component, data: { ...data, base } });
  const leave = () => {
    if (!isNewest()) return;
    // A place that is still there was left for the next rerun, which may be on its way: what stands there, and a hand
    // on it, is not to begin anew.
    if (parentElement.isConnected) setTimeout(leave, LOOK);
    else close();
  };
  return leave;
}

/** @param {string} address */
async function load(address) {
  try {
    return await import(new URL(address, location.origin).href);
  } catch (reason) {
    console.error("genlab:", reason);
    throw new Error("This page is older than the server, or the server is gone: reload the page.");
  }
}

/** Where the lab's addresses begin: Streamlit's own scripts lie beside ours, whatever a proxy does with the path. */
function baseOfPage() {
  const script = /** @type {HTMLScriptElement | null} */ (document.querySelector('script[src*="static/js/"]'));
  return script ? new URL(script.src).pathname.split("/static/js/")[0] : "";
}
