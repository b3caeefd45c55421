"""The training stage beside the inference stage as one picture: what takes part, and what is thrown away."""

from html import escape

from genlab.config import Config, GANConfig, VAEConfig
from genlab.figures.palette import PALETTE, TEXT

WIDTH, HEIGHT = 900, 210
BOX = (118, 52)
"""Width and height of a network."""


def stages_picture(config: Config, theme: str) -> str:
    """SVG: both networks with what flows between them; then, on the right, the generator or the decoder alone."""
    draw = _gan if isinstance(config, GANConfig) else _vae
    titles = _text(250, 22, "Training stage", 17, bold=True) + _text(745, 22, "Inference stage", 17, bold=True)
    words = "In training two networks take part, afterwards one is left."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}" '
        f'style="width:100%;max-width:{WIDTH}px;display:block;margin:auto;--ink:{TEXT[theme]}" fill="none" '
        'font-family="inherit"><defs><marker id="stages-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="var(--ink)"/></marker></defs>'
        f"{titles}{_line(520, 34, 520, HEIGHT - 8, dashed=True)}{draw(config, PALETTE[theme])}</svg>"
    )


_TURNS = {
    "alternating": "w and θ change in turn, each with the other fixed",
    "simultaneous": "w and θ change at once, each as if the other stayed",
}


def _gan(config: GANConfig, colours: dict[str, str]) -> str:
    second, score = ("Critic f", "f(x), f(G(z))") if config.is_critic else ("Discriminator D", "D(x), D(G(z))")
    parts = [
        _text(32, 146, "z", 17), _text(32, 166, f"{config.noise_dim} numbers", 12),
        _arrow(48, 141, 88, 141), _box(90, 115, "Generator G", "θ", colours["generator"]),
        _arrow(210, 141, 330, 141), _text(268, 132, "G(z)", 15, colours["generated"]),
        _text(268, 66, "x", 17, colours["real"]), _text(268, 84, "data", 12), _arrow(284, 62, 366, 112),
        _box(332, 115, second, "w", colours["critic"]), _arrow(452, 141, 500, 141), _text(462, 162, score, 12),
        _text(250, 200, _TURNS[config.updates], 13),
        _text(560, 146, "z", 17), _arrow(576, 141, 616, 141),
        _box(618, 115, "Generator G", "θ fixed", colours["generator"]),
        _arrow(738, 141, 800, 141), _text(840, 146, "G(z)", 15, colours["generated"]),
        _text(745, 200, f"the {second.split()[0].lower()} is thrown away", 13),
    ]  # fmt: skip
    return "".join(parts)


def _vae(config: VAEConfig, colours: dict[str, str]) -> str:
    k = config.latent_dim
    numbers = "1 number" if k == 1 else f"{k} numbers"
    parts = [
        _text(26, 146, "x", 17, colours["real"]), _arrow(40, 141, 72, 141),
        _box(74, 115, "Encoder", "φ", colours["elbo"]), _arrow(194, 141, 296, 141), _text(240, 132, "μ, σ", 15),
        _text(246, 66, "ε ~ N(0, I)", 13), _arrow(256, 72, 306, 128), _text(318, 147, "z", 17),
        _text(318, 166, numbers, 12), _arrow(332, 141, 364, 141), _box(366, 115, "Decoder", "θ", colours["generator"]),
        _arrow(486, 141, 508, 141), _text(496, 166, "x̂", 16, colours["reconstruction"]),
        _text(250, 200, "φ and θ descend reconstruction + β·KL together", 13),
        _text(566, 128, "z ~ N(0, I)", 13), _arrow(560, 141, 616, 141),
        _box(618, 115, "Decoder", "θ fixed", colours["generator"]), _arrow(738, 141, 800, 141),
        _text(840, 146, "x̂", 17, colours["generated"]), _text(745, 200, "the encoder is not needed", 13),
    ]  # fmt: skip
    return "".join(parts)


def _text(x: float, y: float, words: str, size: float, colour: str = "var(--ink)", bold: bool = False) -> str:
    # A coloured symbol keeps an outline of the text's colour out: its hue is the picture's, its size makes up for it.
    weight = ' font-weight="700"' if bold or colour != "var(--ink)" else ""
    return (
        f'<text x="{x}" y="{y}" text-anchor="middle" font-size="{size}"{weight} fill="{colour}">{escape(words)}</text>'
    )


def _box(x: float, y: float, name: str, weights: str, colour: str) -> str:
    width, height = BOX
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" stroke="{colour}" stroke-width="2.5"/>'
        + _text(x + width / 2, y + 23, name, 15, bold=True)
        + _text(x + width / 2, y + 42, weights, 13)
    )


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    return (
        f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="var(--ink)" stroke-width="1.8" '
        'marker-end="url(#stages-tip)"/>'
    )


def _line(x: float, y: float, to_x: float, to_y: float, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 5"' if dashed else ""
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="var(--ink)" stroke-width="1.2"{dash}/>'
