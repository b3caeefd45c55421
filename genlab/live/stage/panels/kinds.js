// The kinds of panels, as genlab/figures/panels.py names them.

/** @import { Lab } from "../lab.js" */
/** @import { PanelSpec } from "../types.js" */
/** @import { Panel } from "./panel.js" */
import { Bound } from "./bound.js";
import { Curves } from "./curves.js";
import { Explorer } from "./explorer.js";
import { InstabilityMap } from "./instability_map.js";
import { Mosaic } from "./mosaic.js";
import { Plot } from "./plot.js";
import { Posterior } from "./posterior.js";

/** @type {Record<string, new (lab: Lab, spec: PanelSpec) => Panel>} */
export const KINDS = {
  plot: Plot, explorer: Explorer, curves: Curves, mosaic: Mosaic, posterior: Posterior, bound: Bound, map: InstabilityMap,
};
