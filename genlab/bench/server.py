"""The server that bench and stress watch: the lab's own pages, routes and workers, and routes that tell about them."""

import asyncio
import time

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from genlab.bench.works import square_map
from genlab.checkpoints import CheckpointError
from genlab.config import SettingError, from_json
from genlab.live.routes import routes
from genlab.live.server import lifespan
from genlab.live.wire import Wires
from genlab.runtime.access import on_behalf_of
from genlab.runtime.client import CommandFailed, UnknownRun, get_lab
from genlab.ui import UI
from genlab.ui.errors import say


async def start(request: Request) -> JSONResponse:
    """Start a run of the settings in the body, for ``?side=`` a map of so many rows, of ``?visitor=`` if there is one;
    answers with what its WebSocket asks for.
    """
    lab, config = get_lab(), from_json((await request.body()).decode())
    if side := int(request.query_params.get("side", 0)):
        config = square_map(config, side)
    with on_behalf_of(request.query_params.get("visitor") or None):
        run_id = lab.start(config, play=True)
    return JSONResponse({"run": run_id, "token": lab.token(run_id)})


async def cpu(request: Request) -> JSONResponse:
    """Seconds of processor time that this process has used."""
    return JSONResponse({"seconds": time.process_time()})


async def workers(request: Request) -> JSONResponse:
    """The process ids of the workers."""
    return JSONResponse(get_lab().worker_pids())


async def runs(request: Request) -> JSONResponse:
    """Status and step of every run that is at work or kept."""
    found = await asyncio.to_thread(get_lab().runs)
    return JSONResponse({run.state.run_id: [run.state.status, run.state.step] for run in found})


async def state(request: Request) -> JSONResponse:
    """Status, step and message of ``?run=ID``, or an error in words."""
    return await _carefully(lambda run: [run.status, run.step, run.message], get_lab().state, request)


async def play(request: Request) -> JSONResponse:
    """Let ``?run=ID`` train."""
    return await _carefully(lambda nothing: {}, get_lab().play, request)


async def pause(request: Request) -> JSONResponse:
    """Let ``?run=ID`` rest."""
    return await _carefully(lambda nothing: {}, get_lab().pause, request)


async def _carefully(to_json, what, request: Request) -> JSONResponse:
    try:
        return JSONResponse(to_json(await asyncio.to_thread(what, request.query_params["run"])))
    except (CommandFailed, UnknownRun, SettingError) as error:
        return JSONResponse({"error": str(error)})


async def adopt(request: Request) -> JSONResponse:
    """Open the file in the body as a run: its id, or the error in words."""
    try:
        return JSONResponse(
            {"run": await asyncio.to_thread(get_lab().adopt, await request.body(), "stress.safetensors")}
        )
    except (CheckpointError, CommandFailed, SettingError) as error:
        return JSONResponse({"error": str(error)})


extra = [
    Route("/bench/start", start, methods=["POST"]),
    Route("/bench/adopt", adopt, methods=["POST"]),
    *(Route(f"/bench/{way.__name__}", way) for way in (cpu, workers, runs, state, play, pause)),
]
app = st.App(
    UI / "shell.py", routes=[*routes(), *extra], middleware=[Middleware(Wires)], lifespan=lifespan, on_script_error=say
)
