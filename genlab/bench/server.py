"""The server that the bench watches: the lab's own routes and workers, and two routes that tell about the process."""

import time

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from genlab.config import from_json
from genlab.live.routes import routes
from genlab.live.server import lifespan
from genlab.runtime.client import get_lab
from genlab.ui import UI


async def start(request: Request) -> JSONResponse:
    """Start a run of the settings in the body; answers with what its WebSocket asks for."""
    lab = get_lab()
    run_id = lab.start(from_json((await request.body()).decode()), play=True)
    return JSONResponse({"run": run_id, "token": lab.token(run_id)})


async def cpu(request: Request) -> JSONResponse:
    """Seconds of processor time that this process has used."""
    return JSONResponse({"seconds": time.process_time()})


extra = [Route("/bench/start", start, methods=["POST"]), Route("/bench/cpu", cpu)]
app = st.App(UI / "shell.py", routes=[*routes(), *extra], lifespan=lifespan)
