"""The lab in a real Chromium: what a person presses, moves and reloads."""

import os
import re
import signal
import subprocess
import time

import pytest
from conftest import start_server, stop_server
from playwright.sync_api import expect
from tabs import SECONDS, Lab, traces

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_play_makes_the_step_rise_and_every_visible_figure_change(lab, kind):
    lab.open(kind)
    lab.press("One step")
    lab.wait("h.step === 1")
    shown = lab.page.evaluate(
        "() => [...document.querySelectorAll('[data-panel]')]"
        ".filter(p => p.offsetParent && p.querySelector('.js-plotly-plot')).map(p => p.dataset.panel)"
    )
    assert shown
    before = {panel: lab.page.evaluate(f"() => {traces(panel)}") for panel in shown}
    lab.press("Play")
    # It may have come to rest, where its claim is judged, before a busy machine shows a frame.
    lab.wait("h.step > 30")
    for panel in shown:
        lab.page.wait_for_function(f"(old) => {traces(panel)} !== old", arg=before[panel], timeout=SECONDS)


def test_pause_stands_still_and_one_step_is_one_step(lab):
    lab.open("gan")
    lab.press("Play")
    lab.wait("h.step > 20")
    step = lab.pause()
    time.sleep(1)
    assert lab.header("step") == step
    lab.press("One step")
    lab.wait("h.step === v[0] + 1 && h.status === 'paused'", step)


def test_keys_do_what_the_buttons_do(lab):
    lab.open("gan")
    lab.page.keyboard.press("Space")
    lab.wait("h.status === 'running' && h.step > 5")
    lab.page.locator(".run-bar").get_by_role("button", name="Pause").wait_for()
    lab.page.keyboard.press("Space")
    lab.wait("h.status === 'paused'")


def test_a_moved_beta_acts_on_the_running_model(lab):
    lab.open("vae?width=32")
    lab.press("Play")
    lab.wait("h.step > 20 && h.last.beta === 1")
    lab.set("beta", "8")
    lab.wait("h.last.beta === 8")
    lab.wait("lab.changes.length === 1")
    change = lab.page.evaluate("window.genlab.changes[0]")
    assert change["settings"]["beta"] == [1, 8]
    assert lab.header("step") >= change["step"] > 20
    lab.page.wait_for_url("**beta=8**")


def test_a_moved_n_critic_acts_on_the_running_model(lab):
    lab.open("gan?objective=wgan")
    lab.press("Play")
    lab.wait("h.step > 20")
    lab.set("n_critic", "5")
    lab.wait("h.config.n_critic === 5 && lab.changes.length === 1")
    assert lab.page.evaluate("window.genlab.changes[0].settings") == {"n_critic": [1, 5]}
    step = lab.header("step")
    lab.wait("h.step > v[0] + 20", step)


@pytest.mark.parametrize("query", ["free_bits=1&beta=2", "beta=2"])
def test_what_the_code_is_charged_is_what_the_loss_adds_to_the_reconstruction(lab, query):
    lab.open(f"vae?data=ring8_soft&width=16&{query}")
    lab.press("One step")
    lab.wait("h.step === 1")
    charged = "Number(document.querySelector('[data-series=weighted_kl] > b').textContent.replace('−', '-'))"
    lab.wait(f"Math.abs({charged} / (h.last.loss - h.last.reconstruction) - 1) < 1e-3")


@pytest.mark.parametrize(
    ("path", "name"),
    [("gan", "Generator learning rate"), ("vae?width=16&beta=0.1", "KL weight"), ("games?step=0.01", "Step h")],
)
def test_a_slider_that_is_moved_key_by_key_stays_where_the_hand_left_it(lab, path, name):
    """Each key is a request of its own, which may leave before the box beside the slider was told of the last."""
    lab.page.goto(f"{lab.url}/{path}")
    slider = lab.page.get_by_role("slider", name=name).first
    slider.focus()
    start = int(slider.input_value())
    for _ in range(8):
        lab.page.keyboard.press("ArrowRight")
        lab.page.wait_for_timeout(120)
    lab.page.wait_for_timeout(1500)
    assert int(slider.input_value()) == start + 8
    box = lab.page.get_by_role("spinbutton", name=name).first
    expect(box).to_have_value(slider.get_attribute("aria-valuetext"), timeout=SECONDS)
    assert int(slider.input_value()) == start + 8


