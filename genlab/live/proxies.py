"""Behind a proxy: under which host and below which path the browser sees the lab."""

from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config as streamlit_config


class HostAsSeen:
    """ASGI middleware: where a proxy says which host the browser asked for, that is the host of the request.

    Streamlit's socket and ours then know their own pages. A page of another site cannot say X-Forwarded-Host: a browser
    sends that header with no socket, and with no other request that the server has not allowed before.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = dict(scope["headers"])
            # The first of several proxies is the one that the browser spoke to.
            if seen := headers.get(b"x-forwarded-host", b"").split(b",")[0].strip():
                others = [(name, value) for name, value in scope["headers"] if name != b"host"]
                scope = {**scope, "headers": [*others, (b"host", seen)]}
        await self.app(scope, receive, send)


def below_base(routes: list[Route | WebSocketRoute]) -> list[Route | WebSocketRoute]:
    """The routes at the root, for a proxy that strips the path, and below ``server.baseUrlPath``, which others keep.

    Streamlit mounts its own routes below that path, and those of others at the root alone.
    """
    base = str(streamlit_config.get_option("server.baseUrlPath") or "").strip("/")
    return [*routes, *(_below(base, route) for route in routes)] if base else routes


def _below(base: str, route: Route | WebSocketRoute) -> Route | WebSocketRoute:
    path = f"/{base}{route.path}"
    if isinstance(route, WebSocketRoute):
        return WebSocketRoute(path, route.endpoint)
    return Route(path, route.endpoint, methods=list(route.methods or ()))
