// The diagnosis: its name in the bar, and unfolded below it what was seen, why, what to try and where to read on.

/** @import { Diagnosis } from "../types.js" */
/** @import { Lab } from "../lab.js" */
import { calmOf } from "../maths/signs.js";
import { action, change, closesOnLeaving, element, scrollerOf } from "../page/dom.js";
import { apply } from "../wire/messages.js";

const MARGIN = 8; // between the card and the page's edge

export class Happening {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    this.icon = element("span", { class: "icon", "aria-hidden": "true" });
    this.name = element("span", { role: "status", "aria-live": "polite" });
    this.saw = element("p");
    this.why = element("p");
    this.attempts = element("div", { class: "attempts" });
    this.more = element("a", { target: "_blank", rel: "noopener" }, "Read more: why this happens ↗");
    const summary = element("summary", { title: "What is happening now?" }, this.icon, this.name);
    this.card = element("div", { class: "card" }, this.saw, this.why, this.attempts, this.more);
    this.node = element("details", { class: "happening", hidden: "" }, summary, this.card);
    this.summary = summary;
    this.made = "";
    closesOnLeaving(this.node);
    const sizes = new ResizeObserver(() => this.place());
    for (const node of [this.card, lab.root]) sizes.observe(node);
  }

  /** Below its name, and as far to the left of it as the window's edge asks for. */
  place() {
    if (!this.node.open) return;
    const left = this.node.getBoundingClientRect().left;
    const page = scrollerOf(this.node);
    const room = page.getBoundingClientRect().left + page.clientWidth - MARGIN - this.card.offsetWidth;
    this.card.style.left = `${Math.max(MARGIN, Math.min(left, room)) - left}px`;
  }

  /** @param {Diagnosis | null | undefined} diagnosis */
  show(diagnosis) {
    this.node.hidden = !diagnosis;
    if (!diagnosis) return;
    const { name, saw, why, page } = diagnosis;
    // Who watches may read what would help, and try it on a run of their own.
    const attempts = this.lab.data.watching ? [] : diagnosis.attempts;
    this.node.dataset.name = name;
    const calm = calmOf(name);
    this.node.dataset.calm = String(calm !== undefined);
    change(this.icon, calm ?? "⚠\uFE0E");
    change(this.name, name);
    change(this.saw, saw);
    change(this.why, why);
    this.place();
    this.more.hidden = !page;
    this.more.href = `${this.lab.data.base.replace(/\/$/, "")}/${page}`;
    // Made anew only when they differ: the button that has the keyboard's focus must not vanish.
    const made = JSON.stringify(attempts);
    if (this.made === made) return;
    this.made = made;
    const buttons = attempts.map(({ label, settings }) => action(label, () => this.lab.hand.order(apply(settings))));
    const focused = this.attempts.contains(document.activeElement);
    this.attempts.replaceChildren(...(buttons.length ? [element("span", {}, "Try"), ...buttons] : []));
    if (focused) this.summary.focus();
  }
}
