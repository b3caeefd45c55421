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
