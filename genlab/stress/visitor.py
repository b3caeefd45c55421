"""A visitor without a browser: opens a page over Streamlit's own protocol and reads what the script shows."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

PATIENCE = 120.0


@dataclass
class Shown:
    """What one script run of a page showed, and how long it took."""

    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    elements: int = 0


@asynccontextmanager
async def visitor(url: str):
    """A connection of one visitor; hand it to :func:`open_page`."""
    address = f"ws{url.removeprefix('http')}/_stcore/stream"
    async with connect(address, origin=url, subprotocols=["streamlit"], max_size=None, compression=None) as socket:
        yield socket


async def open_page(socket: Any, page: str, query: str = "") -> Shown:
    """Open a page at an address; returns when its script has ended. Raises TimeoutError when it does not."""
    wish, shown, began = BackMsg(), Shown(), time.monotonic()
    wish.rerun_script.query_string = query
    wish.rerun_script.page_name = page
    await socket.send(wish.SerializeToString())
    async with asyncio.timeout(PATIENCE):
        while True:
            told = ForwardMsg.FromString(await socket.recv())
            kind = told.WhichOneof("type")
            if kind == "delta":
                _note(told.delta, shown)
            elif kind == "script_finished" and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                shown.seconds = time.monotonic() - began
                return shown


def _note(delta: Any, shown: Shown) -> None:
    element = delta.new_element
    kind = element.WhichOneof("type")
    shown.elements += 1
    if kind == "exception":
        shown.exceptions.append(element.exception.message)
    elif kind == "alert" and element.alert.format == Alert.ERROR:
        shown.errors.append(element.alert.body)
