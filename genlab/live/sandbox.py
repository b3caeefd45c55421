"""One line for a page in a frame whose sandbox keeps it from loading anything: it would stay empty without a word."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A frame without allow-same-origin gives the page an origin of its own, from which the browser loads no module.
NOTE = b"""<script>
  if (self.origin === "null") addEventListener("DOMContentLoaded", () => {
    document.body.textContent =
      "genlab cannot run in this frame: its sandbox attribute lacks allow-same-origin. Open the address in a window.";
  });
</script>
"""
HEAD = b"</head>"


class Sandboxes:
    """ASGI middleware that puts the note into every page; the script in it acts in such a frame alone."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self.app(scope, receive, send)
        # The page must come as it is, to be written into.
        fields = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": fields}, receive, _Noting(send))


class _Noting:
    """A ``send`` that waits until a page is whole and passes everything else on."""

    def __init__(self, send: Send):
        self.send = send
        self.start: Message | None = None
        self.page = b""

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
            self.start = message
        elif self.start is None or kind != "http.response.body":
            await self.send(message)
        else:
            self.page += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self.start, self.page.replace(HEAD, NOTE + HEAD, 1))

    async def _send_page(self, start: Message, page: bytes) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        if page:
            headers["content-length"] = str(len(page))
        await self.send({**start, "headers": headers.raw})
        await self.send({"type": "http.response.body", "body": page})
