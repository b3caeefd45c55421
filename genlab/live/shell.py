"""What belongs to every page: keys that a focused slider must not swallow, the address and the theme that is seen."""

from collections.abc import Callable, Mapping
from functools import cache

import streamlit as st

from genlab.live.assets import component, surroundings


@cache
def _component():
    return component("shell")


def theme() -> str:
    """The theme that this visitor sees: light or dark."""
    return st.context.theme.type or "light"


def shell(
    address: Mapping[str, str] | None, on_address: Callable[[], None], *, key: str, page: str, keys: bool = True
) -> None:  # fmt: skip
    """Mount it; nothing of it is seen. Another theme than the script drew for lets the page be drawn once more.

    Args:
        address: the parameters that the address is to have; None where another component or the page itself writes it.
        on_address: called when somebody has gone back to an address that names something else; the component's
            ``address`` in the session state then holds its parameters.
        key: the element's key.
        page: the page of that address, as its path names it: no other one gets it, also while one is on its way.
        keys: whether it looks after the keys, which one mount of a page does.
    """
    data = {"address": None if address is None else dict(address), "page": page, "keys": keys, "theme": theme()}
    _component()(key=key, data=data | surroundings("shell"), on_address_change=on_address, on_theme_change=lambda: None)
