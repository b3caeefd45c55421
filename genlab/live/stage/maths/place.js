// Where a page of the lab is, as far as a class that is led there is concerned.

/** @typedef {{page: string, query: string}} Where */

/** The pages to which a class can be led; the others are each one's own. */
const LED = [
  "vae", "gan", "gallery", "map", "generate", "divergences", "evidence", "reparameterisation", "games", "discriminator",
];
/** @type {Record<string, string>} Pages of runs, with the parameter that names one: before it stands there it is none yet. */
const OF_RUNS = { vae: "run", gan: "run", gallery: "left", map: "run" };
// Of a run its settings follow by themselves: what the address says of them is no move.
const NAMING = ["run", "scenario", "left", "right", "beside", "cell", "show", "panels", "lesson", "station"];
const OF_THE_SCREEN = ["present", "embed", "embed_options", "steer"];

/** The page that a path names, below the base of the lab's addresses. @param {string} path @param {string} base */
export function pageOf(path, base) {
  const below = path.startsWith(base) ? path.slice(base.length) : path;
  return below.split("/").filter(Boolean).pop() ?? "home";
}

/** What of an address says where one is; null for a page to which nobody is led. @param {Where} where @returns {Where | null} */
export function placeOf({ page, query }) {
  if (!LED.includes(page)) return null;
  const all = [...new URLSearchParams(query)];
  const naming = OF_RUNS[page];
  if (naming && !all.some(([name]) => name === naming)) return null;
  const kept = naming
    ? all.filter(([name]) => NAMING.includes(name))
    : all.filter(([name]) => !OF_THE_SCREEN.includes(name));
  return { page, query: String(new URLSearchParams(kept.sort(([one], [other]) => (one < other ? -1 : 1)))) };
}

/** What a class sees, in a few words: the station, or the page. @param {Where | null} place */
export function nameOf(place) {
  if (!place) return "no page yet";
  const asked = new URLSearchParams(place.query);
  const page = place.page.length > 3 ? place.page[0].toUpperCase() + place.page.slice(1) : place.page.toUpperCase();
  const station = asked.get("station");
  return station && asked.get("lesson") ? `${page}, station ${station.replace(/-/g, " ")}` : page;
}

/** Whether a page is still what somebody was led to: what they tried there themselves is no other place. @param {Where} here @param {Where} at */
export function stillAt(here, at) {
  const naming = OF_RUNS[at.page];
  const named = (/** @type {Where} */ { query }) => new URLSearchParams(query).get(naming);
  return here.page === at.page && (!naming || named(here) === named(at));
}

/** Whether two addresses are the same place. @param {Where} one @param {Where} other */
export function samePlace(one, other) {
  const [here, there] = [placeOf(one), placeOf(other)];
  return here !== null && there !== null && here.page === there.page && here.query === there.query;
}

/**
 * What has become of a way on which the server has brought this tab: the page that is left may be drawn once more, and
 * who has gone elsewhere meanwhile stays there.
 * @param {{page: string, from: string}} going @param {Where} here @returns {"there" | "elsewhere" | "not yet"}
 */
export function endOf(going, here) {
  if (here.page === going.page) return "there";
  return here.page === going.from ? "not yet" : "elsewhere";
}
