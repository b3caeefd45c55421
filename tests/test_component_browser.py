"""The live component in Chromium, fed by a server that sends made-up frames."""

import json
import os
import re
import subprocess
import sys
import textwrap
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, becomes, free_port, until, wait_until_healthy

pytestmark = pytest.mark.slow

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


class FakeLab:
    """The server of made-up frames, and a hand on what it sends."""

    def __init__(self, url):
        self.url = url

    def control(self, **state):
        query = urllib.parse.urlencode({"set": json.dumps(state)})
        with urllib.request.urlopen(f"{self.url}/control?{query}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def fake_lab(browser, tmp_path_factory):
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
    yield FakeLab(url)
    process.terminate()
    process.wait(20)


@pytest.fixture
def lab(fake_lab):
    fake_lab.control(
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
    return fake_lab


@pytest.fixture
def live_page(page, lab):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(lab.url)
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


def test_devices_and_what_is_wrong_with_one_come_with_the_frames_of_a_page_that_was_drawn_before_a_worker_looked(
    page, lab
):
    place = {"asked": "auto", "device": "cpu", "label": "CPU", "why": "", "choices": {"cpu": "CPU"}, "problem": ""}
    lab.control(place=place)
    page.goto(f"{lab.url}?controls=1")
    choice, problem = page.locator("[data-setting=device]"), page.locator(".settings .problem")
    page.wait_for_function("() => document.querySelector('.numbers')?.textContent.includes('on CPU')")
    assert not choice.count() and not problem.is_visible()
    line = "NVIDIA H200 is not used: LSGAN differs from the CPU by 1 (allowed 0.001)"
    lab.control(place={**place, "choices": {"cpu": "CPU", "cuda:0": "NVIDIA H200"}, "problem": line})
    page.get_by_text(line).wait_for()
    assert problem.is_visible() and not page.locator("details.more").get_attribute("open")
    page.get_by_text("Show all controls").click()
    assert choice.locator("option").all_inner_texts() == ["auto", "CPU", "NVIDIA H200"]
    choice.locator("select").select_option("cuda:0")
    until(lambda: ("move", "cuda:0") in [(m.get("do"), m.get("device")) for m in lab.control()["received"]])


def test_figures_follow_the_frames_and_a_rerun_does_not_make_them_again(live_page):
    figure(live_page, "losses", "plot.mark = 'the same'")
    length = figure(live_page, "losses", "plot.data[0].x.length")
    points = figure(live_page, "plane", "Array.from(plot.data[4].x.slice(0, 3))")
    rerun(live_page)
    wait_for_later_step(live_page)
    assert figure(live_page, "losses", "plot.mark") == "the same"
    assert figure(live_page, "losses", "plot.data[0].x.length") > length
    assert figure(live_page, "plane", "Array.from(plot.data[4].x.slice(0, 3))") != points


@pytest.mark.parametrize("outliers_ignored", [False, True])
def test_zoom_survives_frames_and_reruns(live_page, outliers_ignored):
    if outliers_ignored:
        tools_of(live_page, "losses").locator("summary").click()
        tools_of(live_page, "losses").get_by_role("button", name="Ignore outliers in scaling").click()
        live_page.keyboard.press("Escape")
    live_page.evaluate(
        "window.Plotly.relayout(document.querySelector('[data-panel=losses] .canvas'),"
        " {'xaxis.range[0]': 10, 'xaxis.range[1]': 20, 'yaxis.range[0]': 0.5, 'yaxis.range[1]': 1})"
    )
    rerun(live_page)
    wait_for_later_step(live_page)
    wait_for_later_step(live_page)
    ranges = figure(live_page, "losses", "[plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]")
    assert ranges == [[10, 20], [0.5, 1]]


def test_a_frame_has_the_browser_reckon_no_width_of_the_time_line(live_page):
    """Reading it after words have changed would have the whole page's style and layout reckoned at once."""
    live_page.evaluate("""() => {
        const range = document.querySelector('.timeline input');
        window.reads = 0;
        Object.defineProperty(range, 'clientWidth', { get: () => { window.reads += 1; return 300; } });
    }""")
    wait_for_later_step(live_page)
    wait_for_later_step(live_page)
    assert live_page.evaluate("window.reads") == 0


def test_a_lost_connection_is_said_in_words_and_comes_back(live_page, lab):
    lab.control(down=True)
    live_page.get_by_text(re.compile(r"the server is gone since \d\d:\d\d:\d\d; trying again")).wait_for()
    assert live_page.locator(".genlab-live").get_attribute("data-connected") == "false"
    lab.control(down=False)
    live_page.wait_for_selector(".genlab-live[data-connected=true]")
    wait_for_later_step(live_page)


def test_freeze_stops_the_pictures_and_the_numbers_while_frames_go_on(live_page):
    live_page.locator("button.freeze").focus()
    live_page.keyboard.press("Enter")
    live_page.wait_for_selector(".genlab-live.frozen")
    live_page.wait_for_timeout(400)
    before = (step_of(live_page), live_page.locator(".numbers").inner_text())
    received = live_page.evaluate("window.genlab.frames")
    live_page.wait_for_function(f"window.genlab.frames > {received} + 3")
    assert (step_of(live_page), live_page.locator(".numbers").inner_text()) == before
    live_page.locator("button.freeze").click()
    wait_for_later_step(live_page)


def test_space_on_a_control_of_the_component_does_not_press_the_pages_button_too(live_page):
    runs = live_page.get_by_text("reruns ").inner_text()
    live_page.locator("button.freeze").focus()
    live_page.keyboard.press(" ")
    live_page.wait_for_selector(".genlab-live.frozen")
    live_page.wait_for_timeout(500)
    assert live_page.get_by_text("reruns ").inner_text() == runs


def test_curves_can_be_smoothed_hidden_and_drawn_on_a_log_axis(live_page):
    panel = live_page.locator("[data-panel=losses]")
    assert figure(live_page, "losses", "plot.data.length") == 3
    live_page.get_by_label("Smoothing of curves").fill("0.9")
    wait_for(live_page, "losses", "plot.data.length === 6")
    lines = "[plot.data[0].y, plot.data[1].y, plot.data[1].customdata].map(values => Array.from(values))"
    raw, smoothed, hovered = figure(live_page, "losses", lines)
    assert max(smoothed) - min(smoothed) < max(raw) - min(raw)
    assert hovered == raw, "hovering tells the exact value"
    panel.locator("[data-series=loss_sum]").click()
    wait_for(live_page, "losses", "plot.data.length === 4")
    tools_of(live_page, "losses").get_by_role("button", name="log", exact=True).click()
    wait_for(live_page, "losses", "plot._fullLayout.yaxis.type === 'log'")
    live_page.get_by_label("Horizontal axis of curves").select_option("seconds")
    wait_for(live_page, "losses", "plot.data[0].x[0] < 1")


def test_last_minimum_and_maximum_stand_beside_each_curve(live_page, lab):
    live_page.set_viewport_size({"width": 1366, "height": 1000})
    step = lab.control(moving=False)["step"]
    live_page.wait_for_selector(f".genlab-live[data-step='{step}']")
    for _ in range(100):
        # Read at one moment; the last frames of the motion may still be on their way.
        values, words = figure(
            live_page, "losses",
            "[Array.from(plot.data[0].y), document.querySelector('[data-series=critic_loss]').innerText]",
        )  # fmt: skip
        if f"{values[-1]:.4g}" in words:
            break
        live_page.wait_for_timeout(100)
    assert f"{values[-1]:.4g}" in words
    assert f"{min(values):.3g} … {max(values):.3g}" in words


def test_a_pinned_run_stays_as_dashed_lines_after_f5(live_page):
    # What the button says then moves no picture. Below the settings, it takes no height of theirs.
    places = "() => [...document.querySelectorAll('.genlab-live .area')].map(one => one.offsetTop + one.offsetHeight)"
    before = live_page.evaluate(places)
    live_page.locator("button.pin").click()
    wait_for(live_page, "losses", "plot.data.length === 6")
    assert before and live_page.evaluate(places) == before
    live_page.reload()
    wait_for_figure(live_page, "losses")
    wait_for(live_page, "losses", "plot.data.length === 6")
    assert figure(live_page, "losses", "plot.data.slice(3).every(line => line.line.dash === 'dash')")
    live_page.locator("button.pin").click()
    wait_for(live_page, "losses", "plot.data.length === 3")


def test_the_history_can_be_downloaded_as_csv(live_page, tmp_path):
    tools = tools_of(live_page, "losses")
    tools.locator("summary").click()
    with live_page.expect_download() as download:
        tools.get_by_role("button", name="History (CSV)").click()
    download.value.save_as(tmp_path / "history.csv")
    header, first, *rest = (tmp_path / "history.csv").read_text().splitlines()
    assert header.split(",")[:3] == ["step", "seconds", "critic_loss"]
    assert [float(x) for x in first.split(",")][:2] == [1, 0.01]
    assert len(rest) >= 99


def test_a_changed_setting_is_marked_in_the_curves(live_page, lab):
    lab.control(changes=[{"step": 50, "settings": {"n_critic": [1, 5]}}])
    wait_for(live_page, "losses", "plot.data.length === 4")
    assert figure(live_page, "losses", "[plot.data[3].x, plot.data[3].text]") == [[50], ["n_critic: 1 → 5"]]


def test_so_many_changed_settings_that_no_line_could_be_read_are_marked_by_triangles_alone(live_page, lab):
    for number, lines in ((40, 40), (200, 0)):
        lab.control(changes=[{"step": step + 1, "settings": {"n_critic": [1, 5]}} for step in range(number)])
        wait_for(live_page, "losses", f"plot.data.length === 4 && plot.data[3].x.length === {number}")
        assert figure(live_page, "losses", "plot.layout.shapes.filter(s => s.x0 === s.x1).length") == lines


def test_only_pictures_that_can_be_seen_are_asked_for(live_page, lab):
    def asked():
        return [set(m["streams"]) for m in lab.control()["received"] if m["type"] == "streams"][-1]

    assert asked() == {"history", "real", "generated", "field", "arrows"}
    live_page.locator("[data-layer=field]").click()
    live_page.locator("[data-layer=field][aria-pressed=false]").wait_for()
    live_page.get_by_role("tab", name="Weights").click()
    live_page.wait_for_timeout(300)
    assert asked() == {"history", "real", "generated", "arrows", "weights"}
    assert figure(live_page, "plane", "plot.data[0].visible") is False


def test_the_keyboards_focus_survives_a_rerun(live_page):
    chip = live_page.locator("[data-layer=mesh]")
    chip.focus()
    live_page.keyboard.press("a")
    live_page.get_by_text("reruns 2").wait_for()
    assert chip.evaluate("node => node === document.activeElement")


def test_tabs_move_with_the_arrow_keys_and_survive_a_rerun(live_page):
    live_page.get_by_role("tab", name="Losses").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft"):
        live_page.keyboard.press(key)
    selected = live_page.locator("[data-area=losses] [role=tab][aria-selected=true]")
    assert selected.inner_text() == "Gradients"
    rerun(live_page)
    assert selected.inner_text() == "Gradients"
    wait_for_figure(live_page, "gradients")
    assert figure(live_page, "gradients", "plot._fullLayout.yaxis.type") == "log"


def reruns(page):
    return page.get_by_text("reruns ").inner_text()


def test_a_divergence_is_told_as_a_lesson_and_offers_the_way_back_without_a_rerun(live_page, lab):
    runs, bar = reruns(live_page), live_page.locator(".run-bar")
    assert not bar.get_by_role("button", name="Rewind").is_visible()
    lab.control(status="diverged", diverged={"step": 812, "quantity": "critic_loss"}, moving=False)
    live_page.get_by_text("Diverged at step 812: critic_loss became NaN").wait_for()
    bar.get_by_role("button", name="Rewind").wait_for()
    assert bar.get_by_role("button", name="Play").is_disabled()
    live_page.wait_for_timeout(500)
    assert reruns(live_page) == runs


def test_another_objective_of_the_run_draws_the_page_anew_once(live_page, lab):
    lab.control(objective="wgan")
    live_page.get_by_text("reruns 2").wait_for()
    live_page.wait_for_timeout(1000)
    # The page of this test stays at its own objective, and is not asked again and again.
    assert reruns(live_page) == "reruns 2"


def test_a_page_that_asked_while_its_run_was_being_deleted_asks_again_once_it_is(live_page, lab):
    # A run leaves its worker before it is deleted: in between the page is told that the run is still there.
    lab.control(status="stopped", moving=False)
    live_page.get_by_text("reruns 2").wait_for()
    lab.control(message="This run was deleted.")
    live_page.get_by_text("reruns 3").wait_for()
    live_page.wait_for_timeout(1000)
    assert reruns(live_page) == "reruns 3"


def test_no_rerun_is_asked_for_while_the_page_that_a_link_leads_to_is_on_its_way(live_page, lab):
    # Streamlit would answer it with the page that is being left.
    live_page.evaluate("""() => {
        const link = document.body.appendChild(document.createElement("a"));
        link.href = "/elsewhere";
        link.addEventListener("click", event => event.preventDefault());
        link.click();
    }""")
    lab.control(objective="wgan")
    wait_for_later_step(live_page)
    live_page.wait_for_timeout(1500)
    assert reruns(live_page) == "reruns 1"


def orders(lab):
    return [message["do"] for message in lab.control()["received"] if message["type"] == "command"]


def test_keys_and_buttons_send_commands_and_a_refusal_is_said_in_its_line(live_page, lab):
    before = len(orders(lab))
    live_page.keyboard.press("Space")
    live_page.keyboard.press("s")
    live_page.keyboard.press("n")
    live_page.locator(".run-bar").get_by_role("button", name="Reset").click()
    live_page.locator(".genlab-live").get_by_role("alert").get_by_text("No more.").wait_for()
    becomes(lambda: orders(lab)[before:], ["pause", "step", "new_seed", "reset"])
    # The space bar presses what has the focus.
    live_page.keyboard.press("Space")
    becomes(lambda: orders(lab)[before:], ["pause", "step", "new_seed", "reset", "reset"])


def test_held_s_steps_on_and_on_one_after_the_other(live_page, lab):
    before = len(orders(lab))
    repeats = 0
    while len(orders(lab)) - before < 3:
        live_page.keyboard.down("s")
        live_page.wait_for_timeout(60)
        repeats += 1
        assert repeats < 200, "steps do not go on"
    live_page.keyboard.up("s")
    assert len(orders(lab)) - before <= repeats and set(orders(lab)[before:]) == {"step"}


def test_a_changed_objective_changes_the_panels_and_keeps_those_that_stay(live_page):
    figure(live_page, "plane", "plot.mark = 'the same'")
    live_page.get_by_role("combobox", name="objective").click()
    live_page.get_by_role("option", name="wgan").click()
    live_page.locator(".formula", has_text="f(G(z))").wait_for()
    wait_for_later_step(live_page)
    assert figure(live_page, "plane", "plot.mark") == "the same"
    assert "W₁" in live_page.get_by_role("tab").all_inner_texts()


def test_a_companion_s_curves_follow_its_own_frames_until_it_is_taken_away(page, lab):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{lab.url}/?beside=run-2")
    wait_for(page, "losses", "plot?.data?.length === 6 && plot.data[3].x.length > 100")
    dashed = figure(page, "losses", "plot.data.slice(3).map(trace => [trace.name, trace.line.dash])")
    assert {dash for _, dash in dashed} == {"dash"} and all(name.startswith("the other: ") for name, _ in dashed)
    page.get_by_text("Dashed: the other · step").wait_for()
    assert {message["hz"] for message in lab.control()["received"] if message["type"] == "rate"} >= {2, 5}
    page.get_by_role("button", name="Take away").click()
    wait_for(page, "losses", "plot.data.length === 3")
    assert not page.locator(".companion").is_visible()


def test_leaving_the_page_closes_the_socket(live_page, lab):
    live_page.locator("[data-testid=stCheckbox] label").click()
    live_page.locator(".genlab-live").wait_for(state="detached")
    for _ in range(50):
        if lab.control()["sockets"] == 0:
            break
        live_page.wait_for_timeout(100)
    assert lab.control()["sockets"] == 0


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_all_is_on_the_screen_and_every_target_is_large_enough(live_page, size):
    live_page.set_viewport_size({"width": size[0], "height": size[1]})
    wait_for_later_step(live_page)
    for panel in ("plane", "losses"):
        box = live_page.locator(".area", has=live_page.locator(f"[data-panel={panel}]")).bounding_box()
        assert box["y"] + box["height"] <= size[1]
        assert box["width"] > 300 and box["height"] >= 200
    targets = live_page.locator(".genlab-live :is(button, summary, select, input):visible")
    for box in targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"):
        assert box["width"] >= 24 and box["height"] >= 24


def test_points_that_left_the_picture_are_counted_in_it(live_page, lab):
    wait_for_figure(live_page, "plane")
    words = "plot.querySelector('.infolayer .annotation')?.textContent"
    # The ring's radius is 1.1 in a plane that reaches 1.6 at least, and then 3.
    assert figure(live_page, "plane", words) is None
    lab.control(step=2000, moving=False)
    wait_for(live_page, "plane", f"/^◆ (\\d+) of \\1 lie outside$/.test({words})")
    lab.control(step=100, moving=False)
    wait_for(live_page, "plane", f"{words} === undefined")
    live_page.evaluate("() => window.genlab.panels.get('plane').zoomTo([[0, 2], [0, 2]])")
    outside = "Array.from(plot.data[4].x).filter((x, i) => x < 0 || plot.data[4].y[i] < 0).length"
    wait_for(live_page, "plane", f"{words} === `◆ ${{{outside}}} of ${{plot.data[4].x.length}} lie outside`")
    live_page.evaluate("() => window.genlab.panels.get('plane').resetZoom()")
    wait_for(live_page, "plane", f"{words} === undefined")


class Held:
    """Requests for the lab's module, which wait until they may go."""

    pattern = "**/live/stage/*/lab.js"

    def __init__(self, page):
        self.page, self.waiting = page, []
        page.route(self.pattern, lambda route: self.waiting.append(route))

    def visit(self, url):
        with self.page.expect_request(self.pattern) as request:
            self.page.goto(url)
        self.address = request.value.url
        self.page.get_by_text("reruns 1").wait_for()

    def go(self):
        for route in self.waiting:
            route.continue_()
        self.page.unroute(self.pattern)


@pytest.fixture
def held(page):
    return Held(page)


def test_a_rerun_while_the_modules_are_on_their_way_leaves_one_living_picture(page, lab, held):
    held.visit(lab.url)
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="wgan").click()
    page.get_by_text("reruns 2").wait_for()
    held.go()
    page.locator(".genlab-live[data-step]").wait_for()
    wait_for_later_step(page)
    assert page.locator(".genlab-live").count() == 1
    assert lab.control()["sockets"] == 1


def test_a_component_that_goes_before_its_modules_come_opens_nothing(page, lab, held):
    while lab.control()["sockets"]:
        page.wait_for_timeout(50)  # those of the test before
    held.visit(lab.url)
    page.get_by_text("hide").click()
    page.get_by_text("reruns 2").wait_for()
    held.go()
    page.evaluate("address => import(address).then(() => new Promise(setTimeout))", held.address)
    assert page.locator(".genlab-live").count() == 0
    assert lab.control()["sockets"] == 0


def test_a_page_whose_modules_the_server_has_no_more_says_what_to_do(page, lab):
    page.route("**/live/stage/*/live.js", lambda route: route.fulfill(status=404, body="another version"))
    page.goto(lab.url)
    page.get_by_text("reload the page").wait_for()
    page.unroute("**/live/stage/*/live.js")
    page.reload()
    wait_for_figure(page, "losses")


def test_two_versions_of_the_modules_live_beside_each_other(live_page, lab):
    """An open page keeps its modules when the server is updated; all of one version come from one address."""
    loaded = live_page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    addresses = [name.split("/live/stage/")[1].split("/")[0] for name in loaded if "/live/stage/" in name]
    assert len(addresses) > 20 and len(set(addresses)) == 1
    copy = "0" * 16

    def serve(route):
        route.continue_(url=route.request.url.replace(copy, addresses[0]))

    live_page.route(f"**/live/stage/{copy}/**", serve)
    alone = live_page.evaluate(
        "async versions => { const load = version => import(`/live/stage/${version}/wire/feed.js`);"
        " const [mine, other] = await Promise.all(versions.map(load));"
        " return mine.Feed !== other.Feed && window.genlab.feed instanceof mine.Feed; }",
        [addresses[0], copy],
    )
    live_page.unroute(f"**/live/stage/{copy}/**")
    assert alone


def box_of(locator):
    box = locator.bounding_box()
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def enlarge(page, panel):
    area = page.locator(".area", has=page.locator(f"[data-panel={panel}]"))
    area.get_by_role("button", name="Enlarge").click()
    page.locator(".genlab-live.enlarged").wait_for()


@pytest.mark.parametrize("refused", [False, True], ids=["full screen", "where full screen is refused"])
@pytest.mark.parametrize("panel", ["plane", "losses"])
def test_enlarge_gives_one_panel_the_whole_screen_with_its_values_and_escape_gives_it_back(live_page, panel, refused):
    if refused:
        live_page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(Error('refused')); }")
    root, canvas = live_page.locator(".genlab-live"), live_page.locator(f"[data-panel={panel}] .canvas")
    wait_for_figure(live_page, panel)
    before, small = box_of(root), canvas.bounding_box()
    enlarge(live_page, panel)
    if not refused:
        live_page.wait_for_function("() => document.fullscreenElement?.matches('.genlab-live')")
    wait_for(live_page, panel, "plot._fullLayout.width === plot.clientWidth && plot._fullLayout.font.size >= 16")
    width, height = live_page.evaluate("() => [innerWidth, innerHeight]")
    assert box_of(root) == (0, 0, width, height)
    large = canvas.bounding_box()
    assert large["width"] > 0.9 * width and large["height"] > 0.6 * height
    assert large["width"] * large["height"] > 2 * small["width"] * small["height"]
    shown = [one for one in live_page.locator(".genlab-live [data-panel]").all() if one.is_visible()]
    assert [one.get_attribute("data-panel") for one in shown] == [panel]
    # Legend, formula with its values, and status stand around it and are cut nowhere.
    around = [*live_page.locator(f"[data-panel={panel}] .under > button").all(), *root.locator(".formula output").all()]
    assert len(around) > 3
    for one in [*around, root.locator(".status strong"), root.locator(".status .numbers")]:
        left, top, right, bottom = box_of(one)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height, one
        assert one.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 16
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.enlarged)").wait_for()
    live_page.wait_for_function("() => !document.fullscreenElement")
    wait_for(live_page, panel, f"Math.abs(plot._fullLayout.width - {small['width']}) < 1")
    assert box_of(root) == before


