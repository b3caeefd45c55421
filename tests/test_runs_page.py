"""The Runs page: entered by the shell against a real store, and in a real Chromium."""

from contextlib import suppress

import numpy as np
import pytest
from conftest import use_up
from playwright.sync_api import TimeoutError as Patience
from small_runs import gan, vae
from streamlit.testing.v1 import AppTest
from tabs import SECONDS, Lab
from test_pages import ROOT, errors

from genlab.checkpoints import inspect
from genlab.config import GANConfig
from genlab.figures.mosaic import curves_csv
from genlab.figures.still import overlay
from genlab.runtime import client
from genlab.runtime.client import UnknownRun
from genlab.runtime.messages import RunStatus
from genlab.runtime.store import RunState, Store


class StoredLab:
    """A lab without workers: the store alone."""

    def __init__(self, home):
        self.store = Store(home)
        self.settings = self.store.settings

    def runs(self):
        return self.store.runs()

    def state(self, run_id):
        state = self.store.asleep(run_id)
        if state is None:
            raise UnknownRun(f"There is no run {run_id} in this lab.")
        return state

    def curves(self, run_id):
        return self.store.curves(run_id)

    def bin(self):
        return self.store.bin()

    def restore(self, run_id):
        assert self.store.restore(run_id)

    def adopt(self, content, name):
        inspect(content, name)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    stored = StoredLab(tmp_path)
    monkeypatch.setattr(client, "get_lab", lambda: stored)
    yield stored
    stored.store.close()


def keep(lab, run_id, trainer, steps=5, name=""):
    trainer.advance(steps)
    trainer.save(lab.store.checkpoint(run_id))
    state = RunState(run_id, trainer.config, RunStatus.PAUSED, steps)
    lab.store.put(state)
    lab.store.rename(state, name)


def open_runs() -> AppTest:
    tab = AppTest.from_file(str(ROOT / "genlab" / "ui" / "shell.py"), default_timeout=20)
    tab.run()
    return tab.switch_page(str(ROOT / "pages" / "runs.py")).run()


def test_every_trained_run_is_listed_with_its_measures(lab):
    keep(lab, "ganrun00", gan(), name="eight modes")
    keep(lab, "vaerun00", vae(beta=4))
    tab = open_runs()
    assert not tab.exception and not tab.error
    rows = tab.dataframe[0].value.set_index("Name")
    assert rows.loc["eight modes", "Model"] == "GAN" and rows.loc["eight modes", "Steps"] == 5
    (unnamed,) = set(rows.index) - {"eight modes"}
    assert rows.loc[unnamed, "Objective"] == "β = 4" and np.isfinite(rows.loc[unnamed, "ELBO"])
    assert np.isfinite(rows.loc["eight modes", "W₁"]) and np.isnan(rows.loc[unnamed, "W₁"])
    assert "2 runs" in tab.markdown[0].value and "MB of 5,000 MB" in tab.markdown[0].value
    assert str(lab.store.home) not in "".join(element.value for element in (*tab.markdown, *tab.caption))


def test_a_run_without_a_name_is_called_by_what_it_trains_and_a_column_says_what_is_set_otherwise(lab):
    keep(lab, "ganrun00", gan())
    keep(lab, "ganrun01", gan(n_critic=3))
    rows = open_runs().dataframe[0].value
    assert all(name.startswith("GAN · ring8_soft · ") for name in rows["Name"])
    assert [run[:6] for run in rows["Run"]] == ["ganru", "ganru"]
    otherwise = [set(words.split(", ")) for words in rows["Set otherwise"]]
    assert {frozenset(one ^ otherwise[0]) for one in otherwise} == {frozenset(), frozenset({"n_critic 3"})}


def test_the_rule_by_which_runs_are_cleared_stands_on_the_page(lab):
    assert any("14 days" in line.value and "A named run is kept" in line.value for line in open_runs().caption)


