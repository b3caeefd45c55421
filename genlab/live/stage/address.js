// The address of the page follows what is shown without a script run, and the page follows the address that somebody goes
// back to.

import { pathBefore } from "./page/between.js";

const KEPT = ["embed", "embed_options", "present", "lesson", "station", "challenge", "show", "panels"]; // of the page, not of what it shows
const NAMING = ["run", "left", "right", "scenario"]; // another one of these is another place in the browser's history
const OF_MODELS = /\/generate\/?$/; // the page on which another model is one, too; elsewhere it is a setting

const NOTED = "noted=1"; // of an address that Streamlit is told of by this page

const EVERY = 400; // ms between two writings while a slider moves: browsers refuse a hundred within half a minute

export class Address {
  /**
   * @param {() => Record<string, string> | null} shown what the address is to say; null where somebody else writes it
   * @param {(asked: Record<string, string>) => void} ask for what another address names
   * @param {AbortController} stop
   */
  constructor(shown, ask, stop) {
    this.stop = stop;
    this.shown = shown;
    this.ask = ask;
    this.path = location.pathname; // of the page that this mount belongs to: another one may be on its way
    this.named = ""; // what was shown when the page was drawn last
    this.left = false; // the person has gone elsewhere, and the page has not followed yet
    this.written = -Infinity; // when it was last
    /** @type {ReturnType<typeof setTimeout> | undefined} Until it is again. */
    this.later = undefined;
    stop.signal.addEventListener("abort", () => clearTimeout(this.later));
    window.addEventListener("popstate", ({ isTrusted }) => isTrusted && this.went(), { signal: stop.signal });
  }

  /** The page has been drawn anew. */
  drawn() {
    const named = this.naming(this.shown() ?? {});
    const another = this.named !== "" && named !== this.named;
    if (another) this.left = false;
    this.named = named;
    this.follow(another);
  }

  /** What is shown now is written, at once or a moment later; the page may have gone to `another` run by itself. */
  follow(another = false) {
    clearTimeout(this.later);
    const early = this.written + EVERY - performance.now();
    if (another || early <= 0) this.write(another);
    else this.later = setTimeout(() => this.write(false), early);
  }

  /** In place, unless it is of another run. @param {boolean} another */
  write(another) {
    const shown = this.shown();
    if (!shown || this.left || location.pathname !== this.path) return;
    const before = new URLSearchParams(location.search);
    const kept = KEPT.filter(name => !(name in shown)).flatMap(name => before.getAll(name).map(value => [name, value]));
    const query = String(new URLSearchParams([...Object.entries(shown), ...kept]));
    if (query === String(before)) return;
    this.written = performance.now();
    const address = query ? `${this.path}?${query}` : this.path;
    // Streamlit's own history holds addresses in which the page is this one and the run that of another page.
    if (!another || this.naming(Object.fromEntries(before)) === this.named) return history.replaceState(history.state, "", address);
    history.pushState({}, "", address);
    // Streamlit keeps an address of its own, which it would tell a server that was started again, and runs the page for
    // a new one. Nobody has gone anywhere: that request says so, and is not taken for a step back to where it was sent.
    history.replaceState(history.state, "", `${address}&${NOTED}`);
    window.dispatchEvent(new PopStateEvent("popstate"));
    history.replaceState(history.state, "", address);
  }

  /**
   * Somebody went back or forth: the page may have to show something else. Who comes from another page has this one drawn
   * anew by Streamlit; what is still seen of it until then asks for nothing: Streamlit would run the other page for that.
   */
  went() {
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    if (!this.shown() || location.pathname !== this.path || (pathBefore() || this.path) !== this.path) return;
    if (this.naming(asked) === this.named) return;
    this.left = true;
    this.ask(asked);
  }

  /** What of an address says which place it is. @param {Record<string, string>} query */
  naming(query) {
    const names = OF_MODELS.test(this.path) ? [...NAMING, "model"] : NAMING;
    return names.flatMap(name => (query[name] ? [`${name}=${query[name]}`] : [])).join("&");
  }
}
