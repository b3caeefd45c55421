"""The address of a page in one tab: what somebody asks for in it, and what the page writes there."""

from dataclasses import dataclass, field
from time import monotonic

import streamlit as st

OF_THE_SCREEN = {"present"}
"""What the address says of this screen alone, and the browser's side reads: it is no part of a set-up."""
UNDERWAY_SECONDS = 5
"""So long after the address was written, a request may still have left the browser before."""
SETTLING_SECONDS = 1.5
"""The same where the browser itself told the address: what was written before may still arrive there and be told."""


@dataclass
class Address:
    """What was written last, and whether the browser has told it back.

    The browser tells its address with each request. A request that left before the page wrote another address is no
    wish to go back; one that comes after the browser has told the new address is: somebody pressed *Back*.
    """

    _written: dict[str, str] = field(default_factory=dict)
    _until: float = 0.0

    def asked(self) -> dict[str, str]:
        """What the address asks for where that is news: on entering the page, or after *Back*; otherwise nothing."""
        told = _told()
        if st.session_state.get("entered", True):
            return told
        if told == self._written:
            self._until = 0.0
            return {}
        return {} if monotonic() < self._until else told

    def write(self, address: dict[str, str]) -> None:
        """Write the address where the browser shows another one, or will when what was written before arrives."""
        told = _told()
        overtaken = address != self._written and monotonic() < self._until
        if address != self._written:
            self._written = address
            self._until = monotonic() + (SETTLING_SECONDS if address == told else UNDERWAY_SECONDS)
        if address != told or overtaken:
            screen = {key: value for key, value in st.query_params.items() if key in OF_THE_SCREEN}
            st.query_params.from_dict({**address, **screen})


def _told() -> dict[str, str]:
    return {key: value for key, value in st.query_params.items() if key not in OF_THE_SCREEN}
