// A film of a run in one panel, with title, step and set-up, at the size of a slide: of its past, the panel at each snapshot
// of the time line; or from here on, the panel every so many steps. The browser writes video; a GIF is written by the server
// from the pictures.

/** @import { Lab } from "../lab.js" */
/** @import { Panel } from "../panels/panel.js" */
/** @import { Order } from "../wire/messages.js" */
import { whole } from "../maths/text.js";
import { drawingOn, element, save } from "../page/dom.js";
import { SLIDE } from "../page/sheet.js";
import { pause, play } from "../wire/messages.js";
import { gif } from "./gif.js";

/** @typedef {{label: string, ending: string, type: string}} Format `type` is that of the recorder, "" for a GIF */

/** @typedef {{count: number, every: number} | null} Ahead how many pictures from here on, and steps between two; null for the past */

const LONG = 10_000; // ms that a film of many pictures takes, its last one apart
const HOLD = 400; // ms for which a picture stands at most
const LAST = 1600; // ms for which the last one does
const STEPS = 120_000; // ms within which the run must have trained on to the next picture
const ANSWER = 20_000; // ms within which the run must show a snapshot
const LOOK = 20; // ms between two looks at the newest frame
const WRITTEN = 200; // ms in which the recorder takes in a picture
const ENDED = "it was ended.";
const BITS = 8e6; // of a second of video

const VIDEO = {
  MP4: ["video/mp4;codecs=avc1.640028", "video/mp4;codecs=avc1.42E028", "video/mp4"],
  WebM: ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"],
};

/** The formats that this browser offers. @type {Format[]} */
export const FORMATS = [
  ...Object.entries(VIDEO).flatMap(([label, types]) => {
    const type = types.find(type => window.MediaRecorder?.isTypeSupported(type));
    return type ? [{ label, ending: label.toLowerCase(), type }] : [];
  }),
  { label: "GIF", ending: "gif", type: "" },
];

/** @type {WeakSet<Lab>} Those that are being filmed. */
const filmed = new WeakSet();

/** @param {number} ms */
const wait = ms => new Promise(done => setTimeout(done, ms));

/** Makes the film and hands it to the person; what keeps it from being made is said in one line. @param {Panel} panel @param {Format} format @param {Ahead} [ahead] */
export async function film(panel, format, ahead = null) {
  const { lab } = panel;
  if (filmed.has(lab)) return lab.hand.say("This run is being filmed already: Escape ends that film.", true);
  filmed.add(lab);
  const stop = new AbortController();
  document.addEventListener("keydown", event => event.key === "Escape" && stop.abort(ENDED), { signal: stop.signal });
  const { run } = lab.data;
  const isOther = setInterval(() => lab.data.run !== run && stop.abort("the page shows another run."), LOOK);
  try {
    const pictures = await (ahead ? onwards(panel, ahead, stop.signal) : backwards(panel, stop.signal));
    goes(lab, `${pictures.length} pictures are written …`);
    const name = lab.fileName(`film-${panel.id}`, format.ending, lab.header?.step);
    const hold = Math.min(HOLD, Math.round(LONG / pictures.length));
    save(format.type ? await record(pictures, format.type, hold, stop.signal) : await gif(lab, pictures, hold, LAST, stop.signal), name);
    lab.hand.say(`${name}: ${pictures.length} pictures.`, false);
  } catch (reason) {
    lab.hand.say(`No film was made: ${reason instanceof Error ? reason.message : reason}`, true);
  } finally {
    clearInterval(isOther);
    stop.abort();
    filmed.delete(lab);
    lab.notes.film.tell("", false);
  }
}

/** How far a film is, beside what is said of a command meanwhile: many lines a second, which would take that one away unread. @param {Lab} lab @param {string} line */
function goes(lab, line) {
  lab.notes.film.tell(`Film: ${line}`, false);
}

/** The panel as it is now, every so many steps while the run trains on. @param {Panel} panel @param {NonNullable<Ahead>} ahead @param {AbortSignal} signal */
async function onwards(panel, { count, every }, signal) {
  const { lab } = panel;
  if (lab.header?.status === "running") await ordered(lab, pause());
  lab.timeline.look(null);
  await rested(lab, lab.header?.step ?? 0, signal);
  /** @type {Blob[]} */
  const pictures = [];
  const from = lab.header?.step ?? 0;
  for (let i = 0; i < count && lab.header?.status !== "diverged"; i++) {
    goes(lab, `picture ${i + 1} of ${count} … (Escape ends it)`);
    if (i) {
      await ordered(lab, play(from + i * every));
      await rested(lab, from + i * every, signal);
    }
    await taken(panel, pictures);
  }
  return something(pictures);
}

/** @param {Blob[]} pictures */
function something(pictures) {
  if (!pictures.length) throw new Error("this panel shows nothing yet.");
  return pictures;
}

