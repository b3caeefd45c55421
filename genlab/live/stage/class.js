// The strip of a class on every page: it leads everybody to where this tab is, or follows who leads, shows how many are
// here, and asks. It lives as long as the page, whatever Streamlit mounts anew.

/** @import { ClassData, ClassSeen, LedMemory, LedPlace, LedTo, Mount } from "./types.js" */
import { Asking } from "./bar/asking.js";
import { pageOf, placeOf, samePlace } from "./maths/place.js";
import { action, change, element, menu, press, toggle } from "./page/dom.js";
import { bring, inFront, lookAt } from "./page/mounted.js";
import { recall, remember } from "./page/memory.js";
import { answer, call, follow, lead, move, reveal } from "./wire/class_messages.js";
import { Seat } from "./wire/seat.js";

const LOOK = 250; // ms between two looks at where this tab is
const GONE = 2000; // ms without a mount after which the page has no class any more
const AGAIN = 3000; // ms after which a page that has not moved is asked once more: Streamlit may have had no connection
const TRIES = 10;

/** @type {Strip | undefined} */
let strip;

/** @param {Mount<ClassData>} component */
export default function mount({ data, parentElement, setTriggerValue }) {
  const shown = (strip ??= new Strip());
  shown.tell = setTriggerValue;
  shown.open(parentElement, data);
  return () => shown.left(parentElement);
}

class Strip {
  constructor() {
    /** @type {(name: string, value: unknown) => void} */
    this.tell = () => {};
    this.base = "";
    /** @type {ClassSeen | null} */
    this.seen = null;
    /** @type {LedMemory} */
    this.memory = recall("class", { led: null, own: null, at: null, away: null });
    this.tab = recall("class-tab", "") || crypto.getRandomValues(new Uint32Array(2)).join("-").padStart(8, "0");
    remember("class-tab", this.tab);
    this.sent = ""; // where the server knows this tab to be, which leads
    this.seenLast = ""; // at the look before
    this.went = ""; // where this tab was led to last: from there a person may go on alone until the next move
    /** @type {{to: LedTo, from: string, at: number, tries: number} | null} where this tab was asked to go and is not yet */
    this.going = null;
    this.shown = ""; // the panels that were brought to the front there
    /** @type {boolean | null} what the server knows of whether this tab follows */
    this.told = null;
    this.seat = new Seat(packet => this.receive(packet.header), () => this.connected());

    this.here = element("span", { class: "here" });
    this.name = element("input", { type: "text", maxlength: 24, "aria-label": "Your name on the lecturer's wall" });
    this.name.onchange = () => this.seat.send(call(this.name.value));
    this.called = menu("Your name on the lecturer's wall", [element("label", {}, "Your name on the lecturer's wall ", this.name)], "");
    this.links = element("span", { class: "links" });
    this.leads = toggle("Everybody looks here", "Students' pages show what this one shows, and follow it", on =>
      this.seat.send(lead(on ? this.tab : "")));
    this.words = element("span", { class: "words", role: "status" });
    this.back = action("Back to mine", () => this.leave());
    this.again = action("Follow the lecturer", () => this.keep({ away: null }));
    this.asking = new Asking(choice => this.seat.send(answer(choice)), () => this.seat.send(reveal()));
    const line = element("div", { class: "line" },
      this.here, this.leads, this.called, this.words, this.back, this.again, this.links);
    this.root = element("section", { class: "genlab-class", "aria-label": "Class", hidden: "" }, line, this.asking.node);
    document.addEventListener("genlab-made", () => this.made());
    setInterval(() => this.look(), LOOK);
  }

  /** @param {Element} parent @param {ClassData} data */
  open(parent, data) {
    clearTimeout(this.closing);
    this.base = data.base;
    if (this.root.parentElement !== parent) parent.append(this.root);
    this.seat.open(data.base, data.seat);
  }

  /** @param {Element} parent */
  left(parent) {
    if (this.root.parentElement !== parent) return;
    this.root.remove();
    this.closing = setTimeout(() => this.seat.close(), GONE);
  }

  connected() {
    this.sent = this.went = "";
    this.told = null;
  }

  /** @param {ClassSeen} seen */
  receive(seen) {
    if (seen.kind !== "class") return;
    this.seen = seen;
    this.render();
    this.look();
  }

  where() {
    return { page: pageOf(location.pathname, this.base), query: location.search.slice(1) };
  }

  // ---- where this tab is ----

  look() {
    this.seat.check();
    if (!this.seen || !this.root.isConnected) return;
    this.goOn();
    const { open, leading, lecturer } = this.seen;
    if (this.isLeading()) this.lead();
    const follows = Boolean(open && leading && !lecturer && this.memory.away !== leading.id);
    if (follows !== this.told && this.seat.send(follow(follows))) this.told = follows;
    if (follows && leading) this.follow(leading.id, leading.place);
    else if (this.memory.led) this.goHome(this.memory.at !== null && samePlace(this.where(), this.memory.at));
  }