@pytest.mark.parametrize("width, letters", [(1366, 17), (1920, 24)])
def test_an_enlarged_panel_is_written_for_the_back_of_the_room(live_page, width, letters):
    live_page.set_viewport_size({"width": width, "height": 9 * width // 16})
    enlarge(live_page, "losses")
    wait_for(live_page, "losses", f"plot._fullLayout.font.size === {letters}")
    live_page.wait_for_function(
        "least => { const written = document.querySelectorAll('[data-panel=losses] :is(.xtick text, .series span)');"
        " const sizes = Array.from(written, node => parseFloat(getComputedStyle(node).fontSize));"
        " return sizes.length > 5 && sizes.every(size => size >= least); }",
        arg=letters - 1,
    )


def test_the_run_s_buttons_are_within_reach_of_an_enlarged_panel(live_page, lab):
    before = len(orders(lab))
    enlarge(live_page, "plane")
    live_page.locator(".genlab-live.enlarged .run-bar").get_by_role("button", name="Pause").click()
    wait_for_later_step(live_page)
    live_page.keyboard.press("n")
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.enlarged)").wait_for()
    becomes(lambda: orders(lab)[before:], ["pause", "new_seed"])


def test_silence_is_said_with_its_beginning_while_another_connection_is_tried_until_a_frame_comes(live_page, lab):
    assert not live_page.get_by_text("no news since").count()
    opened = lab.control(silent=True)["opened"]
    said = live_page.get_by_text("no news since")
    said.wait_for()
    assert "steps/s" not in live_page.locator(".status").inner_text()
    first = said.inner_text()
    while lab.control()["opened"] < opened + 2:
        live_page.wait_for_timeout(200)
    assert said.inner_text() == first, "silence has one beginning, however often one tries"
    lab.control(silent=False)
    live_page.get_by_text("running", exact=True).wait_for()
    wait_for_later_step(live_page)
    assert not said.count()
    while lab.control()["sockets"] > 1:
        live_page.wait_for_timeout(50)


def test_a_run_at_rest_is_silent_and_nothing_is_said_of_it(live_page, lab):
    lab.control(status="paused")
    live_page.get_by_text("paused", exact=True).wait_for()
    opened = lab.control(silent=True)["opened"]
    live_page.wait_for_timeout(5000)
    assert not live_page.get_by_text("no news since").count()
    assert lab.control()["opened"] == opened


def test_the_page_s_keys_work_after_a_slider_was_moved_by_keyboard_and_the_slider_keeps_the_focus(page, lab):
    page.goto(f"{lab.url}/?slider=yes")
    page.get_by_text("slid to 5").wait_for()
    runs = int(page.get_by_text("reruns ").inner_text().split()[1])
    slider = page.get_by_role("slider", name="beta")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("slid to 6").wait_for()
    page.keyboard.press("a")
    page.get_by_text(f"reruns {runs + 2}").wait_for()
    before = len(orders(lab))
    page.keyboard.press("Space")
    page.keyboard.press("s")
    becomes(lambda: orders(lab)[before:], ["pause", "step"])
    page.keyboard.press("ArrowRight")
    page.get_by_text("slid to 7").wait_for()


def test_the_page_s_keys_work_while_a_slider_of_the_pictures_has_the_focus(live_page):
    smoothing = live_page.get_by_label("Smoothing of curves")
    smoothing.focus()
    live_page.keyboard.press("a")
    live_page.get_by_text("reruns 2").wait_for()
    live_page.keyboard.press("End")
    assert smoothing.input_value() == "0.99"


def test_a_critic_without_a_slope_is_painted_flat_and_says_so(live_page, lab):
    shade = "value => (value - zmin) / (zmax - zmin)"
    shades = f"(({{ z = [], zmin, zmax }}) => z.flatMap(row => [...row]).map({shade}))(plot.data[0])"
    wait_for(live_page, "plane", f"({shades}).some(shade => shade > 0.9)")
    assert not live_page.get_by_text("field flat").count()
    lab.control(steepness=1e-9)
    live_page.get_by_text("field flat: 0 ± 2.2e−9").wait_for()
    assert all(abs(shade - 0.5) < 0.01 for shade in figure(live_page, "plane", shades))
    live_page.locator("[data-panel=plane] [data-layer=field]").click()
    live_page.get_by_text("field flat").wait_for(state="detached")


def test_a_picture_that_nothing_has_come_for_says_why_and_what_to_do(live_page, lab):
    words = live_page.locator("[data-panel=losses] .nothing")
    assert words.is_hidden()
    lab.control(step=0, status="paused", moving=False)
    words.wait_for()
    assert words.inner_text() == "Nothing to draw before the first step: press Play."
    assert not live_page.locator("[data-panel=losses] .canvas").is_visible()
    assert live_page.locator(".happening").is_hidden(), "a run that has not begun is called nothing"
    lab.control(step=5, status="running", moving=True)
    words.wait_for(state="hidden")
    assert live_page.locator("[data-panel=losses] .canvas").is_visible()


def test_curves_begin_and_are_scaled_anew_when_another_objective_does(live_page, lab):
    change = {"step": 150, "settings": {"objective": ["nonsaturating", "wgan"]}}
    lab.control(step=300, moving=False, spike=151, changes=[{**change, "settings": {"clip": [0.1, 0.2]}}])
    wait_for(live_page, "losses", "plot.data[0].y.includes(1000) && plot._fullLayout.yaxis.range[1] > 900")
    assert not figure(live_page, "losses", "plot.data[0].y.some(Number.isNaN)")
    lab.control(changes=[change])
    wait_for(live_page, "losses", "plot._fullLayout.yaxis.range[1] < 5")
    live_page.get_by_text("scaled to what came after the objective changed at step 150").wait_for()
    gaps = (
        "(({ x, y }) => x.flatMap((at, i) => (Number.isNaN(at) && Number.isNaN(y[i]) ? [x[i - 1]] : [])))(plot.data[0])"
    )
    assert figure(live_page, "losses", gaps) == [150]
    assert figure(live_page, "losses", "plot.data[0].y.includes(1000)"), "the spike stays in the curve"


@pytest.mark.parametrize("panel", ["losses", "plane"])
def test_a_picture_for_a_slide_has_title_legend_set_up_and_step_in_letters_that_can_be_read(live_page, lab, panel):
    live_page.set_viewport_size({"width": 1366, "height": 600})
    step = lab.control(moving=False)["step"]
    becomes(lambda: step_of(live_page), step)
    area = live_page.locator(".area", has=live_page.locator(f"[data-panel={panel}]"))
    area.locator("summary[aria-label=More]").click()
    with live_page.expect_download() as download:
        area.get_by_role("button", name="Picture (SVG)").click()
    picture = Path(download.value.path()).read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", picture)
    title, entries = {
        # The panel itself is too low to have the title of its axis.
        "losses": ("Losses", ("discriminator loss", "generator loss", "game's sum", "generator step")),
        "plane": ("Plane", ("real", "generated")),
    }[panel]
    for word in (title, *entries, "n_critic 3", "Seed 7", f"step {step}"):
        assert word in words.replace("&#39;", "'"), word
    assert float(re.search(r'<svg[^>]* width="(\d+)"', picture)[1]) >= 1200
    # All but an index below its letter.
    sizes = re.findall(r"font-size: ?(\d+)px", picture)
    assert len(sizes) > 10 and min(map(float, sizes)) >= 18


def letters(page, root: str) -> dict[str, float]:
    """The size in px of every text that can be seen in an element."""
    return page.evaluate(
        "root => { const found = {}, node = document.querySelector(root);"
        " const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);"
        " while (walk.nextNode()) { const { parentElement: holder, textContent: text } = walk.currentNode;"
        " const box = holder.getBoundingClientRect();"
        " if (!text.trim() || !box.width || !holder.checkVisibility({ visibilityProperty: true })) continue;"
        " if (holder.closest('sub, .modebar, [dy], style, canvas')) continue;"
        " found[text] = parseFloat(getComputedStyle(holder).fontSize); }"
        " return found; }",
        root,
    )


def test_presenter_mode_shows_two_pictures_that_can_be_read_from_the_last_row_and_obeys_a_clicker(live_page, lab):
    live_page.set_viewport_size({"width": 1920, "height": 1080})
    before = lab.control(moving=False)
    live_page.keyboard.press("p")
    root = live_page.locator(".genlab-live.present")
    root.wait_for()
    wait_for(live_page, "plane", "plot._fullLayout.font.size === 25")
    wait_for(live_page, "plane", "Math.abs(plot._fullLayout.width - plot.clientWidth) < 1")
    assert box_of(root) == (0, 0, 1920, 1080)

    def shown():
        panels = live_page.locator(".present [data-panel]").all()
        return [one.get_attribute("data-panel") for one in panels if one.is_visible()]

    assert shown() == ["plane", "losses"]
    wait_for(live_page, "losses", "plot._fullLayout?.font.size === 25")
    sizes = letters(live_page, ".genlab-live.present")
    assert len(sizes) > 15 and {text: size for text, size in sizes.items() if size < 24} == {}
    live_page.keyboard.press("PageDown")
    live_page.wait_for_function("() => !document.querySelector('[data-panel=losses]').checkVisibility()")
    assert shown()[0] == "plane" and len(shown()) == 2
    live_page.keyboard.press("PageUp")
    live_page.wait_for_function("() => document.querySelector('[data-panel=losses]').checkVisibility()")
    assert [one for one in lab.control()["received"] if one["type"] == "look"] == [
        one for one in before["received"] if one["type"] == "look"
    ], "the time line is everybody's"
    live_page.keyboard.press("Escape")
    live_page.locator(".genlab-live:not(.present)").wait_for()


def test_the_address_may_ask_for_presenter_mode_and_a_letter_in_a_field_does_not(page, lab):
    page.goto(f"{lab.url}/?present=1")
    page.locator(".genlab-live.present").wait_for()
    page.keyboard.press("P")
    page.locator(".genlab-live:not(.present)").wait_for()
    page.get_by_label("Horizontal axis of curves").focus()
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    assert not page.locator(".genlab-live.present").count()