def test_a_structural_setting_starts_afresh_and_says_so(lab):
    lab.open("gan")
    lab.press("Play")
    lab.wait("h.step > 100")
    lab.set("noise_dim", "7")
    lab.wait("h.config.noise_dim === 7 && h.step >= 1")
    lab.page.get_by_text("Fresh run: Noise dimension").first.wait_for()


def test_the_same_seed_gives_the_same_curve_after_a_reset(lab):
    lab.open("gan")

    def curve():
        for step in range(1, 4):
            lab.press("One step")
            lab.wait("h.step === v[0]", step)
        return lab.page.evaluate("() => Array.from(window.genlab.arrays['history.critic_loss'].values)")

    first = curve()
    lab.press("Reset")
    lab.wait("h.step === 0")
    assert curve() == first


def test_f5_and_a_second_tab_find_the_run_again(lab):
    lab.open("gan?n_critic=3")
    lab.press("Play")
    lab.wait("h.step > 20")
    run, step = lab.header("run"), lab.pause()
    lab.page.wait_for_url(f"**run={run}**")
    address = lab.page.url
    lab.page.reload()
    lab.ready()
    assert (lab.header("run"), lab.header("step"), lab.header("config.n_critic")) == (run, step, 3)
    other = Lab(lab.page.context.new_page(), lab.url)
    other.page.goto(address)
    other.ready()
    assert (other.header("run"), other.header("step")) == (run, step)
    other.press("One step")
    lab.wait("h.step === v[0] + 1", step)


def test_a_set_up_survives_a_visit_to_another_page(lab):
    lab.open("gan?objective=wgan&clip=0.1")
    run = lab.header("run")
    lab.page.get_by_role("link", name="VAE").click()
    lab.page.wait_for_function("() => window.genlab?.header?.model === 'vae'", timeout=SECONDS)
    assert "objective" not in lab.page.url
    lab.page.get_by_role("link", name="GAN").click()
    lab.wait("h.model === 'gan' && h.run === v[0]", run)
    lab.page.wait_for_url("**objective=wgan**")


def test_neither_reconstruction_nor_kl_of_digits_is_flat_on_its_axis(lab):
    """Both fall on while their first steps leave the picture, so it is seen from step 1,000 on."""
    lab.open("vae?width=32")
    lab.press("Play")
    lab.wait("h.step > 1000")
    spread = """v => {
        const late = Array.from(lab.arrays["history." + v[1]].values).slice(50);
        const [low, high] = lab.panels.get("terms").canvas._fullLayout[v[0]].range;
        return (Math.max(...late) - Math.min(...late)) / (high - low) > 0.2;
    }"""
    for axis, series in [("yaxis", "reconstruction"), ("yaxis3", "kl")]:
        lab.wait(f"({spread})(v)", axis, series)


def test_divergence_is_shown_as_a_lesson_and_can_be_rewound(lab):
    steep = "critic_learning_rate=1&generator_learning_rate=1&critic_optimizer=sgd&generator_optimizer=sgd"
    lab.open(f"gan?objective=lsgan&{steep}")
    lab.press("Play")
    lab.wait("h.status === 'diverged'")
    diverged = lab.header("diverged")
    assert diverged["step"] >= 1 and diverged["quantity"]
    lab.page.locator(".genlab-live").get_by_text(f"Diverged at step {diverged['step']}").first.wait_for()
    assert lab.page.evaluate("() => window.genlab.arrays['history.step'].values.length") > 0
    lab.press("Rewind")
    lab.wait("h.status === 'paused' && h.diverged === null && h.step <= v[0]", diverged["step"])


def test_a_bad_address_opens_the_lab_and_says_what_was_left_out(lab):
    lab.open("gan?clip=77&objective=wgan&nonsense=1")
    lab.page.get_by_text("clip = 77: allowed is 0.0005 to 1, or off").first.wait_for()
    lab.page.get_by_text("nonsense: gan has no such setting").first.wait_for()
    assert lab.header("config.objective") == "wgan"


