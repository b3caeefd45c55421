/** What a page of a class is told, see genlab/runtime/classroom.py. */

import type { Surroundings } from "./types.js";

export interface ClassData extends Surroundings {
  seat: string;
  /** Which of the places that this tab asked for the server brought it to last. */
  gone: number | null;
}

/** Where who leads is: the panels in front there, and the step that is looked at. */
export interface LedPlace {
  page: string;
  query: string;
  panels: string[];
  look: number | null;
}

export interface Where {
  page: string;
  query: string;
}

/** Where a tab asks to go, and how. */
export interface LedTo extends Where {
  id: number;
  how: "led" | "home" | "visit";
  /** Since when it is led, which tells one time from the next. */
  since: number;
  /** Whether it was where it was led to before: then it shows what is not its own. */
  was: boolean;
  /** The page from which it goes. */
  from: string;
}

export interface Leading {
  id: string;
  /** Of the browser that leads; "" for who does not lead. */
  tab: string;
  place: LedPlace | null;
  /** Whether oneself leads, in this tab or another one. */
  mine: boolean;
  /** Whether the page that leads is open. */
  there: boolean;
}

export interface Asked {
  text: string;
  choices: string[];
  /** One's own choice. */
  mine: number | null;
  answered: number;
  /** Once it is revealed: how often each choice was taken. */
  tally: number[] | null;
  right: number | null;
  because: string;
}

/** The header of a packet about the class; without one only `open` is there. */
export interface ClassSeen {
  kind: "class";
  open: boolean;
  lecturer: boolean;
  here: number;
  name: string;
  chosen: string;
  animal: string;
  following: number;
  /** Whether who leads watches a run of one's own. */
  watched: boolean;
  leading: Leading | null;
  links: { label: string; page: string; query: string }[];
  question: Asked | null;
}

/** What a tab keeps over a reload: by which lead it is led and since when, where it was before, where it was led to last. */
export interface LedMemory {
  led: string | null;
  since: number;
  own: Where | null;
  at: Where | null;
  /** Where it asked to go; null once the server has brought it there. */
  going: LedTo | null;
  /** The lead that it left. */
  away: string | null;
}

/** A student's run, as the wall's list has it. */
export interface WallRun {
  run: string;
  name: string;
  animal: string;
  page: string;
  trains: string;
  status: import("./types.js").Status;
  step: number;
  note: string;
}
