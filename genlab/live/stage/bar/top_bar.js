// One line above the pictures: how the run stands, and the controls that all curves share.

/** @import { Lab } from "../lab.js" */
import { duration, number, whole } from "../maths/text.js";
import { change, element, press, toggle } from "../page/dom.js";
import { Happening } from "./happening.js";
import { STATUS, messageOf } from "./status.js";

const NUMBERS = "Steps of this run, its steps in a second of the clock and where it trains, the seconds of its own training";
const PIN = "Keep the present curves as dashed lines to compare with";

export class TopBar {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.icon = element("span", { class: "icon", "aria-hidden": "true" });
    this.status = element("strong", { role: "status", "aria-live": "polite" });
    this.numbers = element("span", { class: "numbers" });
    this.smoothing = element("input", { type: "range", min: 0, max: 0.99, step: 0.01, "aria-label": "Smoothing of curves" });
    this.smoothed = element("output", { class: "smoothed" });
    this.smoothing.oninput = () => lab.changeCurves({ smoothing: Number(this.smoothing.value) });
    this.x = element("select", { "aria-label": "Horizontal axis of curves" });
    this.x.append(new Option("steps", "step"), new Option("seconds", "seconds"));
    this.x.onchange = () => lab.changeCurves({ x: this.x.value === "seconds" ? "seconds" : "step" });
    this.pin = toggle("Pin", PIN, on => lab.pin(on));
    this.freeze = toggle("Freeze", "Stop all motion on the screen; training goes on", on =>
      lab.group().forEach(one => one.freeze(on)));
    this.pin.classList.add("pin");
    this.freeze.classList.add("freeze");
    this.line = element("div", { class: "line" });
    const smoothing = element("label", { class: "smoothing" }, "Smooth ", this.smoothing, this.smoothed);
    const x = element("label", {}, "x ", this.x);
    this.happening = new Happening(lab);
    const status = element("div", { class: "status" }, this.icon, this.status, this.happening.node, this.numbers);
    this.line.append(status);
    /** What all curves share; the room says where it stands. */
    this.curves = element("div", { class: "controls" }, smoothing, x, this.pin, this.freeze);
    this.node = element("header", { class: "top" }, this.line);
  }

  update() {
    const { header, words, curves, pinned, frozen } = this.lab;
    const { icon, word } = header && !words ? STATUS[header.status] : { icon: "◌", word: words || "connecting …" };
    change(this.icon, icon);
    change(this.status, word);
    this.node.dataset.status = words ? "connecting" : header?.status ?? "connecting";
    this.smoothing.value = String(curves.smoothing);
    change(this.smoothed, curves.smoothing.toFixed(2));
    this.x.value = curves.x;
    press(this.pin, Boolean(pinned), pinned ? "Unpin" : "Pin");
    this.pin.title = pinned ? `The dashed lines are of step ${whole(pinned.step)}` : PIN;
    press(this.freeze, frozen, frozen ? "Unfreeze" : "Freeze");
    this.lab.notes.run.say(header ? messageOf(header) : "", header?.status === "paused");
    if (!header || frozen) return;
    // Before its first step a run does nothing that could have a name.
    this.happening.show(header.step ? header.diagnosis : null);
    const speed = `${number(header.steps_per_second ?? 0, 3)} steps/s`;
    const where = header.place?.label ? ` on ${header.place.label}` : "";
    const more = this.lab.data.bar === "all" && !words ? ` · ${speed}${where} · ${duration(header.seconds)}` : "";
    this.numbers.title = [NUMBERS, header.place?.why].filter(Boolean).join("; ");
    change(this.numbers, `step ${whole(header.step)}${more}`);
  }
}
