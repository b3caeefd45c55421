// What was said of a command, and what there is to say of the run: notes that lie over the pictures and move nothing.

import { action, change, element } from "../page/dom.js";

const STAYS = 8000; // ms for which it is said what was done; what still holds, and what was refused, stays

class Note {
  /** @param {string} name @param {string} role */
  constructor(name, role) {
    this.text = element("span");
    this.away = action("×", () => (this.node.hidden = true));
    this.away.title = "Take this note away";
    this.node = element("div", { class: `note-of ${name}`, hidden: "" }, element("p", { role, "aria-live": "polite" }, this.text), this.away);
  }

  /** What there is to say now, "" for nothing: it stays as long as it holds, or for a while; taken away, it stays away. @param {string} line @param {boolean} passes */
  say(line, passes) {
    if (this.text.textContent !== line) this.tell(line, passes);
  }

  /** The same as news. @param {string} line @param {boolean} passes */
  tell(line, passes) {
    clearTimeout(this.timer);
    change(this.text, line);
    this.node.hidden = !line;
    if (passes) this.timer = setTimeout(() => (this.node.hidden = true), STAYS);
  }

  close() {
    clearTimeout(this.timer);
  }
}

export class Notes {
  constructor() {
    this.run = new Note("message", "status");
    this.hand = new Note("said", "alert");
    this.node = element("div", { class: "notes" }, this.run.node, this.hand.node);
  }

  close() {
    for (const note of [this.run, this.hand]) note.close();
  }
}
