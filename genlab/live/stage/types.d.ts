/**
 * Every type that more than one module speaks of, declared once; the modules' JSDoc refers to them and `tsc` checks
 * them. What Python hands over is described where it is made: genlab/figures/panels.py and motion.py, and the header of
 * a packet in genlab/runtime/.
 */

import type { CommandAnswer, ControlsSpec } from "./hand_types.js";
import type { SlowHeader } from "./learning.js";
export type * from "./hand_types.js";
export type * from "./learning.js";
export type * from "./class_types.js";

// ---- what Streamlit hands to a component ----

export interface Mount<Data> {
  data: Data;
  parentElement: HTMLElement;
  setTriggerValue: (name: string, value: unknown) => void;
}

// ---- packets (wire/packets.js) ----

export type Numbers = Float32Array | Float64Array | Uint8Array | Int32Array;

/** Numbers in rows: `shape` counts rows, columns, …; an array that was made here may be of any sort. */
export interface NumberArray {
  values: Numbers;
  shape: number[];
}

export type Arrays = Record<string, NumberArray>;

export type Status = "starting" | "paused" | "running" | "idle" | "diverged" | "stopped" | "failed";

export type Settings = Record<string, any>;

/** Of each setting its symbol (or label) and its defaults: that of points, and where it is another that of images. */
export type SettingNames = Record<string, [string, ...any[]]>;

export interface Diagnosis {
  name: string;
  saw: string;
  why: string;
  attempts: { label: string; settings: Settings }[];
  page: string;
}

/** Settings that were changed at a step: each with what it was before and what it is from then on. */
export interface Change {
  step: number;
  settings: Record<string, [unknown, unknown]>;
  note?: string;
}

/**
 * The device that a run trains on, and why that one; `choices` are those of its machine by name, `problem` says of one
 * why it is not used, or is "".
 */
export interface RunPlace {
  asked: string;
  device: string;
  label: string;
  why: string;
  choices: Record<string, string>;
  problem: string;
}

/** The header of a frame; an event has some of it. `seconds` are those of the run's own training. */
export interface FrameHeader {
  kind: "frame" | "event";
  run: string;
  model: "vae" | "gan";
  /** Grows by one with each frame of a run. */
  sequence: number;
  /** The lab's number of the newest command that has acted on the run. */
  command: number;
  status: Status;
  message: string;
  step: number;
  seconds: number;
  steps_per_second: number;
  place: RunPlace | null;
  /** The settings of the step that is shown. */
  config: Settings;
  /** Those of now, where another step is looked at. */
  present: Settings | null;
  diverged: { step: number; quantity: string } | null;
  /** The newest value of each history; null where it is not finite. */
  last: Record<string, number | null>;
  reference: Record<string, number>;
  info: Record<string, number>;
  diagnosis: Diagnosis | null;
  /** Steps of the snapshots to which one can look back. */
  timeline: number[];
  /** The step that is looked at instead of the present one. */
  looking: number | null;
}

/** The header of a packet of its own: all changes of a run's live settings, sent at first and whenever they are others. */
export interface ChangesHeader {
  kind: "changes";
  run: string;
  changes: Change[];
}

/** The header of what one visitor asked for: `id` is that of the request. */
export interface AnswerHeader {
  kind: "decoded" | "encoded" | "examined";
  run: string;
  id: number;
  /** Of an encoded x: nothing more will come for this model. */
  settled?: boolean;
  /** Of an examined map. */
  cell?: number;
}

/** Why there is no answer to what one visitor asked. */
export interface Unanswered { kind: "unanswered"; run: string; asked: string; id: number; error: string }

export type Header = Unanswered | FrameHeader | ChangesHeader | AnswerHeader | SlowHeader | CommandAnswer | { kind: "ping" };

export interface Packet<H = Header> {
  header: H;
  arrays: Arrays;
}

// ---- the page's view ----

export type Colour = string;

export interface Theme {
  name: "light" | "dark";
  background: Colour;
  text: Colour;
  muted: Colour;
  grid: Colour;
  line: Colour;
  paper: Colour;
  ink: Colour;
  font: string;
  /** The palette of genlab/figures/palette.py: real, generated, kl, elbo, … */
  [name: string]: Colour;
}

export interface Surroundings {
  /** Where the lab's own addresses begin. */
  base: string;
  /** The version of plotly.js. */
  plotly: string;
  palette: Record<"light" | "dark", Record<string, Colour>>;
}

export type Size = "narrow" | "wide";

export interface LayerSpec {
  id: string;
  label: string;
  traces: number[];
  colour: Colour;
  mark: string;
  streams: string[];
  on: boolean;
  /** Of a field: its symbol and its colour scale, which stand with the values of their ends on the switch. */
  ramp?: { symbol: string; colours: [number, Colour][] };
}

/** Which transform fills which trace (without `trace` the layout) from which arrays, by their roles, while a `layer` is on. */
export interface Bind {
  use: string;
  trace?: number;
  arrays?: Record<string, string>;
  layer?: string;
  [argument: string]: any;
}

export interface Series {
  name: string;
  label: string;
  colour: Colour;
  dash: string;
  product?: [string, string];
  difference?: [string, string];
  /** Whether it is drawn against the axis at the right. */
  right?: boolean;
  scale?: number;
  /** Of what is measured now and then: the curve that tells at which step. */
  stamp?: string;
}

