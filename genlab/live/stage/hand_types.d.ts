/** The part of types.d.ts that is about the hand on a run: answers to commands, and what controls are drawn from. */

/**
 * What became of a command of this client: `number` is its own, `command` the lab's, which frames carry from then on. It
 * acted at `step` (null while it waits for its worker); `error` says why it was refused, `note` what it did; it made `run`.
 */
export interface CommandAnswer {
  kind: "answer";
  number: number;
  command: number;
  step: number | null;
  error: string;
  note: string;
  run: string;
}

// ---- settings (genlab/config, as genlab/live/controls.py sends them) ----

export interface Declaration {
  name: string;
  label: string;
  symbol: string;
  unit: string;
  help: string;
  group: string;
  kind: "number" | "integer" | "choice" | "switch";
  default: any;
  live: boolean | null; // null: of a page without a run
  low: number | null;
  high: number | null;
  scale: "linear" | "log";
  choices: [string, string][] | null;
  further_help: string;
  can_be_off: boolean;
  /** The setting has an effect while each of these others has one of these values. */
  when: Record<string, any[]>;
}

/** The controls: those of `show` stand in front, the others in a drawer. */
export interface ControlsSpec {
  declarations: Declaration[];
  show: string[];
}
