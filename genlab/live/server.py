"""The life of the lab around that of the web server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamlit import config as streamlit_config

from genlab.config import SettingError
from genlab.runtime.client import start_lab, stop_lab

BAD_START = 2
"""Exit status of a server whose settings do not stand."""


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Start the lab with the server and end it with the server; a bad setting ends both in one line."""
    try:
        lab = start_lab()
    except SettingError as error:
        print(f"genlab: {error}", file=sys.stderr, flush=True)
        # Raised, it would be printed below the stack of every layer that waits for the start.
        os._exit(BAD_START)
    admit(lab.settings.origins)
    try:
        yield
    finally:
        await asyncio.to_thread(stop_lab)


def admit(origins: tuple[str, ...]) -> None:
    """Let pages of these origins open Streamlit's socket too."""
    name = "server.corsAllowedOrigins"
    streamlit_config.set_option(name, [*streamlit_config.get_option(name), *origins])
