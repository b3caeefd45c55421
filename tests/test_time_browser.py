"""The time machine in Chromium: look back, branch off, and rewind past a divergence."""

import pytest
from conftest import becomes
from tabs import SECONDS, Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SMALL = "generator_width=16&critic_width=16&batch_size=32"
EXPLODES = f"gan?{SMALL}&objective=wgan&clip=off&critic_optimizer=sgd&critic_learning_rate=1"


def paused_behind(lab, step):
    lab.press("Play")
    lab.wait("h.step > v[0]", step)
    return lab.pause()


def go(lab, name):
    lab.page.locator(".timeline").get_by_role("button", name=name).click()


def words(lab):
    return lab.page.locator(".timeline .words").inner_text()


def samples(lab):
    return lab.page.evaluate("() => Array.from(window.genlab.arrays['generated.xy'].values)")


def losses(lab):
    """Of each line of the losses: its name, whether it is dashed, and its steps."""
    return lab.page.evaluate(
        "() => document.querySelector('[data-panel=losses] .canvas').data.filter(t => t.mode === 'lines')"
        ".map(t => [t.name, t.line.dash === 'dash', Array.from(t.x)])"
    )


def wait_for_mark(lab, step):
    """Until the losses have the line of this step, or none."""
    lab.page.wait_for_function(
        "step => (document.querySelector('[data-panel=losses] .canvas').layout.annotations"
        ".map(a => a.text).find(text => text.startsWith('step ')) ?? null) === step",
        arg=step and f"step {step:,}",
        timeout=SECONDS,
    )


def test_the_keyboard_scrubs_back_and_a_branch_goes_on_beside_the_run(lab):
    lab.open(f"gan?{SMALL}")
    step = paused_behind(lab, 110)
    now = samples(lab)
    slider = lab.page.locator(".timeline input")
    shown, pictures = lab.page.locator("[data-series=critic_loss] > b"), {}
    first, second = [stop for stop in reversed(lab.header("timeline")) if stop < step][:2]
    for stop in (first, second):
        slider.press("ArrowLeft")
        lab.wait("h.looking === v[0] && h.step === v[1]", stop, step)
        wait_for_mark(lab, stop)
        lab.page.get_by_text(f"Looking at step {stop:,}; the run is at {step:,}").wait_for()
        pictures[stop] = samples(lab)
        becomes(lambda: (shown.inner_text(), lab.header("last.step")), (f"{lab.header('last.critic_loss'):.4g}", stop))
        becomes(lambda: losses(lab)[0][2][-1], step)
    assert now not in pictures.values() and pictures[first] != pictures[second]
    # What is looked at is the tab's, and is there again after F5.
    lab.page.reload()
    lab.ready()
    lab.wait("h.looking === v[0]", second)
    go(lab, "Now")
    lab.wait("h.looking === null")
    wait_for_mark(lab, None)
    assert samples(lab) == now

    parent = lab.header("run")
    slider.press("ArrowLeft")
    lab.wait("h.looking === v[0]", first)
    lab.page.get_by_text(f"Looking at step {first:,}").wait_for()
    go(lab, "Branch from here")
    lab.page.wait_for_url(f"**beside={parent}**")
    lab.wait("h.run !== v[0] && h.step === v[1] && h.status === 'paused'", parent, first)
    lab.page.get_by_text(f"Branched from {parent} at step {first:,}.").wait_for()
    lab.set("n_critic", "3")
    lab.wait("h.config.n_critic === 3")
    lab.press("Play")
    lab.wait("h.step > v[0] + 20 && lab.companion.columns", step)
    # A curve is drawn less often than a frame comes: until one of the run's own has passed where its parent ends.
    lab.page.wait_for_function(
        "step => { const lines = document.querySelector('[data-panel=losses] .canvas').data"
        ".filter(t => t.mode === 'lines'); return lines.length === 6"
        " && lines.some(t => t.line.dash !== 'dash' && t.x.at(-1) > step); }",
        arg=step,
        timeout=SECONDS,
    )
    lab.pause()
    own, beside = ([line for line in losses(lab) if line[1] is dashed] for dashed in (False, True))
    assert beside[0][2][-1] == step < own[0][2][-1]
    assert own[0][2][0] == beside[0][2][0] == 1
    lab.page.wait_for_url("**n_critic=3**")
    # Back to the run that it left: a changed setting is no place of its own in the browser's history.
    lab.page.go_back()
    lab.wait("h.run === v[0]", parent)


def test_a_step_from_before_another_objective_is_shown_with_its_own_formula_and_field(lab):
    lab.open(f"gan?{SMALL}&objective=minimax")
    paused_behind(lab, 60)
    formula = "document.querySelector('.genlab-live .formula').textContent"
    assert "log" in lab.page.evaluate(f"() => {formula}")
    lab.page.get_by_role("combobox", name="Objective").select_option(label="WGAN, weight clipping")
    lab.page.wait_for_function(f"() => !{formula}.includes('log')", timeout=SECONDS)
    slider = lab.page.locator(".timeline input")
    slider.press("Home")
    lab.wait("h.looking === 0 && h.config.objective === 'minimax'")
    field = "document.querySelector('[data-panel=plane] .ramp')?.textContent.split(' ')[0]"
    lab.page.wait_for_function(f"() => {formula}.includes('log') && {field} === 'D(x)'", timeout=SECONDS)
    go(lab, "Now")
    lab.page.wait_for_function(f"() => !{formula}.includes('log') && {field} === 'f(x)'", timeout=SECONDS)


def test_another_tab_s_change_is_in_the_controls_of_this_one(lab, server):
    lab.open(f"gan?{SMALL}")
    second = Lab(lab.page.context.new_page(), server.url)
    second.page.goto(lab.page.url)
    second.ready()
    second.set("n_critic", "3")
    lab.page.wait_for_url("**n_critic=3**", timeout=SECONDS)
    box = "document.querySelector('[data-setting=n_critic] .box')"
    lab.page.wait_for_function(f"() => {box}.value === '3'", timeout=SECONDS)


def test_a_run_that_diverged_goes_on_from_before_with_a_smaller_learning_rate(lab):
    lab.open(EXPLODES)
    lab.press("Play")
    lab.wait("h.status === 'diverged'")
    gone = lab.header("step")
    lab.page.get_by_text(f"Diverged at step {gone}").first.wait_for()
    slider = lab.page.locator(".timeline input")
    slider.press("Home")
    lab.wait("h.looking === 0")
    lab.page.get_by_text(f"Looking at step 0; the run diverged at {gone:,}").wait_for()
    assert all(abs(x) < 100 for x in samples(lab))
    go(lab, "Rewind to here")
    lab.wait("h.step === 0 && h.status === 'paused' && h.looking === null")
    lab.set("critic_learning_rate", "0.001")
    lab.wait("h.config.critic_learning_rate === 0.001")
    lab.page.locator(".run-bar").get_by_role("button", name="Play").wait_for()
    lab.press("Play")
    lab.wait("h.step > v[0] && h.status === 'running'", gone)
    lab.pause()


def test_the_timeline_stands_on_the_screen_with_targets_that_are_large_enough(lab):
    lab.open("vae?width=16")
    for width, height in [(1366, 768), (1920, 1080)]:
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.page.wait_for_function(
            "height => document.querySelector('.timeline').getBoundingClientRect().bottom <= height", arg=height
        )
        places = lab.page.locator(".timeline :is(button, input)").evaluate_all(
            "nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"
        )
        assert len(places) == 4
        for box in places:
            assert box["height"] >= 24 and box["width"] >= 24 and box["right"] <= width