export interface Level {
  label: string;
  value: number | null;
  reference: string;
  below: boolean;
}

export interface Measure {
  name: string;
  label: string;
  low: number | null;
  high: number | null;
  log: boolean;
  whole: boolean;
  stamp: string | null;
  good: "low" | "high" | "";
}

/** A plane of codes: `dims` numbers in a code, `reach` of their sliders, `extent` of the data's plane. */
export interface ExploreSpec {
  dims: number;
  symbol: string;
  reach: number;
  images: boolean;
  principal: boolean;
  spherical: boolean;
  extent: number;
  positions: string;
  target: string;
}

export interface PanelSpec {
  id: string;
  kind: string;
  title: string;
  area: Record<Size, string>;
  streams: string[];
  caption?: string;
  figure: { data: any[]; layout: any };
  bind: Bind[];
  layers?: LayerSpec[];
  counted?: number;
  explore: ExploreSpec;
  series: Series[];
  levels?: Level[];
  /** Titles of the vertical and the horizontal axis of curves; the two axes of a map. */
  x?: any;
  y: any;
  /** Title of the axis at the right. */
  right?: string;
  log?: boolean;
  /** Whether the curves begin anew, and are scaled anew, when another objective does. */
  segmented?: boolean;
  /** Whether the axis shows the middle 90 % of the values. */
  middle?: boolean;
  groups: { array: string; label: string }[];
  columns?: number;
  axes?: { array: string; x: string; y: string };
  measure: Measure;
  cell: number | null;
  exact?: boolean;
  images: boolean;
  data: string;
  latents: number;
  extent: number;
  plane: string;
  overlays: string[];
}

export interface CompanionSpec {
  run: string;
  token: string;
  label: string;
  dismissable: boolean;
}

/** What genlab/live/component.py sends at every rerun. */
export interface LabData extends Surroundings {
  run: string;
  token: string;
  config: Settings | null;
  /** What the address says beside the settings that have controls; null where another mount writes it. */
  address: Record<string, string> | null;
  /** The settings that the page is drawn for: each by its value, or by whether it is on. */
  drawn: [string, "value" | "on"][];
  controls: ControlsSpec | null;
  transport: { until: number | null; map: boolean; keep: boolean } | null;
  /** Why this visitor may only watch; "" where they may steer. */
  watching: string;
  timeline: boolean;
  companion: CompanionSpec | null;
  /** What the picture shows, in a sentence. */
  claim: string;
  model: string;
  panels: PanelSpec[];
  grid: Record<Size, string>;
  formula: string;
  names: SettingNames;
  bar: "all" | "run" | "status" | "curves";
  group: string;
}

/** Columns of a history by name; null stands for what is not finite where JSON has been between. */
export type Columns = Record<string, ArrayLike<number> | (number | null)[]>;

/** What all curves of a page share. */
export interface CurveChoices {
  smoothing: number;
  x: "step" | "seconds";
}

/** The x that a visitor looks at: a held-out row, a point, or grey bytes in base64. */
export type X = { held_out: number } | number[] | string;

/** px of a picture that is taken away, of its letters and of the smaller ones. */
export interface PictureSize {
  width: number;
  height: number;
  letter: number;
  small: number;
}

/** What stands on it. */
export interface PictureWords {
  title: string;
  lines: string[];
  background: Colour;
}

export type Code = number[];
export type Place = [number, number];

// ---- Plotly ----

export interface PlotlyDiv extends HTMLDivElement {
  data?: any[];
  layout?: any;
  _fullLayout?: any;
  _fullData?: any;
  on(name: string, act: (event: any) => void): void;
}

// ---- the player (genlab/figures/motion.py) ----

/** What a trace of a picture does from step to step; see maths/moves.js. */
export interface Move {
  use: "trail" | "head" | "mixture" | "frames" | "between";
  trace: number;
  from: { x: number[]; y: number[] };
  means: number[][];
  stds: number[][];
  weights: number[][];
  rows: Record<string, any[][]>;
}

export interface Picture {
  id: string;
  title: string;
  area: string;
  figure: { data: any[]; layout: any };
  moves: Move[];
  points: boolean;
}

export interface Entry {
  label: string;
  colour: Colour;
  dash: string;
  mark: string;
  symbol: string;
  values: number[];
}

export interface Motion extends Surroundings {
  pictures: Picture[];
  grid: string;
  last: number;
  unit: string;
  below: string;
  legend: Entry[];
  verb: string;
  opens: "first" | "last";
  /** Of fewer rows, for a low window; "" for none. */
  low: string;
  /** Of a page that is presented; "" for none. */
  presented: string;
}

// ---- the sketch (genlab/live/sketch.py) ----

export interface SketchData {
  /** One byte for each of 96×96 cells, in base64. */
  cells: string;
  label: string;
  colour: string;
  palette: Surroundings["palette"];
}

declare global {
  interface Window {
    Plotly: any;
    genlabPlotly?: Promise<unknown>;
    /** The newest mount of the live component and of the player, for a person at the console and for tests. */
    genlab?: unknown;
    genlabPlayer?: unknown;
  }
}
