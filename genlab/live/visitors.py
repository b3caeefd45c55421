"""Who comes: a browser is given a signed cookie with its first page, and is here while a page of its is open."""

import secrets

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genlab.runtime.client import get_lab
from genlab.runtime.visitors import Visitors

KEPT = 400 * 86400
"""Seconds for which a browser keeps it at most, counted from the last visit."""
STREAM = "/_stcore/stream"
"""The socket that every open page of Streamlit's has."""


class Cookies:
    """ASGI middleware: gives every browser an identity without a sign-in, and knows who is here."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, _giving(scope, send, get_lab().visitors))
        elif scope["type"] == "websocket" and scope["path"].endswith(STREAM):
            visitors = get_lab().visitors
            # Somebody without a cookie is one visitor for each page.
            with visitors.present(visitor_of(scope, visitors) or f"page.{secrets.token_hex(8)}"):
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def visitor_of(scope: Scope, visitors: Visitors) -> str | None:
    """The visitor whose cookie a request carries."""
    return visitors.read_cookie(cookie_parser(Headers(scope=scope).get("cookie", "")).get(visitors.cookie, ""))


def _giving(scope: Scope, send: Send, visitors: Visitors) -> Send:
    """A ``send`` that puts the cookie onto a page: the one that came with the request, or a new one."""

    async def give(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if "text/html" in headers.get("content-type", ""):
                message = {**message, "headers": [*message["headers"], (b"set-cookie", _cookie(scope, visitors))]}
        await send(message)

    return give


def _cookie(scope: Scope, visitors: Visitors) -> bytes:
    known = visitor_of(scope, visitors)
    value = visitors.cookie_of(known) if known else visitors.new_cookie()
    secure = "; Secure" if behind_tls(scope) else ""
    return f"{visitors.cookie}={value}; Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Lax{secure}".encode()


def behind_tls(scope: Scope) -> bool:
    """Whether the browser came by TLS, here or at a proxy before the lab."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return (forwarded or scope.get("scheme", "http")) in ("https", "wss")