/** What the run refuses ends the film. @param {Lab} lab @param {Order} order */
async function ordered(lab, order) {
  const { error } = await lab.hand.commands.order(order);
  if (error) throw new Error(error);
}

/** Waits until the run rests at a step, or has come to rest before because it diverged. @param {Lab} lab @param {number} step @param {AbortSignal} signal */
const rested = (lab, step, signal) => awaited(lab, signal, STEPS, `the run did not come to step ${whole(step)}.`, () => {
  const { status, step: now = 0, looking = null } = lab.header ?? {};
  return looking === null && (status === "diverged" || (status === "paused" && now >= step));
});

/** Waits for what the frames must show, looking at the newest one again and again. @param {Lab} lab @param {AbortSignal} signal @param {number} most ms @param {string} late @param {() => boolean} holds */
async function awaited(lab, signal, most, late, holds) {
  for (const until = performance.now() + most; performance.now() < until; await wait(LOOK)) {
    if (signal.aborted || lab.closed) throw new Error(signal.reason ?? ENDED);
    if (lab.feed.refusals) throw new Error("the run is not there any more.");
    if (holds()) return;
  }
  throw new Error(late);
}

/** Adds the panel as it is now, where it shows something. @param {Panel} panel @param {Blob[]} pictures */
async function taken(panel, pictures) {
  await panel.draw();
  const canvas = await panel.picture(SLIDE);
  if (!canvas) return;
  /** @type {Blob | null} */
  const file = await new Promise(done => canvas.toBlob(done));
  if (!file) throw new Error("the browser wrote no picture.");
  pictures.push(file);
}

/** The panel at every snapshot, and as it is now. @param {Panel} panel @param {AbortSignal} signal */
async function backwards(panel, signal) {
  const { lab } = panel;
  // What trains on drops snapshots; who watches cannot hold it, and films those that stay.
  if (lab.header?.status === "running" && !lab.data.watching) await ordered(lab, pause());
  const { step = 0, timeline = [] } = lab.header ?? {};
  const stops = timeline.filter(stop => stop < step);
  if (!stops.length) throw new Error("there is no past yet; film it from here on.");
  const [{ run }, before] = [lab.data, lab.timeline.looking()];
  /** @type {Blob[]} */
  const pictures = [];
  try {
    for (const stop of [...stops, null]) {
      goes(lab, `picture ${pictures.length + 1} of ${stops.length + 1} … (Escape ends it)`);
      await shown(lab, stop, signal);
      await taken(panel, pictures);
    }
  } finally {
    if (lab.data.run === run) lab.timeline.look(before);
  }
  return something(pictures);
}

/** Waits until the frames are those of a snapshot; null for the present. @param {Lab} lab @param {number | null} stop @param {AbortSignal} signal */
function shown(lab, stop, signal) {
  const { frames } = lab;
  lab.timeline.look(stop);
  const late = `the run did not show step ${stop === null ? "now" : whole(stop)}.`;
  return awaited(lab, signal, ANSWER, late, () => {
    const { looking = null, timeline = [] } = lab.header ?? {};
    if (lab.frames > frames && looking === stop) return true;
    // A server that was started again has the run, and not its past.
    if (stop !== null && !timeline.includes(stop)) throw new Error(`the run has no step ${whole(stop)} any more.`);
    return false;
  });
}

/** Plays the pictures to the browser's recorder, which takes as long as the film does. @param {Blob[]} pictures @param {string} type @param {number} hold ms for which one stands @param {AbortSignal} signal */
async function record(pictures, type, hold, signal) {
  const screen = element("canvas", { width: SLIDE.width, height: SLIDE.height });
  const context = drawingOn(screen);
  context.drawImage(await createImageBitmap(pictures[0]), 0, 0);
  const stream = screen.captureStream(0);
  const [track] = /** @type {CanvasCaptureMediaStreamTrack[]} */ (stream.getVideoTracks());
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS });
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((done, fail) => {
    recorder.onstop = done;
    recorder.onerror = () => fail(new Error("the browser's recorder failed."));
  });
  recorder.start();
  for (const [i, picture] of pictures.entries()) {
    if (signal.aborted) break;
    context.drawImage(await createImageBitmap(picture), 0, 0);
    track.requestFrame();
    await wait(i + 1 < pictures.length ? hold : LAST);
  }
  // A video ends with the time of its last picture: written again, that one stands as long as it should.
  context.drawImage(await createImageBitmap(pictures[pictures.length - 1]), 0, 0);
  track.requestFrame();
  await wait(WRITTEN);
  recorder.stop();
  await ended;
  track.stop();
  if (signal.aborted) throw new Error(signal.reason);
  const file = new Blob(parts, { type: type.split(";")[0] });
  if (!file.size) throw new Error("this browser's recorder wrote nothing; take another format.");
  return file;
}
