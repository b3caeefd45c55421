// What a page of a class may send, as genlab/runtime/class_messages.py declares and checks it: one function for each.

/** From now on everybody looks where this tab is; "" ends it. @param {string} tab */
export const lead = tab => ({ type: "lead", tab });

/** The tab that leads is there; once it is closed this one leads in its place. @param {string} tab */
export const goOn = tab => ({ type: "go_on", tab });

/** The tab that leads shows this now. @param {string} tab @param {{page: string, query: string, panels: string[], look: number | null}} place */
export const move = (tab, { page, query, panels, look }) => ({ type: "move", tab, page, query, panels, look });

/** Whether this page shows what everybody looks at. @param {boolean} follows */
export const follow = follows => ({ type: "follow", follows });

/** How the visitor wants to be called. @param {string} name */
export const call = name => ({ type: "call", name });

/** A choice of what is asked. @param {number} choice */
export const answer = choice => ({ type: "answer", choice });

/** Shows everybody what was answered. */
export const reveal = () => ({ type: "reveal" });

/** Sends every student's run, or sends them no more. @param {boolean} on */
export const wall = on => ({ type: "wall", on });

/** The answer to a ping. */
export const pong = () => ({ type: "pong" });

/** @typedef {ReturnType<typeof lead | typeof goOn | typeof move | typeof follow | typeof call | typeof answer | typeof reveal | typeof wall | typeof pong>} ClassMessage */
