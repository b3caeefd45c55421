"""Draw the picture of the home page from a real run: ``python -m genlab.home_picture``."""

from pathlib import Path

import numpy as np

from genlab.config import GANConfig
from genlab.figures.palette import PALETTE
from genlab.training import make_trainer

TARGET = Path(__file__).resolve().parent / "ui" / "assets" / "home.svg"
STEPS = (0, 500, 1000, 3000)
POINTS = 160
SIDE, EXTENT = 200, 1.5


def marks(points: np.ndarray, left: float, shape: str, colour: str) -> str:
    """One path that draws ``points`` (n, 2) as small circles or crosses in the panel that begins at ``left``."""
    x, y = np.clip(points, -EXTENT, EXTENT).T / EXTENT * (SIDE / 2)
    at = [f"M{left + SIDE / 2 + a:.0f} {SIDE / 2 - b:.0f}{shape}" for a, b in zip(x, y, strict=True)]
    return f'<path fill="none" stroke="{colour}" stroke-width="1.6" d="{"".join(at)}"/>'


def picture() -> str:
    """Real points (circles) and generated ones (crosses) of one run, side by side after each number of steps."""
    trainer = make_trainer(GANConfig())
    real = trainer.data[:POINTS].cpu().numpy()
    parts = []
    for panel, step in enumerate(STEPS):
        trainer.advance(step - trainer.step)
        left = panel * (SIDE + 10)
        parts.append(marks(real, left, "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0", PALETTE["light"]["real"]))
        parts.append(marks(trainer.sample(POINTS, seed=0), left, "m-3-3l6 6m0-6l-6 6", PALETTE["light"]["generated"]))
        measured = {name: values[-1] for name, values in trainer.history().items() if len(values)}
        print(step, measured.get("modes_captured"), measured.get("high_quality"))
    width = len(STEPS) * (SIDE + 10) - 10
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {SIDE}">{"".join(parts)}</svg>\n'


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
