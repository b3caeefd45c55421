// The bar of a lesson: where one is, what is to be done and whether it was, and the way on. It looks at what the page
// shows, and tells Streamlit what only a new page can answer: another station, a task that was done.

/** @import { LessonData, Mount, PageSeen } from "./types.js" */
import { action, change, element, scrollerOf, targetOf, watchPlace } from "./page/dom.js";
import { Watch } from "./maths/signs.js";
import { TYPED, join, look, presents } from "./page/presenting.js";
import { settingsOfPage } from "./page/settings.js";

const LOOK = 250; // ms between two looks at the newest frame
const RESTS = 8; // looks at a page at rest that has not changed after which what was asked for is asked once more
const TIMES = 3; // that it is asked at most

/** @type {WeakMap<Element, Bar>} */
const bars = new WeakMap();
/** The station that this page is at, the run that it showed last, and the one that it showed at the station before. */
const last = { station: "", run: "", left: "" };

/** @param {Mount<LessonData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const bar = bars.get(parentElement) ?? new Bar(parentElement);
  bars.set(parentElement, bar);
  bar.tell = setTriggerValue;
  bar.render(data);
  return () => {
    bar.close();
    bars.delete(parentElement);
  };
}

class Bar {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {LessonData} set before anything reads it */
    this.data = /** @type {any} */ (null);
    /** @type {(name: string, value: unknown) => void} */
    this.tell = () => {};
    /** @type {["station" | "more", number] | null} another station, or more of this one, that was asked for */
    this.asked = null;
    this.heard = false; // whether the page knows that this station's task was done
    [this.rests, this.times] = [0, 0]; // looks since then at a page that stood still; how often it was asked
    /** @type {Watch | null} for the sign of this station's task */
    this.watch = null;
    this.back = action("‹", () => this.go(-1));
    this.back.setAttribute("aria-label", "Previous station");
    this.on = action("›", () => this.go(1));
    this.on.setAttribute("aria-label", "Next station");
    this.place = element("span", { class: "place" });
    this.title = element("strong", { class: "title" });
    this.task = element("span", { class: "task", role: "status" });
    this.end = action("End lesson", () => this.tell("ended", true));
    this.root = element("nav", { class: "genlab-lesson", "aria-label": "Lesson" },
      this.back, this.place, this.on, this.title, this.task, this.end);
    parent.append(this.root);
    this.stop = new AbortController();
    join(this, this.stop.signal);
    // What stands around the bar: the station's words, and what it asks.
    this.words = /** @type {HTMLElement} */ (parent.closest(".st-key-lesson") ?? this.root);
    this.sizes = watchPlace(this.words, () => this.measure());
    window.addEventListener("resize", () => this.measure(), { signal: this.stop.signal });
    document.addEventListener("keydown", event => this.key(event), { signal: this.stop.signal, capture: true });
    this.looking = setInterval(() => {
      this.look();
      this.askAgain();
    }, LOOK);
  }

  /** @param {LessonData} data */
  render(data) {
    const sign = JSON.stringify(data.sign);
    const station = `${data.lesson} ${data.at}`;
    if (station !== last.station) Object.assign(last, { station, left: last.run === data.run ? "" : last.run });
    if (this.data?.at !== data.at || JSON.stringify(this.data.sign) !== sign) this.watch = data.sign && new Watch(data.sign, last.left);
    // What is drawn for another reason is no answer.
    if (data.at !== this.data?.at || data.more !== this.data.more) this.ask(null);
    [this.data, this.heard] = [data, data.done];
    change(this.place, `${data.at + 1} / ${data.count}`);
    this.place.title = data.lesson;
    change(this.title, data.title);
    this.back.disabled = data.at === 0;
    this.on.disabled = data.at + 1 === data.count;
    this.look();
    look();
    this.show(presents());
  }

  /** A presented page is its station's words and its pictures, in letters for the last row. @param {boolean} on */
  show(on) {
    const page = document.documentElement;
    if (on) page.dataset.presents = "lesson";
    else delete page.dataset.presents;
    this.measure();
  }

  /** Where the words end, the pictures begin. */
  measure() {
    const ends = this.words.getBoundingClientRect().bottom + scrollerOf(this.words).scrollTop;
    document.documentElement.style.setProperty("--lesson", `${Math.ceil(ends)}px`);
  }

  /** A clicker sends these keys; wherever the focus is, but for a field that somebody writes in. @param {KeyboardEvent} event */
  key(event) {
    if (presents() && event.key.toLowerCase() === "c") return this.settings(event);
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey || targetOf(event).matches?.("textarea")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.repeat || this.asked) return;
    if (by < 0 || !presents()) return this.go(by);
    // Who presents asks before going on, and says what is right; a class is asked, and answered, by its strip.
    if (!document.dispatchEvent(new Event("genlab-on", { cancelable: true }))) return;
    if (!this.data.more) return this.go(by);
    this.ask(["more", this.data.at]);
  }

  /** A presented page has its settings beside its pictures for as long as somebody wants to move them. @param {KeyboardEvent} event */
  settings(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || targetOf(event).closest?.(TYPED)) return;
    // The shell passes letters on from a slider, as another key.
    event.stopImmediatePropagation();
    document.documentElement.toggleAttribute("data-settings");
  }

  /** @param {number} by */
  go(by) {
    const to = this.data.at + by;
    if (this.asked || to < 0 || to >= this.data.count) return;
    this.ask(["station", to]);
  }

  /** Who presses again before the page has changed is impatient: that would pass over what comes. @param {["station" | "more", number] | null} asked */
  ask(asked) {
    this.times = asked && asked === this.asked ? this.times + 1 : 1;
    [this.asked, this.rests] = [asked, 0];
    this.root.setAttribute("aria-busy", String(Boolean(asked)));
    if (!asked) return;
    // Of two requests that wait Streamlit keeps the later one: what was told and not heard yet goes along with it.
    if (this.data.done && !this.heard) this.tell("done", this.data.at);
    this.tell(...asked);
  }

  /** A request is lost with its connection: the page has come to rest and is what it was. */
  askAgain() {
    if (!this.asked) return;
    const app = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=stApp]"));
    this.rests = app?.dataset.testScriptState === "notRunning" ? this.rests + 1 : 0;
    if (this.rests >= RESTS) this.ask(this.times < TIMES ? this.asked : null);
  }

  look() {
    const { doing, sign, done, led, page } = this.data;
    const seen = pageSeen(page);
    if (seen.header?.run) last.run = seen.header.run;
    const now = Boolean(done || this.watch?.sees(seen));
    this.root.dataset.done = String(now);
    change(this.task, doing && `${now ? "✓ done: " : led ? "Watch: " : sign ? "To do: " : "Try: "}${doing}`);
    // Nor may it take the place of what was asked for and waits.
    if (now && !done && !this.asked) {
      this.data = { ...this.data, done: true };
      this.tell("done", this.data.at);
    }
  }

  close() {
    this.stop.abort();
    clearInterval(this.looking);
    this.sizes.disconnect();
    delete document.documentElement.dataset.presents;
    document.documentElement.style.removeProperty("--lesson");
    this.root.remove();
  }
}

/** What is seen of the page of a station; what is left of another one while it is drawn does not count. @param {string} page @returns {PageSeen} */
function pageSeen(page) {
  const newest = /** @type {any} mount of the live component */ (window.genlab);
  const run = newest?.data?.model === page ? newest : null;
  const player = /** @type {any} of the player */ (window.genlabPlayer);
  /** @type {any[]} */
  const panels = [...(run?.panels?.values() ?? [])]; // an element of the page may go by that name
  return {
    header: run?.header ?? null,
    changes: run?.changes ?? [],
    pinned: Math.max(0, ...panels.map(panel => panel.course?.pinned?.length ?? 0)),
    settings: settingsOfPage(),
    ended: player?.data?.last && !player.closed ? player.at >= player.data.last : null,
  };
}
