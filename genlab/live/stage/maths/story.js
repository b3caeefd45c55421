// What is said of each moment of a step in slow motion: a title, the formula with its numbers, which parts of the picture
// of the networks act. The moments are those of genlab/training/slow.py.

/** @import { Moment, Settings, Told } from "../types.js" */
import { number } from "./text.js";

/** Of more steps of a critic than this the first ones and the last one are told, see genlab/runtime/rehearsal.py. */
const MOST_TURNS = 3;

/** The steps that are passed over before this one, in a few words. @param {number} turn @param {number} turns */
function passed(turn, turns) {
  if (turns <= MOST_TURNS || turn + 1 < turns) return "";
  return turns === MOST_TURNS + 1 ? `, step ${MOST_TURNS} alike` : `, steps ${MOST_TURNS} to ${turns - 1} alike`;
}

/** @param {number} value */
const say = value => number(value, 4);

/** @param {Settings} config */
const second = config => (config.objective.startsWith("wgan") ? "f" : "D");

/** The loss of the critic or discriminator in two terms, as far as the formula goes. @param {Settings} config */
function criticFormula(config) {
  if (config.objective === "lsgan") return ["½E(D(x) − b)²", "½E(D(G(z)) − a)²"];
  if (config.objective.startsWith("wgan")) return ["−E f(x)", "E f(G(z))"];
  return ["−E log D(x)", "−E log(1 − D(G(z)))"];
}

/** @param {Settings} config */
function generatorFormula(config) {
  const formula = { minimax: "E log(1 − D(G(z)))", nonsaturating: "−E log D(G(z))", lsgan: "½E(D(G(z)) − c)²" }[
    /** @type {string} */ (config.objective)] ?? "−E f(G(z))";
  return config.mistake === "flipped_sign" ? `−(${formula})` : formula;
}

/** The loss of a VAE as it is trained: averaged by mistake, with free bits. @param {Settings} config @param {Record<string, number>} numbers */
function vaeLoss(config, numbers) {
  const data = numbers.terms > 1 ? `−log p(x|z) / ${numbers.terms}` : "−log p(x|z)";
  return `${data} + β·Σ ${config.free_bits > 0 ? "max(λ, KLⱼ)" : "KL"}`;
}

/**
 * @param {Moment} moment @param {Settings} config
 * @returns {Told}
 */
export function toldOf(moment, config) {
  return config.model === "vae" ? vae(moment, config) : gan(moment, config);
}

