// The strip of a class on every page: it leads everybody to where this tab is, or follows who leads, shows how many are
// here, and asks. It lives as long as the page, whatever Streamlit mounts anew.

/** @import { ClassData, ClassSeen, LedMemory, LedPlace, LedTo, Mount, Where } from "./types.js" */
import { Asking } from "./bar/asking.js";
import { endOf, nameOf, pageOf, placeOf, samePlace, stillAt } from "./maths/place.js";
import { action, change, element, menu, press, toggle } from "./page/dom.js";
import { bring, inFront, lookAt } from "./page/mounted.js";
import { recall, remember } from "./page/memory.js";
import { answer, call, follow, goOn, lead, move, reveal } from "./wire/class_messages.js";
import { Seat } from "./wire/seat.js";

const LOOK = 250; // ms between two looks at where this tab is
const GONE = 2000; // ms without a mount after which the page has no class any more
const AGAIN = 3000; // ms after which who is still on the way asks once more, then twice as many each time
const TRIES = 5;
const TAKES = 6000; // ms for which the page that led has been closed when another one of the same person leads on: a reload is shorter

/** @type {LedMemory} */
const NOWHERE = { led: null, since: 0, own: null, at: null, going: null, away: null };

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
    this.memory = { ...NOWHERE, ...recall("class", {}) };
    // A page that is loaded again still goes where it was asked to; who opens an address means that one.
    const [loaded] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    if (loaded?.type !== "reload") this.keep({ going: null });
    this.tab = recall("class-tab", "") || crypto.getRandomValues(new Uint32Array(2)).join("-").padStart(8, "0");
    remember("class-tab", this.tab);
    this.sent = ""; // where the server knows this tab to be, which leads
    this.seenLast = ""; // at the look before
    this.went = ""; // where this tab was led to last: from there a person may go on alone until the next move
    this.asked = -Infinity; // when this tab asked to go on last
    this.tries = 0;
    this.closed = 0; // since when the page that led is closed, as performance.now() says; 0 while it is open
    this.shown = ""; // the panels that were brought to the front there
    /** @type {boolean | null} what the server knows of whether this tab follows */
    this.told = null;
    this.seat = new Seat(packet => this.receive(packet.header), there => this.connected(there));

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
    // A clicker shows the answers before it goes on to the next station.
    document.addEventListener("genlab-on", event => !this.leadsElsewhere() && this.asking.goOn() && event.preventDefault());
    setInterval(() => this.look(), LOOK);
  }

  /** @param {Element} parent @param {ClassData} data */
  open(parent, data) {
    clearTimeout(this.closing);
    this.base = data.base;
    this.came(data.gone);
    if (this.root.parentElement !== parent) parent.append(this.root);
    this.seat.open(data.base, data.seat);
  }

  /** @param {Element} parent */
  left(parent) {
    if (this.root.parentElement !== parent) return;
    this.root.remove();
    this.closing = setTimeout(() => this.seat.close(), GONE);
  }

  /** @param {boolean} there */
  connected(there) {
    this.sent = this.went = "";
    this.told = null;
    this.tries = 0;
    if (!there) this.render();
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
    if (leading && this.isLeading()) this.lead(leading.id);
    this.leadOn();
    const follows = Boolean(open && leading && !lecturer && this.memory.away !== leading.id);
    if (follows !== this.told && this.seat.send(follow(follows))) this.told = follows;
    if (follows && leading) this.follow(leading.id, leading.place);
    else if (this.memory.led) this.goHome(this.isWhereLed());
  }

  /** Whether the class looks at another tab of a lecturer's. */
  leadsElsewhere() {
    return Boolean(this.seen?.open && this.seen.lecturer && this.seen.leading && !this.isLeading());
  }

  /** Who closed the page that led goes on leading from the one that is before their eyes; the page that leads says that it is there. */
  leadOn() {
    const { leading } = this.seen ?? {};
    const gone = leading?.mine && !leading.there && (this.isLeading() || this.leadsElsewhere()) && this.seat.isOpen();
    if (!gone) this.closed = 0;
    else if (this.isLeading()) this.seat.send(goOn(this.tab));
    else if (!this.closed) this.closed = performance.now();
    else if (performance.now() - this.closed > TAKES && document.visibilityState === "visible" && placeOf(this.where())) {
      if (this.seat.send(goOn(this.tab))) this.closed = 0;
    }
  }

  isLeading() {
    const { open, lecturer, leading } = this.seen ?? {};
    return Boolean(open && lecturer && leading && leading.tab === this.tab);
  }

  /** Tells where this tab is, if that is a place to which others can come; anew in each time of leading. @param {string} id */
  lead(id) {
    const place = placeOf(this.where());
    const look = /** @type {any} */ (window.genlab)?.header?.looking ?? null;
    const message = place && move(this.tab, { ...place, panels: inFront(), look });
    const sent = JSON.stringify([id, message]);
    // On its way to another page an address is for a moment neither the old nor the new one.
    if (message && sent === this.seenLast && sent !== this.sent && this.seat.send(message)) this.sent = sent;
    this.seenLast = sent;
  }

  /** @param {string} id @param {LedPlace | null} place */
  follow(id, place) {
    const { led, own, going } = this.memory;
    // Who is still on the way back to their own is not there yet.
    const mine = led ? own : going && going.how !== "led" ? { page: going.page, query: going.query } : this.where();
    if (led !== id) this.keep({ led: id, own: mine, ...(!led && { since: Date.now() }) });
    if (!place) return;
    const name = `${place.page}?${place.query}`;
    const { page, query } = place;
    const to = this.memory.going;
    const leaves = to !== null && !samePlace(to, place);
    if (samePlace(this.where(), place) && !leaves) {
      this.went = name;
      const panels = JSON.stringify([name, place.panels, place.look]);
      // Stages are drawn after the page has come.
      if (panels === this.shown || (place.panels.length && !inFront().length)) return;
      this.shown = panels;
      bring(place.panels);
      lookAt(place.look);
    } else if (this.went !== name) {
      this.went = name;
      this.go("led", { page, query });
    }
  }

  /** @param {LedTo["how"]} how @param {Where} where */
  go(how, { page, query }) {
    const { since, at, going } = this.memory;
    const id = Math.max(Date.now(), (going?.id ?? 0) + 1);
    this.keep({ going: { id, page, query, how, since, was: at !== null, from: this.where().page } });
    this.tries = 0;
    this.ask();
  }

  ask() {
    this.asked = performance.now();
    this.tell("go", this.memory.going);
  }

  /** Until the server has brought this tab there, its address says nothing: on the way it is neither place. @param {number | null} gone */
  came(gone) {
    const { going } = this.memory;
    if (!going || going.id !== gone) return;
    const here = this.where(), end = endOf(going, here);
    if (end !== "not yet") this.keep({ going: null, ...(end === "there" && going.how === "led" && { at: here }) });
  }

  /** What was told while the server was away is lost, as is what it was about to do. */
  goOn() {
    if (!this.memory.going || !this.seat.isOpen() || performance.now() - this.asked < AGAIN * 2 ** this.tries) return;
    if (++this.tries > TRIES) this.keep({ going: null });
    else this.ask();
  }

  /** Whether this tab is where it was led to, or on its way there: nobody went elsewhere in it. */
  isWhereLed() {
    const { at, going } = this.memory;
    return going ? going.how === "led" : at !== null && stillAt(this.where(), at);
  }

  /** A person goes back to their own, while the others are led on. */
  leave() {
    this.keep({ away: this.seen?.leading?.id ?? null });
    this.goHome(true);
  }

  /** Whoever makes a run of their own from the one that everybody looks at stays with it. */
  made() {
    if (this.memory.led) this.keep({ ...NOWHERE, away: this.memory.led });
    this.render();
  }

  /** @param {boolean} moves whether this tab is still where it was led to */
  goHome(moves) {
    const { own } = this.memory;
    if (moves && own) this.go("home", own);
    this.keep({ led: null, own: null, at: null });
    this.went = this.shown = "";
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
    const connected = this.seat.isOpen();
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
    const elsewhere = this.leadsElsewhere();
    const whose = leading?.mine ? "another tab of yours" : "another lecturer’s page";
    const other = elsewhere && leading ? `the class sees ${whose} (${nameOf(leading.place)}), ${followed}` : "";
    this.root.classList.toggle("elsewhere", elsewhere);
    const watched = seen.watched ? "the lecturer watches your run" : "";
    const words = leads ? followed : other || (led ? "you look at what the lecturer shows" : watched);
    change(this.words, connected ? words : "no connection to the server");
    // What is pressed now would reach nobody.
    this.leads.disabled = this.name.disabled = !connected;
    this.back.hidden = !led;
    this.again.hidden = !away;
    const links = JSON.stringify(seen.links);
    if (links !== this.links.dataset.made) {
      this.links.dataset.made = links;
      this.links.replaceChildren(...seen.links.map(link => action(link.label, () => this.visit(link))));
    }
    this.asking.show(seen.question, lecturer, connected);
  }

  /** @param {{page: string, query: string}} link */
  visit({ page, query }) {
    if (this.memory.led) {
      this.keep({ own: { page, query } });
      this.leave();
    } else this.go("visit", { page, query });
  }
}
