"""What lies under a WebSocket: how much of a message is taken in, and what becomes of a reader that has stopped.

ASGI knows neither: a message is handed on when it is whole in memory, and a socket whose buffers nobody empties cannot
be closed. On uvicorn the ``send`` that reaches the outermost middleware is bound to the connection; under another
server the limits are those of that server.
"""

import socket
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

SILENCE = 36.0
"""Seconds after which a client that neither answers pings nor takes what is sent to it is closed."""
SEND_BUFFER = 256 * 1024
"""Bytes that the system may keep of what a client has not read: some frames, rather than megabytes of old ones."""


class Wire:
    """The connection below one WebSocket."""

    def __init__(self, protocol: Any):
        self._transport = getattr(protocol, "transport", None)
        self._parser = getattr(protocol, "conn", None)

    def limit(self, message: int) -> None:
        """Close at the head of a message of more than so many bytes, before it is read."""
        if self._parser and hasattr(self._parser, "max_message_size"):
            self._parser.max_message_size = message

    def hurry(self) -> None:
        """Let the system give up a reader that has stopped, and keep little for one that is slow."""
        below = self._transport and self._transport.get_extra_info("socket")
        if below is None:
            return
        try:
            below.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                below.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * SILENCE))
        except OSError:
            # The client has left, or the socket is none of TCP.
            pass

    def abort(self) -> None:
        """End the connection at once and let go of all that was not sent; harmless when it has ended."""
        if self._transport:
            self._transport.abort()


class Wires:
    """ASGI middleware, the outermost: puts the :class:`Wire` of each WebSocket into ``scope["genlab.wire"]``."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return await self.app(scope, receive, send)
        wire = scope["genlab.wire"] = Wire(getattr(send, "__self__", None))
        wire.hurry()
        await self.app(scope, receive, send)


def wire_of(scope: Scope) -> Wire:
    """The wire of a WebSocket's scope."""
    return scope.get("genlab.wire") or Wire(None)