def test_set_ups_that_never_trained_take_no_line_unless_they_have_a_name(lab):
    lab.store.put(RunState("opened00", GANConfig(), RunStatus.PAUSED))
    tab = open_runs()
    assert not tab.dataframe and not tab.exception
    assert any("No run yet: start one on the VAE or GAN page" in line.value for line in tab.markdown)
    lab.store.rename(RunState("opened00", GANConfig(), RunStatus.PAUSED), "for tomorrow")
    assert list(open_runs().dataframe[0].value["Name"]) == ["for tomorrow"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_name_is_a_formula_for_a_spreadsheet_that_reads_the_saved_table(lab, name):
    keep(lab, "ganrun00", gan(), name=name)
    assert open_runs().dataframe[0].value["Name"][0] == f"'{name}"


def test_a_cleared_run_comes_back_out_of_the_bin(lab):
    keep(lab, "ganrun00", gan())
    use_up(lab.store, "ganrun00")
    assert lab.store.clear() == ["ganrun00"]
    tab = open_runs()
    assert not tab.dataframe
    (back,) = (button for button in tab.button if button.label.startswith("Bring back"))
    back.click().run()
    assert list(tab.dataframe[0].value["Steps"]) == [5] and not tab.exception
    assert lab.store.curves("ganrun00")["step"][-1] == 5


def test_a_run_that_cannot_be_read_is_said_on_the_page(lab):
    keep(lab, "ganrun00", gan())
    lab.store.close()
    for path in (lab.store.home / "runs.sqlite", lab.store.checkpoint("ganrun00").with_suffix(".json")):
        path.unlink()
    lab.store.checkpoint("ganrun00").write_bytes(b"from another version")
    lab.store = Store(lab.store.home)
    (line,) = (warning.value.replace("\\", "") for warning in open_runs().warning)
    assert line.startswith("Run ganrun00 cannot be read and stands aside, its files untouched: ")


@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, b"\x80\x04\x95K\x00."])
def test_an_uploaded_file_that_is_no_checkpoint_gets_one_line(lab, content):
    tab = open_runs()
    tab.file_uploader[0].upload("mine.safetensors", content)
    tab.run()
    next(button for button in tab.button if button.label == "Open as a run").click().run()
    (line,) = errors(tab)
    assert line.startswith("mine.safetensors is damaged or not a checkpoint") and "\n" not in line
    assert not tab.exception and not lab.runs()


def test_nothing_can_be_done_before_a_run_is_chosen(lab):
    keep(lab, "ganrun00", gan())
    tab = open_runs()
    off = {button.label for button in tab.button if button.disabled}
    assert {"Open run", "Delete"} <= off


def test_a_damaged_file_does_not_keep_the_page_from_opening(lab):
    keep(lab, "ganrun00", gan())
    lab.store.checkpoint("ganrun00").write_bytes(b"nonsense")
    tab = open_runs()
    assert not tab.exception and list(tab.dataframe[0].value["Steps"]) == [5]


def test_curves_laid_over_each_other_differ_by_colour_and_dash_and_tell_exact_values():
    steps = np.arange(1.0, 4)
    figure = overlay({"a": (steps, steps), "b": (steps, 2 * steps)}, x="step", y="KL", log=True, theme="light")
    one, other = figure.data
    assert one.line.color != other.line.color and one.line.dash != other.line.dash
    assert list(other.y) == [2, 4, 6] and figure.layout.yaxis.type == "log"


def test_the_csv_of_curves_has_a_column_for_each_latent():
    trainer = vae(latent_dim=3)
    trainer.advance(2)
    lines = curves_csv(trainer.history()).splitlines()
    assert len(lines) == 3 and lines[0].startswith("step,seconds,loss,")
    assert "kl_per_dim_1,kl_per_dim_2,kl_per_dim_3" in lines[0]
    assert float(lines[2].split(",")[2]) == pytest.approx(trainer.history()["loss"][-1])


# ---- in Chromium -----------------------------------------------------------------------------------------------------


@pytest.fixture
def tab(page, server):
    opened = Lab(page, server.url)
    with opened.errors_forbidden():
        yield opened


def train(tab, address: str) -> str:
    """A short run of its own; its id."""
    tab.open(address)
    tab.press("Play")
    tab.wait("h.step > 20")
    tab.pause()
    return tab.header("run")


def go_to_runs(tab) -> None:
    tab.page.goto(f"{tab.url}/runs")
    tab.page.get_by_role("button", name="Refresh").wait_for()
    tab.page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()


