"""/join/CODE: the short way into a class, as it is read from a board and typed into a telephone."""

import html
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from genlab.runtime.client import get_lab

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>genlab</title>
<style>body {{ font: 20px sans-serif; margin: 3rem auto; max-width: 24rem; padding: 0 1rem; }}
input, button {{ font: inherit; padding: .4rem; }} input {{ width: 8rem; text-transform: uppercase; }}</style></head>
<body><h1>Join a class</h1><p role="alert">{line}</p>
<form action="join"><label>Code <input name="code" maxlength="12" autofocus autocomplete="off"></label>
<button>Join</button></form></body></html>
"""


async def join(request: Request) -> Response:
    """To the lab's first page where the code is that of the class; a form with a line where it is not.

    Addresses are relative: a proxy may keep the path before them, or strip it.
    """
    typed = request.path_params.get("code")
    if typed is not None:
        fits = get_lab().classroom.is_code(typed)
        return RedirectResponse("../" if fits else f"../join?code={quote(typed[:12])}", 303)
    code = request.query_params.get("code", "")
    if get_lab().classroom.is_code(code):
        return RedirectResponse("./", 303)
    line = f"There is no class {html.escape(code[:12].upper())} here." if code else ""
    return HTMLResponse(PAGE.format(line=line), 404 if code else 200, headers={"Cache-Control": "no-store"})


JOINING = (Route("/join", join), Route("/join/{code}", join))
