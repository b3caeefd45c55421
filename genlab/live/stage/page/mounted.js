// All stages that a page shows.

/** @import { Lab } from "../lab.js" */

/** @type {Set<Lab>} */
export const mounted = new Set();

/** The panels in front, of all stages. */
export const inFront = () =>
  [...new Set([...mounted].flatMap(lab => [...lab.room.areas.values()].flatMap(area => area.current?.id ?? [])))];

/** Brings panels to the front; it is nobody's choice, and is not remembered. @param {string[]} panels */
export function bring(panels) {
  for (const lab of mounted) {
    for (const area of lab.room.areas.values()) {
      const wanted = [...panels].reverse().find(id => area.panels.some(panel => panel.id === id));
      if (wanted && area.current?.id !== wanted) area.bring(wanted);
    }
  }
}

/** Looks at a step of the run on the page, or at its present. @param {number | null} step */
export function lookAt(step) {
  for (const lab of mounted) if (lab.data.timeline && lab.header && lab.timeline.looking() !== step) lab.timeline.look(step);
}