def choose(tab, *rows: int) -> None:
    """Tick rows of the list, which is a canvas: 35 px each below the header."""
    ticked = (
        "row => document.querySelector(`[data-testid=stDataFrame] canvas tr[aria-rowindex='${row + 2}']`)"
        "?.getAttribute('aria-selected')"
    )
    for row in rows:
        # Its list for those who do not see it says what is ticked; a click before it is ready goes nowhere.
        tab.page.wait_for_function(f"row => ['true', 'false'].includes(({ticked})(row))", arg=row, timeout=SECONDS)
        before = tab.page.evaluate(ticked, row)
        for _ in range(30):
            box = tab.page.get_by_test_id("stDataFrame").bounding_box()
            tab.page.mouse.click(box["x"] + 20, box["y"] + 35 * (row + 1) + 17)
            with suppress(Patience):
                tab.page.wait_for_function(f"([row, was]) => ({ticked})(row) !== was", arg=[row, before], timeout=5000)
                break


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_runs_are_compared_renamed_opened_where_they_stood_and_deleted_after_a_question(tab):
    first = train(tab, "gan?generator_width=8&critic_width=8&seed=1")
    train(tab, "gan?generator_width=8&critic_width=8&seed=2")
    step = tab.header("step")
    go_to_runs(tab)
    choose(tab, 0, 1)
    tab.page.locator(".js-plotly-plot").wait_for()
    tab.page.wait_for_function("() => document.querySelector('.js-plotly-plot')?.data?.length === 2")

    choose(tab, 1)
    tab.page.get_by_role("button", name="Rename").click()
    name = tab.page.get_by_label("Name", exact=True)
    name.fill("the second")
    name.press("Enter")
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Open run").click()
    tab.ready()
    tab.wait("h.step === v[0] && h.config.seed === 2", step)
    tab.page.get_by_role("button", name="Keep").click()
    # A field of Streamlit stands empty for a frame before it has its value.
    named = "() => document.querySelector('[aria-label=\"Name of this run\"]')?.value === 'the second'"
    tab.page.wait_for_function(named, timeout=SECONDS)

    go_to_runs(tab)
    choose(tab, 1)
    tab.page.get_by_role("button", name="Delete").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    go_to_runs(tab)
    choose(tab, 1)
    tab.page.get_by_role("button", name="Delete").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete this run").click()
    tab.page.get_by_role("dialog").wait_for(state="detached")
    tab.page.goto(f"{tab.url}/gan?run={first}")
    tab.page.get_by_text("there is no such GAN here").wait_for(timeout=SECONDS)


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_whoever_watches_a_run_that_is_deleted_is_told(tab, browser, server):
    run_id = train(tab, "gan?generator_width=8&critic_width=8&seed=3")
    other = browser.new_context().new_page()
    Lab(other, server.url).open(f"gan?run={run_id}")
    other.get_by_role("button", name="Make it mine").wait_for(timeout=SECONDS)
    go_to_runs(tab)
    choose(tab, 0)
    tab.page.get_by_role("button", name="Delete").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete this run").click()
    other.get_by_text(f"run = {run_id}: there is no such GAN here").wait_for(timeout=SECONDS)
    other.context.close()


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_checkpoint_from_elsewhere_opens_as_a_run_and_a_malformed_one_gets_a_line(page, server, tmp_path):
    trainer = vae(beta=4)
    trainer.advance(3)
    trainer.save(tmp_path / "mine.safetensors")
    (tmp_path / "bad.safetensors").write_bytes((tmp_path / "mine.safetensors").read_bytes()[:-4])
    tab = Lab(page, server.url)
    with tab.errors_forbidden():
        page.goto(f"{tab.url}/runs")
        page.get_by_role("button", name="Open a file").click()
        for name in ("bad", "mine"):
            tab.upload(tmp_path / f"{name}.safetensors")
            page.get_by_text(f"{name}.safetensors").first.wait_for()
            page.get_by_role("button", name="Open as a run").click()
            if name == "bad":
                page.get_by_text("bad.safetensors is damaged or not a checkpoint").wait_for()
                page.get_by_role("button", name="Remove").click()
                page.get_by_role("button", name="Open as a run").wait_for(state="hidden")
        tab.ready()
        tab.wait("h.step === 3 && h.config.beta === 4 && h.status === 'paused'")
        page.get_by_role("button", name="Keep").click()
        # Its name would keep it for ever: it is only proposed.
        named = "() => document.querySelector('[aria-label=\"Name of this run\"]')?.placeholder === 'mine'"
        page.wait_for_function(named, timeout=SECONDS)
