// The networks as a picture: what flows through them, which way, and what is fixed meanwhile.

/** @import { Settings, Theme, Told } from "../types.js" */

/** @typedef {{name: string, words: string, x: number, y: number, network?: boolean}} Box */

const [WIDTH, HEIGHT, TALL] = [104, 46, 190];

/** @param {number} times @param {number} width */
const layers = (times, width) => Array.from({ length: times }, () => width).join("–");

/** Boxes and the ways between them; an example has so many numbers. @param {Settings} config @param {number} numbers @returns {{boxes: Box[], ways: [string, string][]}} */
export function chart(config, numbers) {
  if (config.model === "vae") {
    const [k, inner] = [config.latent_dim, layers(config.depth, config.width)];
    return {
      boxes: [
        { name: "x", words: `${numbers}`, x: 0, y: 0 }, { name: "encoder", words: `${numbers}–${inner}–2·${k}`, x: 1, y: 0, network: true },
        { name: "μ, σ", words: `${k} each`, x: 2, y: 0 }, { name: "ε", words: `${k}`, x: 2, y: 1 }, { name: "z", words: `${k}`, x: 3, y: 0 },
        { name: "decoder", words: `${k}–${inner}–${numbers}`, x: 4, y: 0, network: true }, { name: "x̂", words: `${numbers}`, x: 5, y: 0 },
        { name: "L", words: "nats", x: 5, y: 1 },
      ],
      ways: [["x", "encoder"], ["encoder", "μ, σ"], ["μ, σ", "z"], ["ε", "z"], ["z", "decoder"], ["decoder", "x̂"], ["x̂", "L"]],
    };
  }
  const critic = config.objective.startsWith("wgan") ? "f" : "D";
  return {
    boxes: [
      { name: "z", words: `${config.noise_dim}`, x: 0, y: 0 },
      { name: "G", words: `${config.noise_dim}–${layers(config.generator_depth, config.generator_width)}–${numbers}`, x: 1, y: 0, network: true },
      { name: "G(z)", words: `${numbers}`, x: 2, y: 0 }, { name: "x", words: `${numbers}`, x: 2, y: 1 },
      { name: critic, words: `${numbers}–${layers(config.critic_depth, config.critic_width)}–1`, x: 3, y: 0, network: true },
      { name: "score", words: "1", x: 4, y: 0 }, { name: "L", words: "", x: 5, y: 0 },
    ],
    ways: [["z", "G"], ["G", "G(z)"], ["G(z)", critic], ["x", critic], [critic, "score"], ["score", "L"]],
  };
}

/** The picture as SVG. @param {Settings} config @param {number} numbers of an example @param {Told} told @param {Theme} theme */
export function networksPicture(config, numbers, { active, fixed, back }, theme) {
  const { boxes, ways } = chart(config, numbers);
  const step = WIDTH + 34;
  const place = new Map(boxes.map(box => [box.name, { ...box, left: 8 + box.x * step, top: 14 + box.y * (HEIGHT + 46) }]));
  const drawn = ways.map(([from, to]) => {
    const [a, b] = [/** @type {any} */ (place.get(from)), /** @type {any} */ (place.get(to))];
    const flows = active.includes(from) && active.includes(to);
    const straight = a.y === b.y;
    const below = !straight && a.x === b.x; // from one row to the other in a column
    const points = below ? [[a.left + WIDTH / 2, a.top + HEIGHT], [b.left + WIDTH / 2, b.top]]
      : [[a.left + WIDTH, a.top + HEIGHT / 2], [b.left, b.top + HEIGHT / 2]];
    const [[x1, y1], [x2, y2]] = flows && back ? [points[1], points[0]] : points;
    const colour = flows ? (back ? theme.kl : theme.elbo) : theme.line;
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="${flows ? 4 : 1.5}" marker-end="url(#slow-${flows ? (back ? "back" : "on") : "rest"})"/>`;
  });
  const cards = [...place.values()].map(({ name, words, left, top, network }) => {
    const [acts, rests] = [active.includes(name), fixed.includes(name)];
    const colour = acts ? (back ? theme.kl : theme.elbo) : theme.line;
    return `<g opacity="${rests && !acts ? 0.45 : 1}"><rect x="${left}" y="${top}" width="${WIDTH}" height="${HEIGHT}" rx="${network ? 4 : HEIGHT / 2}" fill="${theme.paper}" stroke="${colour}" stroke-width="${acts ? 3.5 : 1.5}" stroke-dasharray="${rests ? "5 4" : "none"}"/>`
      + `<text x="${left + WIDTH / 2}" y="${top + 20}" text-anchor="middle" font-weight="700" fill="${theme.text}">${name}${rests ? " (fixed)" : ""}</text>`
      + `<text x="${left + WIDTH / 2}" y="${top + 38}" text-anchor="middle" font-size="12" fill="${theme.muted}">${words}</text></g>`;
  });
  const heads = Object.entries({ on: theme.elbo, back: theme.kl, rest: theme.line }).map(([name, colour]) =>
    `<marker id="slow-${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="${name === "rest" ? 7 : 4}" markerHeight="${name === "rest" ? 7 : 4}" orient="auto"><path d="M0,0L8,4L0,8z" fill="${colour}"/></marker>`);
  const size = [16 + 6 * step - 34, TALL - (boxes.some(box => box.y) ? 34 : 100)];
  return `<svg viewBox="0 0 ${size[0]} ${size[1]}" width="100%" role="img" aria-label="The networks: ${active.join(", ")} act${fixed.length ? `, ${fixed.join(", ")} fixed` : ""}"><defs>${heads.join("")}</defs>${drawn.join("")}${cards.join("")}</svg>`;
}
