"""How much one address of the network may ask for at once: pages in a second, and open sockets."""

import ipaddress
import time
from collections import Counter, OrderedDict

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from genlab.runtime.client import get_lab

AT_ONCE = 10.0
"""Seconds' worth of pages that may come at once: a class opens a link together."""
REMEMBERED = 10_000
"""Addresses whose pages are counted."""


class Addresses:
    """ASGI middleware: refuses, in one line, what one address asks for beyond the server's settings."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._sockets: Counter[str] = Counter()
        self._pages: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(address_of(scope), scope, receive, send)
        elif scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            most = get_lab().settings.address_pages
            if self._take_page(address_of(scope), most):
                return await self.app(scope, receive, send)
            line = f"{most:g} pages a second are allowed from one address of the network: try again in a moment."
            await PlainTextResponse(line, 429, headers={"Retry-After": "2"})(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _socket(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        most = get_lab().settings.address_sockets
        if self._sockets[address] >= most:
            await receive()
            await send({"type": "websocket.accept"})
            line = f"sockets: {most} are allowed from one address of the network"
            return await send({"type": "websocket.close", "code": 1008, "reason": line})
        self._sockets[address] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    def _take_page(self, address: str, rate: float) -> bool:
        """Take one token out of a bucket that fills at the allowed rate."""
        now, most = time.monotonic(), max(1.0, rate * AT_ONCE)
        tokens, then = self._pages.pop(address, (most, now))
        tokens = min(most, tokens + (now - then) * rate)
        self._pages[address] = (max(0.0, tokens - 1), now)
        while len(self._pages) > REMEMBERED:
            self._pages.popitem(last=False)
        return tokens >= 1


def address_of(scope: Scope) -> str:
    """The address that a request comes from: behind a proxy on this machine or in its network, what the proxy says."""
    peer = (scope.get("client") or ("", 0))[0]
    forwarded = Headers(scope=scope).get("x-forwarded-for", "").split(",")[-1].strip()
    return forwarded if forwarded and _is_near(peer) else peer


def _is_near(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_private
    except ValueError:
        return False