/** @param {Moment} moment @param {Settings} config @returns {Told} */
function gan({ name, network, fixed, numbers, turn }, config) {
  const s = second(config);
  const critics = fixed === "generator" || (name === "draw x");
  const who = critics ? `${s}’s step ${turn + 1} of ${config.n_critic}${passed(turn, config.n_critic)}` : "G’s step";
  /** @param {string} title @param {string} formula @param {string[]} active @param {boolean} [back] @returns {Told} */
  const told = (title, formula, active, back = false) => ({ who, title, formula, active, fixed: critics ? ["G"] : [s], back });
  switch (`${name} ${network}`) {
    case "draw z generator": return told("Draw z from the noise", "z ~ p(z)", ["z"]);
    case "generate generator": return told("G makes examples of it", "G(z)", ["z", "G", "G(z)"]);
    case "draw x ": return told("Draw as many real examples", "x ~ data", ["x"]);
    case "score critic": return told(`${s} scores them`, critics ? `${s}(x), ${s}(G(z))` : `${s}(G(z))`, critics ? ["x", "G(z)", s, "score"] : ["G(z)", s, "score"]);
    case "loss critic": {
      const [real, fake] = criticFormula(config);
      return told(`The loss of ${s}`, `L = ${real} ${fake.startsWith("−") ? `− ${fake.slice(1)}` : `+ ${fake}`} = ${say(numbers.real_term)} + ${say(numbers.generated_term)} = ${say(numbers.loss)}`, ["score", "L"]);
    }
    case "penalty critic": {
      const gp = config.objective === "wgan_gp";
      const score = s === "D" && config.objective !== "lsgan" ? "logit" : s; // whose slope is penalised
      const formula = gp ? `λ·E(‖∇f(x̂)‖ − 1)², λ = ${say(numbers.weight)}` : `γ/2·E‖∇${score}(x)‖², γ = ${say(numbers.weight)}`;
      return told("A penalty on its slope", `+ ${formula}: ${say(numbers.penalty)}; the slope is ${say(numbers.norm)} on average`, [s, "L"]);
    }
    case "gradient critic": return told(`Back to the weights w of ${s}; θ is fixed`, `‖∇_w L‖ = ${say(numbers.norm)}`, ["L", "score", s], true);
    case "update critic": return told(`${s} learns: its field moves`, `w ← w − step along ∇_w L; w moved by ${say(numbers.moved)}`, [s]);
    case "clip critic": return told("Weights beyond ±c are cut", `w ← clip(w, −c, c), c = ${say(numbers.clip)}: ${say(100 * numbers.cut)} % were cut`, [s]);
    case "loss generator": return told("The loss of G", `L_G = ${generatorFormula(config)} = ${say(numbers.loss)}`, ["score", "L"]);
    case "gradient generator": return told(`Back through ${s}, which is fixed, to the points, and through G to θ`, `arrows: −∂L_G/∂x; ‖∇_θ L_G‖ = ${say(numbers.norm)}`, ["L", "score", s, "G(z)", "G"], true);
    default: return told("G learns: its points move", `θ ← θ − step along ∇_θ L_G; θ moved by ${say(numbers.moved)}`, ["G", "G(z)"]);
  }
}

/** @param {Moment} moment @param {Settings} config @returns {Told} */
function vae({ name, network, numbers }, config) {
  /** @param {string} title @param {string} formula @param {string[]} active @param {boolean} [back] @returns {Told} */
  const told = (title, formula, active, back = false) => ({ who: "", title, formula, active, fixed: [], back });
  switch (`${name} ${network}`) {
    case "draw x ": return told("Draw examples from the data", "x ~ data", ["x"]);
    case "encode encoder": return told("The encoder gives each a Gaussian", `h = φ(W₁x + b₁)${config.depth > 1 ? ` and ${config.depth - 1} more such` : ""}, μ = W₂h + b₂, log σ² = W₃h + b₃`, ["x", "encoder", "μ, σ"]);
    case "draw ε ": return told("Draw ε, which no network has a say in", "ε ~ N(0, I)", ["ε"]);
    case "sample encoder": return told("A draw of q(z|x) that μ and σ move smoothly", "z = μ + σ·ε", ["μ, σ", "ε", "z"]);
    case "decode decoder": return told("The decoder makes an example of z", "x̂ = decoder(z)", ["z", "decoder", "x̂"]);
    case "loss ": return told("The two terms of the loss", `L = ${vaeLoss(config, numbers)} = ${say(numbers.data)} + ${say(numbers.beta)} · ${say(numbers.regulariser)} = ${say(numbers.loss)}${numbers.terms > 1 ? "" : " nats"}`, ["x̂", "μ, σ", "L"]);
    case "gradient decoder": return told("Back through the decoder to z", "∂L/∂z; arrows: −∂L/∂z of each draw", ["L", "x̂", "decoder", "z"], true);
    case "gradient encoder": return told("Through z = μ + σ·ε into μ and σ, and with the KL’s own slope to the encoder", `∂L/∂μ = ∂L/∂z + β·μ,  ∂L/∂log σ² = ½(ε·σ·∂L/∂z + β(σ² − 1))${config.free_bits > 0 ? "; β only where KLⱼ > λ" : ""}`, ["z", "μ, σ", "encoder"], true);
    default: return told("Both networks learn: the ellipses move", `weights moved by ${say(numbers.moved)}`, ["encoder", "decoder", "μ, σ"]);
  }
}
