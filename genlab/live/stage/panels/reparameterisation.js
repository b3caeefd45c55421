// z = μ + σ·ε: the way from x to x̂ as a picture, and the numbers of the present sample.

/** @import { NumberArray } from "../types.js" */
/** @import { Posterior } from "./posterior.js" */
import { decimal } from "../maths/text.js";
import { change, element, rich } from "../page/dom.js";

/** @param {number} value */
const short = value => decimal(value, Math.abs(value) >= 100 ? 1 : 3);

export class Reparameterisation {
  /** @param {Posterior} panel */
  constructor(panel) {
    this.panel = panel;
    /** The number of the sample that is shown. */
    this.turn = 0;
    this.diagram = element("div", { class: "diagram" });
    this.equations = element("table", { class: "equations" });
    this.equations.setAttribute("aria-label", "The reparameterisation z = μ + σ·ε of the sample shown");
  }

  /** @param {boolean} images */
  configure(images) {
    this.diagram.innerHTML = diagramOf(images);
  }

  next() {
    this.turn = (this.turn + 1) % this.panel.lab.arrays["posterior.z"].shape[0];
    this.draw();
  }

  /** The numbers of latents of the present sample in an array with one row for each sample. @param {NumberArray} array */
  present(array) {
    const k = this.panel.spec.latents;
    return array.values.subarray(k * this.turn, k * (this.turn + 1));
  }

  /** Puts the samples so far where the latent plane finds them. */
  take() {
    const { arrays } = this.panel.lab;
    const [z, k] = [arrays["posterior.z"], this.panel.spec.latents];
    arrays["drawn.z"] = { values: z.values.subarray(0, k * (this.turn + 1)), shape: [this.turn + 1, k] };
    arrays["drawn.newest"] = { values: this.present(z), shape: [1, k] };
  }

  draw() {
    const { arrays } = this.panel.lab;
    const [mean, std, noise, z] = ["mean", "std", "noise", "z"].map(name => arrays[`posterior.${name}`]);
    this.take();
    this.writeEquations([this.present(z), mean.values, std.values, this.present(noise)]);
    /** @param {string} name @param {NumberArray} array @param {number} i */
    const show = (name, array, i) => {
      const place = this.diagram.querySelector(`[data-show="${name}"]`);
      place?.setAttribute("href", this.panel.pad.picture(array, i).toDataURL());
    };
    show("x", arrays["posterior.x"], 0);
    show("out", arrays["posterior.decoded"], this.turn);
    const turn = this.diagram.querySelector("[data-show=turn]");
    if (turn) change(turn, `sample ${this.turn + 1} of ${z.shape[0]}`);
  }

  /** One row for each latent: z = μ + σ · ε with the numbers of the sample shown. @param {ArrayLike<number>[]} columns */
  writeEquations(columns) {
    const k = columns[0].length;
    if (this.equations.rows.length !== k + 1) {
      /** @param {["th" | "td", string, string][]} names tag, term and text of each cell */
      const cells = names => element("tr", {}, ...names.map(([tag, name, text]) => {
        const cell = rich(tag, text);
        if (name) cell.dataset.term = name;
        return cell;
      }));
      const head = cells([["th", "", ""], ["th", "", "z ="], ["th", "", "μ +"], ["th", "", "σ ·"], ["th", "", "ε"]]);
      const rows = Array.from({ length: k }, (_, j) =>
        cells([["th", "", String(j + 1)], ["td", "z", ""], ["td", "mean", ""], ["td", "std", ""], ["td", "noise", ""]]));
      this.equations.replaceChildren(head, ...rows);
    }
    columns.forEach((values, column) => {
      for (let j = 0; j < k; j++) change(this.equations.rows[j + 1].cells[column + 1], short(values[j]));
    });
  }
}

/** x → encoder → μ, σ → z → decoder → x̂, and the way of the gradient back: all arrows are the gradient's. @param {boolean} images */
function diagramOf(images) {
  /** @type {(x: number, y: number, w: number, h: number, text: string) => string} */
  const box = (x, y, w, h, text) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5"/><text x="${x + w / 2}" y="${y + h / 2 + 5}">${text}</text>`;
  /** @type {(x: number, y: number, r: number, text: string, more?: string) => string} */
  const ball = (x, y, r, text, more = "") => `<circle cx="${x}" cy="${y}" r="${r}" ${more}/><text x="${x}" y="${y + 6}">${text}</text>`;
  /** @type {(path: string, kind?: string) => string} */
  const arrow = (path, kind = "gradient") => `<path class="${kind}" marker-end="url(#genlab-${kind})" d="${path}"/>`;
  /** @type {(name: string, x: number, y: number, label: string) => string} */
  const picture = (name, x, y, label) =>
    images
      ? `<image data-show="${name}" x="${x}" y="${y}" width="36" height="36"/><text x="${x + 18}" y="${y + 52}">${label}</text>`
      : `<text x="${x + 18}" y="${y + 24}">${label}</text>`;
  /** @param {string} kind */
  const head = kind =>
    `<marker id="genlab-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="11" markerHeight="11"
      markerUnits="userSpaceOnUse" orient="auto"><path class="head ${kind}" d="M0 0L8 4L0 8Z"/></marker>`;
  return `<svg viewBox="8 0 436 156" role="img" aria-label="The encoder makes μ and σ of x; z = μ + σ·ε; the decoder makes
    x̂ of z. The gradient flows from x̂ back through z to μ and σ and into the encoder, and not to ε."><defs>
    ${head("gradient")}${head("none")}</defs>
    ${picture("x", 8, 32, "x")}${box(56, 32, 66, 36, "encoder")}
    ${ball(152, 24, 15, "μ")}${ball(152, 88, 15, "σ")}${ball(152, 136, 15, "ε", 'class="drawn"')}
    ${box(244, 58, 72, 36, "μ + σ·ε")}<text x="280" y="50">z</text>
    ${box(330, 58, 66, 36, "decoder")}${picture("out", 408, 58, "x̂")}
    ${arrow("M408 76H399")}${arrow("M330 76H319")}${arrow("M244 68L170 30")}${arrow("M244 80L170 87")}
    ${arrow("M137 28L124 40")}${arrow("M138 83L124 64")}${arrow("M244 90L170 129", "none")}
    <text class="left" x="176" y="20">∂z/∂μ = 1</text><text class="left" x="172" y="79">∂z/∂σ = ε</text>
    <text class="left" x="216" y="122">no gradient</text><text class="left" x="172" y="150">ε ~ N(0, I)</text>
    <text class="right" x="444" y="16" data-show="turn"></text></svg>`;
}
