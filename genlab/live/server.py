"""The life of the lab around that of the web server."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamlit import config as streamlit_config

from genlab.config import SettingError
from genlab.live.presses import keep_presses
from genlab.runtime.client import start_lab, stop_lab
from genlab.runtime.log import configure_log
from genlab.runtime.settings import prepare_home, read_settings

BAD_START = 2
"""Exit status of a server whose settings do not stand."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Start the lab with the server and end it with the server; a bad setting ends both in one line."""
    try:
        settings = read_settings()
        prepare_home(settings.home)
        # Before the lab: it says what it finds amiss.
        configure_log(settings.home, settings.log_level)
        start_lab()
    except SettingError as error:
        print(f"genlab: {error}", file=sys.stderr, flush=True)
        # Raised, it would be printed below the stack of every layer that waits for the start.
        os._exit(BAD_START)
    _log.info("The lab starts: its home is %s", settings.home)
    admit(settings.origins)
    keep_presses()
    try:
        yield
    finally:
        await asyncio.to_thread(stop_lab)
        _log.info("The lab has ended")


def admit(origins: tuple[str, ...]) -> None:
    """Let pages of these origins open Streamlit's socket too."""
    name = "server.corsAllowedOrigins"
    streamlit_config.set_option(name, [*streamlit_config.get_option(name), *origins])
