"""The keys of every page, which a focused slider must not swallow."""

from functools import cache

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("keys")


def keys() -> None:
    """Mount what passes a key on that the focused control has no use for; nothing of it is seen."""
    _component()(key="keys.passed", data=surroundings("keys"))
