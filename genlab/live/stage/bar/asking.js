// A question that everybody in a class is asked: its choices, one's own, and what all have answered once that is shown.

/** @import { Asked } from "../types.js" */
import { action, change, element, press } from "../page/dom.js";

export class Asking {
  /** @param {(choice: number) => unknown} answer @param {() => unknown} reveal */
  constructor(answer, reveal) {
    this.answer = answer;
    this.made = "";
    this.text = element("strong", { class: "text" });
    this.choices = element("div", { class: "choices", role: "group" });
    this.count = element("span", { class: "count" });
    this.reveal = action("Reveal", reveal);
    this.because = element("p", { class: "because" });
    this.node = element("div", { class: "asking", hidden: "" }, this.text, this.choices, this.count, this.reveal, this.because);
  }

  /** Who leads shows what all have answered; whether there was anything to show. */
  goOn() {
    if (!this.node.isConnected || this.node.hidden || this.reveal.hidden || this.reveal.disabled) return false;
    this.reveal.click();
    return true;
  }

  /** @param {Asked | null} asked @param {boolean} leads @param {boolean} connected */
  show(asked, leads, connected) {
    this.node.hidden = !asked;
    if (!asked) return;
    const { text, choices, mine, answered, tally, right, because } = asked;
    change(this.text, text);
    this.choices.setAttribute("aria-label", text);
    const made = JSON.stringify([text, choices]);
    // The button that has the focus stays.
    if (made !== this.made) {
      this.made = made;
      this.choices.replaceChildren(...choices.map((_, number) => action("", () => this.answer(number))));
    }
    const most = Math.max(1, ...(tally ?? []));
    for (const [number, choice] of choices.entries()) {
      const button = /** @type {HTMLButtonElement} */ (this.choices.children[number]);
      const sign = right === null ? "" : number === right ? "✓ " : "✗ ";
      press(button, mine === number, `${sign}${choice}${tally ? ` · ${tally[number]}` : ""}`);
      button.disabled = leads || tally !== null || !connected;
      button.style.setProperty("--share", tally ? String(tally[number] / most) : "0");
    }
    change(this.count, `${answered} ${answered === 1 ? "has" : "have"} answered`);
    this.reveal.disabled = !connected;
    this.reveal.hidden = !leads || tally !== null;
    this.because.hidden = !because;
    change(this.because, because);
  }
}
