"""What the server answers beside Streamlit: the WebSocket that carries frames, scripts, films, and how the lab is.

The socket checks the Origin and the run's token before its client is heard, see :mod:`genlab.live.open_socket`.
"""

import asyncio
import gzip
import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from genlab.live.films import film
from genlab.live.joining import JOINING
from genlab.live.modules import MODULES
from genlab.live.open_socket import POLICY_VIOLATION
from genlab.live.proxies import below_base
from genlab.live.seats import Seat
from genlab.live.sockets import Client
from genlab.runtime.client import get_lab
from genlab.runtime.messages import DEFAULT_HZ


def routes() -> list[Route | WebSocketRoute]:
    """What the server mounts beside Streamlit's own routes."""
    return below_base(
        [
            WebSocketRoute("/live/ws", live_socket),
            WebSocketRoute("/live/class", class_socket),
            Route("/live/plotly.min.js", plotly_script),
            MODULES,
            *JOINING,
            Route("/live/film", film, methods=["POST"]),
            Route("/live/health", health),
        ]
    )


async def live_socket(websocket: WebSocket) -> None:
    """/live/ws?run=ID&token=TOKEN&hz=5: frames out, streams, rates and decode requests in."""
    await websocket.accept()
    query, lab = websocket.query_params, get_lab()
    run_id = query.get("run", "")
    if not _is_admitted(websocket, lab.settings.origins):
        await websocket.close(POLICY_VIOLATION, "origin: allowed is this server's own pages")
    elif (holder := lab.admits(run_id, query.get("token", ""))) is None:
        await websocket.close(POLICY_VIOLATION, "token: it does not fit this run")
    else:
        await Client(websocket, lab, run_id, holder).serve(query.get("hz", str(DEFAULT_HZ)))


async def class_socket(websocket: WebSocket) -> None:
    """/live/class?seat=TOKEN: what everybody looks at and is asked, see :mod:`genlab.live.seats`."""
    await websocket.accept()
    lab = get_lab()
    if not _is_admitted(websocket, lab.settings.origins):
        await websocket.close(POLICY_VIOLATION, "origin: allowed is this server's own pages")
    elif (visitor := lab.seated(websocket.query_params.get("seat", ""))) is None:
        await websocket.close(POLICY_VIOLATION, "seat: it does not fit this lab")
    else:
        await Seat(websocket, lab, visitor).live()


def _is_admitted(websocket: WebSocket, origins: tuple[str, ...]) -> bool:
    """Every browser names the page that opens a socket: a page of another site has another host, or is admitted."""
    origin, host = websocket.headers.get("origin", "").lower(), websocket.headers.get("host", "").lower()
    parts = urlsplit(origin)
    return origin in origins or parts.scheme in ("http", "https") and bool(host) and parts.netloc == host


async def health(request: Request) -> Response:
    """/live/health: how the lab is, as JSON for a monitor; 503 while no worker trains anything."""
    report = await asyncio.to_thread(get_lab().health)
    down = report["status"] == "down"
    return JSONResponse(report, 503 if down else 200, headers={"Cache-Control": "no-store"})


# ---- plotly.js -----------------------------------------------------------------------------------------------------


@cache
def _plotly() -> tuple[bytes, str]:
    """plotly.js out of the installed package, compressed once, and its tag."""
    import plotly

    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    packed = gzip.compress(script.read_bytes(), 6, mtime=0)
    return packed, f'"{hashlib.sha256(packed).hexdigest()[:20]}"'


async def plotly_script(request: Request) -> Response:
    """/live/plotly.min.js?VERSION: the address changes with the version, so browsers may keep it for ever."""
    packed, tag = await asyncio.to_thread(_plotly)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(packed), media_type="text/javascript", headers=headers)
    return Response(packed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