@pytest.mark.parametrize(
    ("path", "theme"), [("vae", "light"), ("vae?data=moons", "dark"), ("gan", "dark"), ("gan?data=mnist", "light")]
)
def test_run_bar_picture_and_losses_are_on_the_screen_without_scrolling(lab, path, theme):
    lab.page.emulate_media(color_scheme=theme)
    lab.open(path)
    lab.press("One step")
    lab.wait("h.step === 1")
    for width, height, grid in [(1366, 768, "narrow"), (1920, 1080, "wide")]:
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.wait("lab.root.dataset.grid === v[0]", grid)
        for selector in (".run-bar", ".genlab-live [data-panel]", "[data-panel=terms], [data-panel=losses]"):
            box = lab.page.locator(selector).first.bounding_box()
            assert box["x"] >= 0 and box["y"] >= 0
            assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
            assert box["width"] > 200 or selector == ".run-bar"
        scrolls = "() => document.querySelector('[data-testid=stMain]').scrollTop"
        assert lab.page.evaluate(scrolls) == 0
    assert lab.page.evaluate("() => document.querySelector('.genlab-live').dataset.theme") == theme


def test_the_plane_takes_the_height_of_the_window_and_in_small_ones_nothing_is_cut(lab):
    lab.open("gan")
    lab.press("One step")
    lab.wait("h.step === 1")
    side = "Math.min(...['xaxis', 'yaxis'].map(axis => lab.panels.get('plane').canvas._fullLayout[axis]._length))"
    windows = [(1366, 768, 470), (1920, 1080, 700), (1024, 768, 250), (683, 384, 250), (390, 800, 200)]
    for width, height, least in windows:
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.wait(f"{side} >= v[0]", least)
        boxes = lab.page.locator(".genlab-live .area").evaluate_all(
            "nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"
        )
        for box in boxes:
            assert box["height"] >= 200 and box["left"] >= 0 and box["right"] <= width, (width, height, box)
    lab.page.set_viewport_size({"width": 1366, "height": 768})


@pytest.mark.parametrize("size", [(683, 384), (390, 800)])
def test_a_small_window_and_a_doubled_zoom_leave_every_curve_room_and_every_tab_its_name(lab, size):
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open("gan")
    lab.press("One step")
    lab.wait("h.step === 1")
    for curves in lab.page.locator(".genlab-live .panel.curves .canvas:visible").all():
        assert curves.bounding_box()["height"] >= 100
    words = lab.page.locator(".genlab-live [role=tab]")
    assert words.count() >= 7
    assert words.evaluate_all("nodes => nodes.every(node => node.scrollWidth <= node.clientWidth)")
    buttons = lab.page.locator(".timeline button")
    for box in buttons.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"):
        assert 0 <= box["left"] and box["right"] <= size[0]


def test_the_home_page_starts_a_set_up_with_one_click(lab):
    lab.page.goto(lab.url)
    # A picture that can be enlarged is a button too, named by its words.
    buttons = lab.page.get_by_role("button", name=re.compile("Start$"))
    buttons.nth(5).wait_for()
    buttons.first.click()
    lab.ready()
    lab.wait("h.step > 0")


# ---- with a server of their own: they disturb others ----


def workers_of(process: subprocess.Popen) -> list[int]:
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in children.stdout.split()]


@pytest.mark.skipif(os.name != "posix", reason="kills processes by POSIX signals")
def test_a_killed_worker_is_replaced_and_the_page_says_what_happened(page, tmp_path):
    server = start_server(tmp_path)
    try:
        lab = Lab(page, server.url).open("gan")
        lab.press("Play")
        lab.wait("h.step > 50")
        for pid in workers_of(server.process):
            os.kill(pid, signal.SIGKILL)
        lab.wait("h.message.includes('died')")
        lab.wait("h.status === 'running' && h.message.includes('died')")
        step = lab.header("step")
        lab.wait("h.step > v[0]", step)
    finally:
        stop_server(server)


@pytest.mark.skipif(os.name != "posix", reason="looks for processes with ps")
def test_a_stopped_server_leaves_no_process_and_finds_its_runs_again(page, tmp_path):
    server = start_server(tmp_path)
    lab = Lab(page, server.url).open("gan")
    lab.press("Play")
    lab.wait("h.step > 20")
    step, address = lab.pause(), lab.page.url
    workers = workers_of(server.process)
    assert workers
    stop_server(server)
    alive = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(map(str, workers))], capture_output=True, text=True)
    assert alive.stdout.split() == []
    again = start_server(tmp_path)
    try:
        other = Lab(page.context.new_page(), again.url)
        other.open(f"gan{address[address.index('?') :]}")
        assert other.header("step") == step
    finally:
        stop_server(again)
