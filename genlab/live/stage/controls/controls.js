// All settings of a run as controls, drawn from their declarations: some in front, the others in a drawer.

/** @import { CommandAnswer, ControlsSpec, Declaration, RunPlace, Settings } from "../types.js" */
/** @import { Order } from "../wire/messages.js" */
import { applies } from "../maths/scales.js";
import { change, element } from "../page/dom.js";
import { move } from "../wire/messages.js";
import { Choice, Control, Switch } from "./control.js";
import { Drag } from "./drag.js";
import { NumberControl } from "./number.js";

const DEVICE = "device"; // is no setting of the experiment: a run is moved there
const KINDS = { choice: Choice, switch: Switch, number: NumberControl, integer: NumberControl };

export class Controls {
  /**
   * @param {HTMLElement} parent
   * @param {(order: Order) => Promise<CommandAnswer>} send
   * @param {(line: string, refused: boolean) => void} say a line about what was refused, or what was done
   */
  constructor(parent, send, say) {
    this.say = say;
    this.order = send;
    this.drag = new Drag(send, say);
    this.watched = false;
    /** @type {Map<string, Control>} */
    this.controls = new Map();
    this.made = "";
    /** @type {ControlsSpec | null} */
    this.spec = null;
    /** @type {RunPlace | null} */
    this.at = null;
    this.watching = element("p", { class: "watching", hidden: "" });
    this.front = element("div", { class: "front" });
    this.groups = element("div", { class: "groups" });
    this.problem = element("p", { class: "problem", hidden: "" });
    this.drawer = element("details", { class: "more" }, element("summary", {}, "Show all controls"), this.groups);
    this.node = element("section", { class: "settings", "aria-label": "Settings" }, this.watching, this.front, this.problem, this.drawer);
    parent.append(this.node);
  }

  /** Draws the controls; those that are there already stay. @param {ControlsSpec | null} spec @param {string} watching why nothing can be changed, or "" */
  mount(spec, watching = "") {
    this.node.hidden = !spec;
    this.watching.hidden = !watching;
    change(this.watching, watching);
    this.spec = spec;
    this.watched = Boolean(watching);
    this.draw();
  }

  /** Where the run trains, among which devices there is a choice, and what is wrong with one; a run that only starts tells nothing yet. @param {RunPlace | null} place */
  trains(place) {
    if (!place) return;
    const before = JSON.stringify(this.at?.choices);
    this.at = place;
    this.problem.hidden = !place.problem;
    change(this.problem, place.problem);
    if (JSON.stringify(place.choices) !== before) this.draw();
  }

  draw() {
    const spec = this.spec && { ...this.spec, declarations: offered(this.spec.declarations, this.at) };
    const made = JSON.stringify(spec);
    if (spec && made !== this.made) this.make(spec);
    this.made = made;
    for (const control of this.controls.values()) control.disable(this.watched);
  }

  /** @param {ControlsSpec} spec */
  make({ declarations, show }) {
    const before = this.controls;
    this.controls = new Map(declarations.map(one => [one.name, keep(before.get(one.name), one) ?? this.control(one)]));
    const inFront = show.flatMap(name => this.controls.get(name) ?? []);
    const others = [...this.controls.values()].filter(control => !inFront.includes(control));
    /** @type {Map<string, Control[]>} */
    const groups = new Map();
    for (const control of others) groups.set(control.setting.group, [...(groups.get(control.setting.group) ?? []), control]);
    this.drawer.hidden = !others.length;
    this.front.replaceChildren(...inFront.map(control => control.node));
    this.groups.replaceChildren(...[...groups].map(([name, controls]) =>
      element("fieldset", {}, element("legend", isOne(name, controls) ? { hidden: "" } : {}, name), ...controls.map(control => control.node))));
  }

  /** @param {Declaration} setting */
  control(setting) {
    return new KINDS[setting.kind](setting, {
      drag: (name, value) => this.drag.move({ [name]: value }),
      set: (name, value) => (name === DEVICE ? this.order(move(value)) : this.set({ [name]: value })),
    });
  }

  /** Changes settings as a hand does. @param {Settings} settings @returns {Promise<CommandAnswer>} */
  async set(settings) {
    const answer = await this.drag.end(settings);
    this.say(answer.error || answer.note, Boolean(answer.error));
    return answer;
  }

  /** What the run has, and where it is to train (device), as a frame of this command tells. @param {Settings} settings @param {number} command */
  update(settings, command) {
    for (const [name, control] of this.controls) {
      control.node.hidden = !applies(control.setting, settings);
      if (name in settings) control.update(settings[name], command);
    }
    for (const group of this.groups.children) {
      /** @type {HTMLElement} */ (group).hidden = ![...group.querySelectorAll(".control")].some(node => !(/** @type {HTMLElement} */ (node).hidden));
    }
  }
}

/** What can be chosen: the device only where the run's machine has more than one. @param {Declaration[]} declarations @param {RunPlace | null} place */
const offered = (declarations, place) => {
  const devices = Object.entries(place?.choices ?? {});
  return declarations.flatMap(one => {
    if (one.name !== DEVICE) return [one];
    return devices.length > 1 ? [{ ...one, choices: [...one.choices ?? [], ...devices] }] : [];
  });
};

/** Whether the control itself says what its group would. @param {string} name @param {Control[]} controls */
const isOne = (name, controls) => controls.length === 1 && controls[0].setting.label === name;

/** A control that stands for the same declaration. @param {Control | undefined} control @param {Declaration} setting */
const keep = (control, setting) => (control && JSON.stringify(control.setting) === JSON.stringify(setting) ? control : undefined);
