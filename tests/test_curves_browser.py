"""Curves of the live component: smoothed, pinned, marked where something changed, and taken away as numbers."""

import pytest
from made_up_frames import figure, tools_of, wait_for, wait_for_figure

pytestmark = pytest.mark.slow


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


def test_last_minimum_and_maximum_stand_beside_each_curve(live_page, made_up):
    live_page.set_viewport_size({"width": 1366, "height": 1000})
    step = made_up.control(moving=False)["step"]
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


def test_a_changed_setting_is_marked_in_the_curves(live_page, made_up):
    made_up.control(changes=[{"step": 50, "settings": {"n_critic": [1, 5]}}])
    wait_for(live_page, "losses", "plot.data.length === 4")
    assert figure(live_page, "losses", "[plot.data[3].x, plot.data[3].text]") == [[50], ["n_critic: 1 → 5"]]


def test_so_many_changed_settings_that_no_line_could_be_read_are_marked_by_triangles_alone(live_page, made_up):
    for number, lines in ((40, 40), (200, 0)):
        made_up.control(changes=[{"step": step + 1, "settings": {"n_critic": [1, 5]}} for step in range(number)])
        wait_for(live_page, "losses", f"plot.data.length === 4 && plot.data[3].x.length === {number}")
        assert figure(live_page, "losses", "plot.layout.shapes.filter(s => s.x0 === s.x1).length") == lines


def test_curves_begin_and_are_scaled_anew_when_another_objective_does(live_page, made_up):
    change = {"step": 150, "settings": {"objective": ["nonsaturating", "wgan"]}}
    made_up.control(step=300, moving=False, spike=151, changes=[{**change, "settings": {"clip": [0.1, 0.2]}}])
    wait_for(live_page, "losses", "plot.data[0].y.includes(1000) && plot._fullLayout.yaxis.range[1] > 900")
    assert not figure(live_page, "losses", "plot.data[0].y.some(Number.isNaN)")
    made_up.control(changes=[change])
    wait_for(live_page, "losses", "plot._fullLayout.yaxis.range[1] < 5")
    live_page.get_by_text("scaled to what came after the objective changed at step 150").wait_for()
    gaps = (
        "(({ x, y }) => x.flatMap((at, i) => (Number.isNaN(at) && Number.isNaN(y[i]) ? [x[i - 1]] : [])))(plot.data[0])"
    )
    assert figure(live_page, "losses", gaps) == [150]
    assert figure(live_page, "losses", "plot.data[0].y.includes(1000)"), "the spike stays in the curve"
