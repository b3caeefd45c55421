"""A server that sends made-up frames to the live component, and what tests do with the page that shows them."""

import json
import os
import subprocess
import sys
import textwrap
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, free_port, wait_until_healthy

SERVER = """
    import asyncio, contextlib, json
    import numpy as np
    import streamlit as st
    from starlette.responses import JSONResponse
    from starlette.routing import Route, WebSocketRoute
    from genlab.config import GANConfig
    from genlab.live.modules import MODULES
    from genlab.live.routes import plotly_script
    from genlab.runtime.messages import answer, changes_packet, encode

    state = {
        "step": 100, "status": "running", "diverged": None, "moving": True, "down": False, "changes": [],
        "silent": False, "steepness": 1.0, "message": "",
        "spike": 0, "objective": "nonsaturating", "place": None,
    }
    sockets, received, opened = set(), [], []
    angles = np.linspace(0, 2 * np.pi, 1000)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("f4")
    axis = np.linspace(-1.5, 1.5, 41, dtype="f4")


    def frame(run, streams):
        step = np.arange(1.0, state["step"] + 1)
        wave = np.sin(step / 7)
        curves = {
            "critic_loss": 1.4 + 0.1 * wave, "generator_loss": 0.7 + 0.2 * wave, "loss_sum": wave,
            "modes_captured": 0 * wave + 8, "high_quality": 0 * wave + 0.9, "critic_grad_norm": np.exp(wave),
        }
        curves["critic_loss"][step == state["spike"]] = 1000
        arrays = {"history.step": step, "history.seconds": step / 100}
        arrays |= {f"history.{name}": curve.astype("f4") for name, curve in curves.items()}
        if "generated" in streams:
            arrays["generated.xy"] = ring * np.float32(1 + 0.001 * state["step"])
        if "field" in streams:
            arrays |= {"field.x": axis, "field.y": axis, "field.z": state["steepness"] * np.outer(axis, axis)}
        if "real" in streams:
            arrays["real.xy"] = ring
        header = {
            "kind": "frame", "run": run, "model": "gan", "sequence": state["step"], "status": state["status"],
            "message": state["message"], "step": state["step"], "seconds": state["step"] / 100,
            "steps_per_second": 100.0,
            "config": GANConfig(objective=state["objective"], n_critic=3, seed=7).model_dump(),
            "command": 0, "present": None, "place": state["place"], "diverged": state["diverged"],
            "last": {name: float(curve[-1]) for name, curve in curves.items() if len(curve)},
            "reference": {"high_quality": 0.9889},
            "info": {"field_centre": 0.0, "field_span": 2.0 * state["steepness"]},
        }
        return encode(header, arrays)


    async def socket(websocket):
        await websocket.accept()
        sockets.add(websocket)
        opened.append(state["step"])
        streams = []

        async def listen():
            while True:
                message = json.loads(await websocket.receive_text())
                received.append(message)
                if message["type"] == "streams":
                    streams[:] = message["streams"]
                if message["type"] == "command":
                    state["status"] = {"pause": "paused", "play": "running"}.get(message["do"], state["status"])
                    said = "No more." if message["do"] == "reset" else ""
                    done = {"number": message["number"], "command": 1, "step": 1, "error": said, "note": "", "run": ""}
                    await websocket.send_bytes(answer("run-1", done))

        listening = asyncio.create_task(listen())
        try:
            while not state["down"] and not listening.done():
                if not state["silent"]:
                    run = websocket.query_params["run"]
                    await websocket.send_bytes(changes_packet(run, state["changes"]))
                    await websocket.send_bytes(frame(run, streams))
                await asyncio.sleep(0.1)
            if state["down"]:
                await websocket.close(1012)
        finally:
            listening.cancel()
            sockets.discard(websocket)


    async def control(request):
        state.update(json.loads(request.query_params.get("set", "{}")))
        return JSONResponse({**state, "sockets": len(sockets), "opened": len(opened), "received": received})


    @contextlib.asynccontextmanager
    async def train(app):
        async def steps():
            while True:
                await asyncio.sleep(0.1)
                state["step"] += state["moving"]

        task = asyncio.create_task(steps())
        yield
        task.cancel()


    routes = {"/live/plotly.min.js": plotly_script, "/control": control}
    routes = [WebSocketRoute("/live/ws", socket), MODULES, *(Route(path, answer) for path, answer in routes.items())]
    app = st.App("shell.py", routes=routes, lifespan=train)
"""

