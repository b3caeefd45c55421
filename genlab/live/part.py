"""Play a part: a discriminator of two numbers that a person sets, between two densities on the line."""

from collections.abc import Sequence
from functools import cache

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("part", "part")


def part(p: Sequence[tuple[float, float, float]], q: Sequence[tuple[float, float, float]], *, key: str) -> None:
    """Mount the picture; p and q are mixtures of Gaussians, each part as mean, standard deviation and weight."""
    _component()(key=key, data={**surroundings("part"), "p": [list(one) for one in p], "q": [list(one) for one in q]})
