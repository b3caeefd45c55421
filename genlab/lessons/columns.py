"""The settings of the pages without a run, by their names in the address: what a station can set up, and watch for.

The columns themselves are drawn in :mod:`genlab.ui`, above this room; a test draws every one of them and holds the
names together.
"""

MOST_PARTS = 4
"""Gaussians of a mixture that a person shapes on a page."""


def _mixture(name: str) -> tuple[str, ...]:
    return (
        f"{name}_parts",
        *(f"{name}{part}_{of}" for part in range(1, MOST_PARTS + 1) for of in ("mean", "std", "weight")),
    )


def _drawn(name: str) -> tuple[str, ...]:
    return f"{name}_drawn", f"{name}_curve"


COLUMNS: dict[str, tuple[str, ...]] = {
    "divergences": ("view", "steps", "far", *_mixture("p"), *_mixture("q"), *_drawn("p"), *_drawn("q")),
    "evidence": ("model", "noise", "x", "mean", "std"),
    "reparameterisation": ("f", "omega", "mu", "sigma", "wrt", "n", "seed"),
    "games": (
        "game", "methods", "step", "steps", "theta", "psi", "close", "clip", "lambda", "std", "gamma", "n_critic",
        "strength",
    ),
    "discriminator": (
        "space", "real", "q_x", "q_y", "q_std", "units", "seed", *_mixture("p"), *_mixture("q"),
    ),
    "generate": ("model", "beside", "view", "seed", "temperature", "samples", "nearest", "from", "to", "z"),
}  # fmt: skip
"""Page → its settings, whatever the others are at: some are there only for one view, one game or one density."""
