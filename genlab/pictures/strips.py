"""What happens in a run, at three or four of its steps beside each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from genlab.config import Config, GANConfig
from genlab.data import points
from genlab.pictures.marks import COLOURS, GREY, WORDS, Panel, curve, picture
from genlab.scenarios import Scenario
from genlab.training import Trainer, make_trainer

ASSETS = Path(__file__).resolve().parent.parent / "ui" / "assets"
HOME_PICTURE, CARDS = ASSETS / "home.svg", ASSETS / "cards"
HOME_STEPS = (0, 500, 1000, 3000)
HOME_POINTS = 160
CARD_POINTS = 100
SIDE, GAP, FOOT = 120, 12, 16
"""Of a card's squares, between them, and for the words below."""
LATENTS = 3.2
"""Half the side of a latent plane, or more where codes lie farther out."""
RING = "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"
DOT = "h0"


def home() -> str:
    """Real points (circles) and generated ones (crosses) of one run, side by side after each number of steps.

    Its generator is as fast as its discriminator: with the usual settings nothing would hop.
    """
    trainer, side, parts = make_trainer(GANConfig(generator_learning_rate=1e-3)), 200, []
    real = trainer.data[:HOME_POINTS].cpu().numpy()
    for place, step in enumerate(HOME_STEPS):
        trainer.advance(step - trainer.step)
        panel = Panel(place * (side + 10), side, 1.5)
        parts += [panel.marks(real, RING, COLOURS["real"], 1.6), _generated(panel, trainer, HOME_POINTS, 3, 1.6)]
    return picture(parts, len(HOME_STEPS) * (side + 10) - 10, side)


def card(scenario: Scenario) -> str:
    """A demonstration at its first step, half-way and where its claim is judged; one about an estimate as curves."""
    if scenario.name == "wgan_unclipped":
        return _estimate(scenario)
    trainer, steps = make_trainer(scenario.config), (0, scenario.steps // 2, scenario.steps)
    lefts = [place * (SIDE + GAP) for place in range(len(steps))]
    parts = list((_codes if scenario.config.model == "vae" else _points)(trainer, steps, lefts))
    parts += [
        Panel(left, SIDE, 1.0).word(f"{step:,} steps" if step else "start")
        for left, step in zip(lefts, steps, strict=True)
    ]
    return picture(parts, 3 * SIDE + 2 * GAP, SIDE + FOOT)


def _points(trainer: Trainer, steps: Sequence[int], lefts: Sequence[float]) -> Iterator[str]:
    """Real and generated points of a GAN."""
    for step, left in zip(steps, lefts, strict=True):
        trainer.advance(step - trainer.step)
        panel = Panel(left, SIDE, points(trainer.config.data).extent)
        yield panel.marks(trainer.data[:CARD_POINTS].cpu().numpy(), DOT, COLOURS["real"], 3.5)
        yield _generated(panel, trainer, CARD_POINTS, 2, 1.4)


def _generated(panel: Panel, trainer: Trainer, n: int, arm: int, width: float) -> str:
    cross = f"m-{arm}-{arm}l{2 * arm} {2 * arm}m0-{2 * arm}l-{2 * arm} {2 * arm}"
    return panel.marks(trainer.sample(n, seed=0), cross, COLOURS["generated"], width)


def _codes(trainer: Trainer, steps: Sequence[int], lefts: Sequence[float]) -> Iterator[str]:
    """The means μ(x) of a VAE in the latent plane, by class where the data have some, over the prior's 1σ and 2σ."""
    found = []
    for step in steps:
        trainer.advance(step - trainer.step)
        found.append(trainer.encoder(trainer.held_out[: 2 * CARD_POINTS])[0].detach().cpu().numpy())
    extent = max(LATENTS, *(np.abs(means).max() for means in found))
    labels = trainer.held_out_labels
    classes = np.full(len(found[0]), -1) if labels is None else np.asarray(labels)[: len(found[0])]
    for left, means in zip(lefts, found, strict=True):
        panel = Panel(left, SIDE, extent)
        yield from (panel.circle(radius) for radius in (1, 2))
        for number in np.unique(classes):
            colour = COLOURS["real" if labels is None else f"class{number}"]
            yield panel.marks(means[classes == number], DOT, colour, 3.5)


def _estimate(scenario: Scenario) -> str:
    """The critic's estimate and the exact distance over the steps, on a logarithmic axis."""
    width, low, high = 3 * SIDE + 2 * GAP, -2.0, 4.0
    history = _trained(scenario.config, scenario.steps).history()

    def place(values: np.ndarray) -> np.ndarray:
        return SIDE * (high - np.log10(np.clip(np.abs(values), 10**low, 10**high))) / (high - low)

    kept = slice(None, None, max(1, len(history["step"]) // 120))
    x = history["step"][kept] / scenario.steps * width
    parts = [
        f'<path d="M0 {place(np.array(1.0)):.1f}h{width}" stroke="{GREY}" stroke-width=".6"/>',
        f'<text x="2" y="{place(np.array(1.0)) - 3:.1f}" font-size="13" fill="{WORDS}">1</text>',
        curve(x, place(history["wasserstein_exact"][kept]), COLOURS["exact"]),
        curve(x, place(history["wasserstein_estimate"][kept]), COLOURS["critic"], "6 3"),
        f'<text x="{width - 4}" y="{SIDE + 12}" font-size="13" text-anchor="end" fill="{WORDS}">{scenario.steps} steps'
        " — exact W₁, - - its estimate, log scale</text>",
    ]
    return picture(parts, width, SIDE + FOOT)


def _trained(config: Config, steps: int) -> Trainer:
    trainer = make_trainer(config)
    trainer.advance(steps)
    return trainer
