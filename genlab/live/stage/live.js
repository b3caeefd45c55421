// The live component: pictures of one training run, fed by a WebSocket, so that training never needs a script rerun.

/** @import { LabData, Mount } from "./types.js" */
import { Lab } from "./lab.js";

/** @type {WeakMap<Element, Lab>} */
const labs = new WeakMap();

/**
 * The lab of a mount is kept by its parent element, so that a rerun changes what differs and leaves figures, zoom, tabs
 * and the socket alone.
 * @param {Mount<LabData>} component
 */
export default function mount({ data, parentElement, setTriggerValue }) {
  const lab = labs.get(parentElement) ?? new Lab(parentElement);
  labs.set(parentElement, lab);
  lab.tell = setTriggerValue;
  lab.render(data);
  return () => {
    lab.close();
    labs.delete(parentElement);
  };
}
