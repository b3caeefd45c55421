// The pad on which an x is drawn (a digit) or pointed at (a place in the data's plane), by mouse, finger or pen.

/** @import { NumberArray, Place } from "../types.js" */
/** @import { Posterior } from "./posterior.js" */
import { drawingOn, element } from "../page/dom.js";
import { PAD, likeMnist, strokeAll } from "../page/drawing.js";
import { imageAt, paint } from "../page/pixels.js";

const DRAW_EVERY = 80; // ms between two pictures sent while the hand draws
const DOTS = 300; // of the data's points

export class Pad {
  /** @param {Posterior} panel */
  constructor(panel) {
    this.panel = panel;
    this.images = false;
    /** @type {Place[][]} */
    this.strokes = [];
    /** @type {number | null} The pointer that draws. */
    this.hand = null;
    /** @type {Place} Where it is. */
    this.place = [0, 0];
    /** Whether the latest place has been sent. */
    this.sent = true;
    this.canvas = element("canvas", { class: "pad", width: 2 * PAD, height: 2 * PAD });
    this.small = document.createElement("canvas");
    this.listen();
  }

  /** @param {boolean} images */
  configure(images) {
    this.images = images;
    this.canvas.setAttribute("aria-label", images ? "Draw a digit here" : "Click here to choose a point x");
    this.canvas.title = images ? "Draw a digit: mouse, finger or pen" : "Click to choose x";
  }

  wipe() {
    this.strokes = [];
    this.paint();
  }

  // ---- the hand ----

  listen() {
    const { canvas } = this;
    /** @type {(event: PointerEvent) => Place} */
    const place = event => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [(PAD * (event.clientX - left)) / width, (PAD * (event.clientY - top)) / height];
    };
    canvas.onpointerdown = event => {
      if (event.button) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.hand = event.pointerId;
      if (this.images) this.strokes.push([]);
      this.pressed([place(event)], true);
    };
    canvas.onpointermove = event => {
      if (event.pointerId !== this.hand) return;
      // A fast hand makes more places than events.
      const events = event.getCoalescedEvents?.() ?? [];
      const due = performance.now() - this.panel.lab.example.asked > DRAW_EVERY;
      this.pressed((events.length ? events : [event]).map(place), due);
    };
    canvas.onpointerup = canvas.onpointercancel = event => {
      if (event.pointerId !== this.hand) return;
      this.hand = null;
      if (!this.sent) this.send();
    };
  }

  /**
   * The hand is at these places, one after another. The first place and the last are always sent, others when due.
   * @param {Place[]} places @param {boolean} due
   */
  pressed(places, due) {
    this.place = places[places.length - 1];
    this.sent = due;
    if (this.images) {
      this.strokes[this.strokes.length - 1]?.push(...places);
      this.paint();
    }
    if (due) this.send();
  }

  send() {
    if (this.images) {
      const pixels = likeMnist(this.strokes);
      if (pixels) this.panel.choose(btoa(String.fromCharCode(...pixels)));
      return;
    }
    const { extent } = this.panel.spec;
    const [x, y] = this.place;
    this.panel.choose([(2 * x) / PAD - 1, 1 - (2 * y) / PAD].map(share => Number((extent * share).toFixed(4))));
  }

  // ---- the picture ----

  paint() {
    const context = drawingOn(this.canvas);
    // Twice as many canvas pixels as units: sharp also where the pad is large.
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.fillStyle = this.panel.lab.theme.paper;
    context.fillRect(0, 0, PAD, PAD);
    if (this.images) this.paintDrawing(context);
    else this.paintPlane(context);
  }

  /** @param {CanvasRenderingContext2D} context */
  paintDrawing(context) {
    const { theme, arrays } = this.panel.lab;
    const x = arrays["posterior.x"];
    if (this.strokes.length) strokeAll(context, this.strokes, PAD / 11, theme.ink);
    else if (x?.shape.length === 2 && this.hand === null) {
      context.imageSmoothingEnabled = false;
      context.drawImage(this.picture(x, 0), 0, 0, PAD, PAD);
    }
  }

  /** The data's plane: data, x, and the decoded samples so far. @param {CanvasRenderingContext2D} context */
  paintPlane(context) {
    const { theme, arrays } = this.panel.lab;
    const { extent } = this.panel.spec;
    /** @type {(x: number, y: number) => Place} */
    const at = (x, y) => [(PAD * (1 + x / extent)) / 2, (PAD * (1 - y / extent)) / 2];
    /** @type {(array: NumberArray | undefined, count: number, colour: string, draw: (x: number, y: number) => void) => void} */
    const marks = (array, count, colour, draw) => {
      context.fillStyle = context.strokeStyle = colour;
      for (let i = 0; array && i < Math.min(count, array.shape[0]); i++) draw(...at(array.values[2 * i], array.values[2 * i + 1]));
    };
    const data = arrays["reconstruction.input"] ?? arrays["latent.xy"];
    if (data?.shape.length === 2) marks(data, DOTS, theme.real, (x, y) => context.fillRect(x - 1, y - 1, 2, 2));
    marks(arrays["posterior.decoded"], this.panel.way.turn + 1, theme.generated, (x, y) => {
      context.beginPath();
      for (const [dx, dy] of [[0, -4], [4, 0], [0, 4], [-4, 0]]) context.lineTo(x + dx, y + dy);
      context.fill();
    });
    context.lineWidth = 3;
    marks({ values: arrays["posterior.x"].values, shape: [1, 2] }, 1, theme.text, (x, y) => {
      for (const slope of [1, -1]) {
        context.beginPath();
        context.moveTo(x - 7, y - 7 * slope);
        context.lineTo(x + 7, y + 7 * slope);
        context.stroke();
      }
    });
  }

  /** Image number i of an array of images, one pixel a pixel. @param {NumberArray} images @param {number} i */
  picture({ values }, i) {
    paint(this.small, imageAt({ values, shape: [28, 28] }, i), 1, this.panel.lab.theme);
    return this.small;
  }
}