  isLeading() {
    const { open, lecturer, leading } = this.seen ?? {};
    return Boolean(open && lecturer && leading && leading.tab === this.tab);
  }

  /** Tells where this tab is, if that is a place to which others can come. */
  lead() {
    const place = placeOf(this.where());
    const look = /** @type {any} */ (window.genlab)?.header?.looking ?? null;
    const message = place && move(this.tab, { ...place, panels: inFront(), look });
    const sent = JSON.stringify(message);
    // On its way to another page an address is for a moment neither the old nor the new one.
    if (message && sent === this.seenLast && sent !== this.sent && this.seat.send(message)) this.sent = sent;
    this.seenLast = sent;
  }

  /** @param {string} id @param {LedPlace | null} place */
  follow(id, place) {
    if (this.memory.led !== id) this.keep({ led: id, own: this.memory.led ? this.memory.own : this.where() });
    if (!place) return;
    const name = `${place.page}?${place.query}`;
    const { page, query } = place;
    if (samePlace(this.where(), place)) {
      this.went = name;
      const panels = JSON.stringify([name, place.panels, place.look]);
      // Stages are drawn after the page has come.
      if (panels === this.shown || (place.panels.length && !inFront().length)) return;
      this.shown = panels;
      bring(place.panels);
      lookAt(place.look);
    } else if (this.went !== name) {
      this.went = name;
      this.keep({ at: { page, query } });
      this.go({ page, query, led: true });
    }
  }

  /** @param {LedTo} to */
  go(to) {
    this.going = { to, from: location.href, at: performance.now(), tries: 0 };
    this.tell("go", to);
  }

  /** What was told while the server was away is lost. */
  goOn() {
    if (!this.going) return;
    const { to, from, at, tries } = this.going;
    if (location.href !== from || samePlace(this.where(), to) || tries === TRIES) this.going = null;
    else if (performance.now() - at > AGAIN) {
      this.going = { to, from, at: performance.now(), tries: tries + 1 };
      this.tell("go", to);
    }
  }

  /** A person goes back to their own, while the others are led on. */
  leave() {
    this.keep({ away: this.seen?.leading?.id ?? null });
    this.goHome(true);
  }

  /** Whoever makes a run of their own from the one that everybody looks at stays with it. */
  made() {
    if (this.memory.led) this.keep({ led: null, own: null, at: null, away: this.memory.led });
    this.render();
  }

  /** @param {boolean} moves whether this tab is still where it was led to */
  goHome(moves) {
    const { own } = this.memory;
    this.keep({ led: null, own: null, at: null });
    this.went = this.shown = "";
    if (moves && own) this.go({ ...own, led: false });
    this.render();
  }

  /** @param {Partial<LedMemory>} change */
  keep(change) {
    this.memory = { ...this.memory, ...change };
    remember("class", this.memory);
  }

  // ---- what is seen ----

  render() {
    const { seen, memory } = this;
    this.root.hidden = !seen?.open;
    if (!seen?.open) return;
    const { lecturer, leading, following } = seen;
    const leads = this.isLeading();
    change(this.here, lecturer ? `You lead a class of ${seen.here}` : `A class of ${seen.here}`);
    this.leads.hidden = !lecturer;
    press(this.leads, leads);
    this.called.hidden = lecturer;
    change(/** @type {Element} */ (this.called.firstElementChild), seen.name);
    this.name.placeholder = seen.animal;
    if (document.activeElement !== this.name) this.name.value = seen.chosen;
    const away = !lecturer && leading !== null && memory.away === leading.id;
    const led = !lecturer && leading !== null && !away;
    const followed = `${following} follow${following === 1 ? "s" : ""}`;
    const other = lecturer && leading ? `another page of yours leads, ${followed}` : "";
    const watched = seen.watched ? "the lecturer watches your run" : "";
    change(this.words, leads ? followed : other || (led ? "you look at what the lecturer shows" : watched));
    this.back.hidden = !led;
    this.again.hidden = !away;
    const links = JSON.stringify(seen.links);
    if (links !== this.links.dataset.made) {
      this.links.dataset.made = links;
      this.links.replaceChildren(...seen.links.map(link => action(link.label, () => this.visit(link))));
    }
    this.asking.show(seen.question, lecturer);
  }

  /** @param {{page: string, query: string}} link */
  visit({ page, query }) {
    if (this.memory.led) {
      this.keep({ own: { page, query } });
      this.leave();
    } else this.go({ page, query, led: false });
  }
}
