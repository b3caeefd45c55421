// A pad on which a density is drawn with the mouse, a pen or a finger: one height for each column.
//
// Heights travel as text, one letter for each column, so that a drawn curve fits into the address of the page.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TOP = ALPHABET.length - 1;
const pads = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let pad = pads.get(parentElement);
  if (!pad) pads.set(parentElement, (pad = new Pad(parentElement)));
  pad.report = curve => setTriggerValue("drawn", curve);
  pad.render(data);
  return () => {
    pad.root.remove();
    pads.delete(parentElement);
  };
}

class Pad {
  constructor(parent) {
    this.canvas = element("canvas", { role: "img" });
    this.low = element("span");
    this.high = element("span");
    const ends = element("div", { class: "ends" }, this.low, element("span", {}, "draw here"), this.high);
    this.root = element("div", { class: "genlab-pencil" }, this.canvas, ends);
    parent.append(this.root);
    this.canvas.addEventListener("pointerdown", event => this.start(event));
    this.canvas.addEventListener("pointermove", event => this.last && this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end());
  }

  render(data) {
    if (this.last) return; // a hand is drawing
    this.colour = readTheme(this.root, data.palette)[data.colour];
    this.heights = [...data.curve].map(letter => ALPHABET.indexOf(letter));
    this.canvas.setAttribute("aria-label", data.label);
    [this.low.textContent, this.high.textContent] = data.ends;
    this.paint();
  }

  /** Column and height under the pointer. */
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const clamp = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    const columns = this.heights.length - 1;
    return {
      column: clamp(((clientX - box.left) / box.width) * columns, columns),
      height: clamp((1 - (clientY - box.top) / box.height) * TOP, TOP),
    };
  }

  start(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.move(event);
  }

  /** Every column that a fast hand has passed gets a height on the straight line. */
  move(event) {
    const from = this.last;
    const to = this.place(event);
    const steps = Math.max(1, Math.abs(to.column - from.column));
    for (let i = 0; i <= steps; i++) {
      const share = i / steps;
      const column = Math.round(from.column + share * (to.column - from.column));
      this.heights[column] = Math.round(from.height + share * (to.height - from.height));
    }
    this.last = to;
    this.paint();
  }

  end() {
    if (!this.last) return;
    this.last = null;
    this.report(this.heights.map(height => ALPHABET[height]).join(""));
  }

  paint() {
    const [width, height, ratio] = [this.canvas.clientWidth || 280, this.canvas.clientHeight || 120, devicePixelRatio];
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const x = column => (column / (this.heights.length - 1)) * width;
    const y = level => height - 2 - (level / TOP) * (height - 4);
    context.beginPath();
    this.heights.forEach((level, column) => context.lineTo(x(column), y(level)));
    Object.assign(context, { strokeStyle: this.colour, fillStyle: `${this.colour}40`, lineWidth: 2.5 });
    context.stroke();
    context.lineTo(width, height);
    context.lineTo(0, height);
    context.fill();
  }
}
