// A film of a run in one panel: the panel at each snapshot of the time line, with title, set-up and step, at the size of a
// slide. The browser writes video; a GIF is written by the server from the pictures.

/** @import { Lab } from "../lab.js" */
/** @import { Panel } from "../panels/panel.js" */
import { drawingOn, element, save } from "../page/dom.js";
import { SLIDE } from "../page/sheet.js";
import { pause } from "../wire/messages.js";
import { gif } from "./gif.js";

/** @typedef {{label: string, ending: string, type: string}} Format `type` is that of the recorder, "" for a GIF */

const HOLD = 400; // ms for which a picture stands
const LAST = 1600; // ms for which the last one does
const ANSWER = 20_000; // ms within which the run must show a snapshot
const LOOK = 20; // ms between two looks at the newest frame
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

/** Makes the film and hands it to the person; what keeps it from being made is said in one line. @param {Panel} panel @param {Format} format */
export async function film(panel, format) {
  const { lab } = panel;
  if (filmed.has(lab)) return;
  filmed.add(lab);
  const stop = new AbortController();
  document.addEventListener("keydown", event => event.key === "Escape" && stop.abort(), { signal: stop.signal });
  try {
    const pictures = await picturesOf(panel, stop.signal);
    lab.hand.say(`Film: ${pictures.length} pictures are written …`, true);
    const name = lab.fileName(`film-${panel.id}`, format.ending, lab.header?.step);
    save(format.type ? await record(pictures, format.type, stop.signal) : await gif(lab, pictures, HOLD, LAST), name);
    lab.hand.say(`${name}: ${pictures.length} pictures.`, false);
  } catch (reason) {
    lab.hand.say(`No film was made: ${reason instanceof Error ? reason.message : reason}`, true);
  } finally {
    stop.abort();
    filmed.delete(lab);
  }
}

/** The panel at every snapshot, and as it is now. @param {Panel} panel @param {AbortSignal} signal */
async function picturesOf(panel, signal) {
  const { lab } = panel;
  // What trains on drops snapshots; who watches cannot hold it, and films those that stay.
  if (lab.header?.status === "running" && !lab.data.watching) await lab.hand.order(pause());
  const { step = 0, timeline = [] } = lab.header ?? {};
  const stops = timeline.filter(stop => stop < step);
  if (!stops.length) throw new Error("there is no past yet; let the run train first.");
  const before = lab.timeline.looking();
  /** @type {HTMLCanvasElement[]} */
  const pictures = [];
  try {
    for (const stop of [...stops, null]) {
      lab.hand.say(`Film: picture ${pictures.length + 1} of ${stops.length + 1} … (Escape ends it)`, true);
      await shown(lab, stop, signal);
      await panel.draw();
      const picture = await panel.picture(SLIDE);
      if (picture) pictures.push(picture);
    }
  } finally {
    lab.timeline.look(before);
  }
  if (!pictures.length) throw new Error("this panel shows nothing yet.");
  return pictures;
}

/** Waits until the frames are those of a snapshot; null for the present. @param {Lab} lab @param {number | null} stop @param {AbortSignal} signal */
async function shown(lab, stop, signal) {
  const { frames } = lab;
  lab.timeline.look(stop);
  for (const until = performance.now() + ANSWER; performance.now() < until; await wait(LOOK)) {
    if (signal.aborted || lab.closed) throw new Error("it was ended.");
    if (lab.frames > frames && (lab.header?.looking ?? null) === stop) return;
    // A server that was started again has the run, and not its past.
    if (stop !== null && !lab.header?.timeline.includes(stop)) throw new Error(`the run has no step ${stop} any more.`);
  }
  throw new Error(`the run did not show step ${stop ?? "now"}.`);
}

/** Plays the pictures to the browser's recorder, which takes as long as the film does. @param {HTMLCanvasElement[]} pictures @param {string} type @param {AbortSignal} signal */
async function record(pictures, type, signal) {
  const screen = element("canvas", { width: pictures[0].width, height: pictures[0].height });
  const context = drawingOn(screen);
  context.drawImage(pictures[0], 0, 0);
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
    context.drawImage(picture, 0, 0);
    track.requestFrame();
    await wait(i + 1 < pictures.length ? HOLD : LAST);
  }
  recorder.stop();
  await ended;
  track.stop();
  if (signal.aborted) throw new Error("it was ended.");
  return new Blob(parts, { type: type.split(";")[0] });
}
