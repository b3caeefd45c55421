// What was said of a command, how far a film is, and what there is to say of the run: notes that lie over a picture,
// cover none of the controls around it and none of the numbers along its axes, and move nothing.

/** @import { PlotlyDiv } from "../types.js" */
import { action, change, element } from "../page/dom.js";

const EDGE = 6; // px between a note and the edge of the picture
const ROOM = 120; // px of a picture that is scrolled past at least, for a note to stay on it
// ms for which it is said what was done, as long as it takes to read it: meanwhile the picture cannot be seen there. What
// still holds, and what was refused, stays.
const LOOK = 2000;
const LETTER = 60;
const MOST = 8000;

class Note {
  /** @param {string} name @param {string} role @param {() => void} place called before it is seen */
  constructor(name, role, place) {
    this.place = place;
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
    if (line) this.place();
    this.node.hidden = !line;
    if (passes) this.timer = setTimeout(() => (this.node.hidden = true), Math.min(MOST, LOOK + LETTER * line.length));
  }

  close() {
    clearTimeout(this.timer);
  }
}

export class Notes {
  /** @param {() => PlotlyDiv | null} picture that they lie over */
  constructor(picture) {
    this.picture = picture;
    const place = () => this.place();
    this.run = new Note("message", "status", place);
    this.film = new Note("going", "status", place);
    this.hand = new Note("said", "alert", place);
    this.node = element("div", { class: "notes" }, this.run.node, this.film.node, this.hand.node);
  }

  /** At the lower edge of what is drawn in the picture: the numbers of its axis are below it, and its switches. */
  place() {
    const picture = this.picture();
    const box = picture?.getBoundingClientRect();
    if (!picture || !box?.height) return;
    const axis = picture._fullLayout?.yaxis;
    const drawn = axis ? Math.min(box.bottom, box.top + axis._offset + axis._length) : box.bottom;
    // On a page that is scrolled the note stands in the window, wherever that is.
    const scrolls = getComputedStyle(this.node).position === "fixed";
    const whole = { left: 0, bottom: window.innerHeight };
    const around = scrolls ? whole : this.node.offsetParent?.getBoundingClientRect() ?? whole;
    const foot = scrolls && (box.bottom > whole.bottom || box.bottom < ROOM) ? whole.bottom : drawn;
    const style = this.node.style;
    style.setProperty("--note-left", `${Math.round(box.left + box.width / 2 - around.left)}px`);
    style.setProperty("--note-bottom", `${Math.round(around.bottom - foot + EDGE)}px`);
    style.setProperty("--note-width", `${Math.round(box.width - 2 * EDGE)}px`);
  }

  /** A picture was drawn anew, and may have another size. @param {PlotlyDiv} picture */
  follow(picture) {
    if (picture === this.picture() && this.all().some(note => !note.node.hidden)) this.place();
  }

  all() {
    return [this.run, this.film, this.hand];
  }

  close() {
    for (const note of this.all()) note.close();
  }
}
