"""The modules of the browser's side, as the lab serves them: below an address that changes with what is in them.

A page that was opened before the server was updated keeps the modules that it has; two versions never mix, because
modules import each other by relative addresses.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "stage"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@cache
def modules() -> dict[str, bytes]:
    """Every module by its path below the folder; read once, so that what is served fits together while files change."""
    paths = [path for path in FOLDER.rglob("*.js") if "node_modules" not in path.parts]
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(paths)}


@cache
def version() -> str:
    """The part of the address that stands for the content of all modules."""
    digest = hashlib.sha256()
    for path, script in modules().items():
        digest.update(f"{path} {len(script)} ".encode() + script)
    return digest.hexdigest()[:16]


@cache
def _packed(path: str) -> bytes:
    return gzip.compress(modules()[path], 6, mtime=0)


async def module_script(request: Request) -> Response:
    """/live/stage/VERSION/PATH: one module, which browsers may keep for ever."""
    path = request.path_params["path"]
    if request.path_params["version"] != version() or path not in modules():
        line = "another version of the lab: reload the page"
        return PlainTextResponse(line, status_code=404, headers={"Cache-Control": "no-store"})
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(modules()[path], media_type="text/javascript", headers=FOR_EVER)
    return Response(_packed(path), media_type="text/javascript", headers={**FOR_EVER, "Content-Encoding": "gzip"})


MODULES = Route("/live/stage/{version}/{path:path}", module_script)
