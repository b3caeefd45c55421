/** Types of what explains and of what one plays; `types.d.ts` has them too. */

import type { Change, FrameHeader, Settings, Surroundings } from "./types.js";

// ---- one step in slow motion (genlab/training/slow.py) ----

export interface Moment {
  name: string;
  network: string;
  fixed: string;
  turn: number;
  numbers: Record<string, number>;
  /** The names of what is drawn; moment i has the arrays "i.NAME" of the packet. */
  arrays: string[];
}

/** What is said of a moment; `back` where a gradient flows. */
export interface Told {
  who: string;
  title: string;
  formula: string;
  active: string[];
  fixed: string[];
  back: boolean;
}

/** The answer to "rehearse": the moments of the step after `step`; an example has so many `numbers`. */
export interface SlowHeader {
  kind: "rehearsed";
  run: string;
  id: number;
  step: number;
  /** Why there is nothing to show, in one line; "" where there is. */
  error: string;
  config: Settings;
  extent: number;
  numbers: number;
  moments: Moment[];
}

// ---- a part to play (genlab/live/part.py) ----

/** Mean, standard deviation and weight of one Gaussian of a mixture. */
export type Part = [number, number, number];

export interface PartData {
  p: Part[];
  q: Part[];
  palette: Surroundings["palette"];
}

// ---- the pencil (genlab/live/pencil.py) ----

export interface PencilData {
  curve: string;
  label: string;
  colour: string;
  ends: [string, string];
  palette: Surroundings["palette"];
}

// ---- the bar of a lesson (genlab/live/lesson.py) ----

/** How a task is seen to be done; exactly one of setting, figure, step, diagnosis, pinned and played (genlab/lessons/). */
export interface Sign {
  setting?: string;
  figure?: string;
  least?: number;
  most?: number;
  is?: string;
  step?: number;
  diagnosis?: string;
  /** How many places of the latent plane are. */
  pinned?: number;
  played?: boolean;
  /** The step of the run from which on it counts. */
  after?: number;
  /** The name that the run has while it counts. */
  named?: string;
  /** The settings of the set-up without its seed: it counts once the run has trained with others. */
  changed?: Settings;
}

/** What of a page a sign may be seen in. */
export interface PageSeen {
  /** Of the run on the page. */
  header: FrameHeader | null;
  /** Of its live settings. */
  changes: Change[];
  /** How many places of the latent plane are. */
  pinned: number;
  /** What the controls of a page without a run have. */
  settings: Settings;
  /** What plays there is at its end; null where nothing does. */
  ended: boolean | null;
}

export interface LessonData {
  lesson: string;
  /** Of the station. */
  page: string;
  title: string;
  at: number;
  count: number;
  doing: string;
  sign: Sign | null;
  /** The station's own; "" for none. */
  run: string;
  done: boolean;
  /** How much who presents has still to ask and to answer before the next station. */
  more: number;
  /** Who leads does it, and others watch. */
  led: boolean;
}
