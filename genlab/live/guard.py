"""What every answer says to a browser about safety, and by which names the lab may be asked for."""

import ipaddress
import socket
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genlab.runtime.client import get_lab
from genlab.runtime.settings import ServerSettings

POLICY = (
    "default-src 'self'",
    # Streamlit's page has scripts of its own in it, and Plotly compiles some of its own.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
)


class Guard:
    """ASGI middleware: refuses names that are not the lab's, and keeps its pages to themselves.

    A page of another site can let a name of its own mean this machine (DNS rebinding): to the browser both are then one
    site, but the name stays in the Host header.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        settings, host = get_lab().settings, Headers(scope=scope).get("host", "")
        if not is_ours(host, settings):
            return await _refuse(name_of(host), scope, receive, send)
        if scope["type"] == "http":
            send = _careful(send, settings, Headers(scope=scope).get("x-forwarded-host") or host)
        await self.app(scope, receive, send)


async def _refuse(name: str, scope: Scope, receive: Receive, send: Send) -> None:
    line = f"host = {name[:60]}: the lab does not go by this name; GENLAB_HOSTS = {name[:60]} lets it"
    if scope["type"] == "http":
        return await PlainTextResponse(line, 421)(scope, receive, send)
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _careful(send: Send, settings: ServerSettings, host: str) -> Send:
    frames = " ".join(("'self'", *settings.frames))
    policy = "; ".join((*POLICY, f"connect-src 'self' {_sockets(host)}", f"frame-ancestors {frames}"))

    async def careful(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["X-Content-Type-Options"] = "nosniff"
            # An address holds the id of a run.
            headers["Referrer-Policy"] = "same-origin"
            if "text/html" in headers.get("content-type", ""):
                headers["Content-Security-Policy"] = policy
            message = {**message, "headers": headers.raw}
        await send(message)

    return careful


def _sockets(host: str) -> str:
    """The page's own sockets: not every browser takes them for its own origin."""
    host = host.split(",")[0].strip()
    plain = all(sign.isascii() and (sign.isalnum() or sign in "-._:[]") for sign in host)
    return f"ws://{host} wss://{host}" if host and plain else ""


def is_ours(host: str, settings: ServerSettings) -> bool:
    """Whether a Host header names this lab."""
    name = name_of(host)
    # A browser always says one.
    if not name:
        return True
    named = {*settings.hosts, *(urlsplit(origin).hostname for origin in settings.origins)}
    return _is_address(name) or name in own_names() or bool(named & {name, "*"})


def name_of(host: str) -> str:
    """The name in a Host header, without the port; what is no name is returned as it is."""
    with suppress(ValueError):
        if host.isprintable() and "@" not in host:
            return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def own_names() -> frozenset[str]:
    """What this machine is called."""
    host = socket.gethostname().lower()
    return frozenset(("localhost", host, f"{host}.local", socket.getfqdn().lower()))