SHELL = """
    import streamlit as st
    from genlab.config import GANConfig
    from genlab.figures import gan_view
    from genlab.live.component import Companion, Transport, live
    from genlab.live.shell import shell

    st.set_page_config(layout="wide")
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1

    columns = st.columns(4)
    columns[0].button("Again", shortcut="q")
    columns[1].button("Once more", shortcut="a", help="The same again.")
    columns[2].write(f"reruns {st.session_state['runs']}")
    objective = columns[3].selectbox("objective", ["nonsaturating", "wgan"])
    if st.query_params.get("slider"):
        st.write(f"slid to {st.slider('beta', 0, 10, 5)}")
    if st.query_params.get("show") != "no" and not st.checkbox("hide"):
        beside = st.query_params.get("beside")
        live(
            "run-1", "token", gan_view(GANConfig(objective=objective)), key="live", transport=Transport(),
            config=GANConfig(objective=objective), address={"run": "run-1", **st.query_params.to_dict()},
            companion=Companion(beside, "token", "the other") if beside else None,
            on_address=st.query_params.clear, show=("seed",) if st.query_params.get("controls") else None,
        )
    shell(None, lambda: None, key="keys", page="")
"""


class MadeUp:
    """The server of made-up frames, and a hand on what it sends."""

    def __init__(self, url):
        self.url = url

    def control(self, **state):
        query = urllib.parse.urlencode({"set": json.dumps(state)})
        with urllib.request.urlopen(f"{self.url}/control?{query}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def frames_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fake")
    for name, text in {"app.py": SERVER, "shell.py": SHELL}.items():
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / ".streamlit").mkdir()
    config = Path(ROOT, ".streamlit", "config.toml").read_text(encoding="utf-8")
    (folder / ".streamlit" / "config.toml").write_text(config, encoding="utf-8")
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", "127.0.0.1"],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    wait_until_healthy(process, url, log)
    yield MadeUp(url)
    process.terminate()
    process.wait(20)


@pytest.fixture
def made_up(frames_server):
    """The server of made-up frames, as every test finds it."""
    frames_server.control(
        step=100,
        status="running",
        diverged=None,
        moving=True,
        down=False,
        changes=[],
        silent=False,
        message="",
        steepness=1.0,
        spike=0,
        objective="nonsaturating",
        place=None,
    )
    return frames_server


@pytest.fixture
def live_page(page, made_up):
    """A page that shows them."""
    page.emulate_media(reduced_motion="no-preference")
    page.goto(made_up.url)
    wait_for_figure(page, "losses")
    return page


def wait_for(page, panel, condition):
    page.wait_for_function(f"(plot => {condition})(document.querySelector('[data-panel={panel}] .canvas'))")


def wait_for_figure(page, panel):
    wait_for(page, panel, "plot?.data?.length > 0")


def step_of(page):
    return int(page.locator(".genlab-live").get_attribute("data-step"))


def wait_for_later_step(page):
    step = step_of(page)
    page.wait_for_function(f"Number(document.querySelector('.genlab-live').dataset.step) > {step}")


def figure(page, panel, expression):
    return page.evaluate(f"(plot => {expression})(document.querySelector('[data-panel={panel}] .canvas'))")


def tools_of(page, panel):
    return page.locator(".area", has=page.locator(f"[data-panel={panel}]")).locator(".tools")


def rerun(page):
    runs = int(page.get_by_text("reruns ").inner_text().split()[1])
    page.get_by_role("button", name="Again").click()
    page.get_by_text(f"reruns {runs + 1}").wait_for()


def orders(made_up):
    return [message["do"] for message in made_up.control()["received"] if message["type"] == "command"]
