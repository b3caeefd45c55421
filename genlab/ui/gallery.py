"""The Gallery: failures with names, each beside its cure, and any two runs of one kind in lockstep."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from genlab.figures import bar_view, curves_view, picture_view
from genlab.live.component import Companion, Transport, live
from genlab.live.told import told
from genlab.runtime import client
from genlab.runtime.client import CommandFailed, RunState, UnknownRun
from genlab.scenarios import SCENARIOS, Scenario
from genlab.ui import PAGES
from genlab.ui.address import answered, asked, show
from genlab.ui.cards import ICONS
from genlab.ui.errors import complain_of, literal
from genlab.ui.owners import watching
from genlab.ui.runs import differing
from genlab.ui.verdict import verdict_line

TWINS = {name: scenario for name, scenario in SCENARIOS.items() if scenario.cure}
"""The demonstrations that have a cure, by name."""

SHOWN: dict[str, tuple[str, ...]] = {
    "vae_collapsed": ("reconstruction", "terms", "elbo"),
    "vae_mean_over_pixels": ("reconstruction", "terms", "elbo"),
    "vae_no_kl": ("plane", "terms", "elbo"),
    "gan_hops": ("plane", "coverage", "losses"),
    "gan_mode_collapse": ("plane", "coverage", "losses"),
    "gan_practice_loss": ("slopes", "gradients", "scores"),
    "gan_least_squares": ("slopes", "gradients", "scores"),
    "gan_saturated": ("slopes", "gradients", "scores"),
    "wgan_tiny_clip": ("plane", "gradients", "wasserstein"),
    "wgan_unclipped": ("plane", "wasserstein", "scores"),
    "wgan_clipped_gradients": ("plane", "wasserstein", "scores"),
    "wgan_flipped_sign": ("plane", "wasserstein", "losses"),
    "wgan_deep_vanishing": ("layers", "gradients", "wasserstein"),
    "wgan_deep_exploding": ("layers", "wasserstein", "gradients"),
    "wgan_weights_at_clip": ("weights", "wasserstein", "scores"),
    "wgan_one_critic_step": ("plane", "wasserstein", "losses"),
    "wgan_momentum": ("plane", "wasserstein", "coverage"),
    "wgan_simultaneous": ("plane", "coverage", "wasserstein"),
}
"""The panels that show what a demonstration claims: the picture first, then the curves."""


@dataclass
class Pair:
    """What one tab remembers of the page: its two runs, whose demonstration they are, and what there is to say."""

    left: str = ""
    right: str = ""
    scenario: str = ""
    problems: list[str] = field(default_factory=list)

    def states(self) -> tuple[RunState, RunState]:
        """Both runs as they stand; raises :class:`UnknownRun`."""
        lab = client.get_lab()
        return lab.state(self.left), lab.state(self.right)


def open_pair() -> Pair | None:
    """The pair that the address names or that this tab showed last; None without one. Problems are said in lines."""
    here = st.session_state.setdefault("pair", Pair())
    query = asked()
    # The browser's history holds addresses in which the page is this one and the run already that of the next.
    if query is not None and "run" not in query:
        here.problems = []
        _take_up(here, query)
    answered()
    if here.left and not all(client.get_lab().exists(run_id) for run_id in (here.left, here.right)):
        here.problems.append("One of the two runs was deleted.")
        here.left = here.right = ""
    values = {"scenario": here.scenario, "left": here.left, "right": here.right}
    show({key: value for key, value in values.items() if value and here.left})
    complain_of(here.problems if not here.left else ())
    return here if here.left else None


def _take_up(here: Pair, query: dict[str, str]) -> None:
    name, left, right = (query.pop(key, "") for key in ("scenario", "left", "right"))
    if name and name not in TWINS:
        here.problems.append(f"scenario = {name[:30]}: there is none of this name; choose one below.")
        name = ""
    here.left = here.right = ""
    here.scenario = name
    if left or right:
        try:
            client.get_lab().twin(left, right)
            here.left, here.right = left, right
        except (UnknownRun, CommandFailed) as error:
            here.problems.append(str(error))
    if name and not here.left:
        before = here.problems
        _start(here, name)
        here.problems = before + here.problems
    here.problems += [f"{key[:20]}: allowed in this address are scenario, left and right." for key in query]


# ---- what a person does ----------------------------------------------------------------------------------------------


def _start(here: Pair, name: str) -> None:
    """Fresh twins of a demonstration, playing."""
    lab, scenario = client.get_lab(), TWINS[name]
    here.left = lab.start(scenario.config)
    here.right = lab.start(scenario.cured, twin=here.left)
    here.scenario = name
    _attempt(here, lab.play, here.left, _until(here))


def _attempt(here: Pair, command: Callable[..., Any], *values: Any) -> None:
    """Run a command of the lab; what it refuses is said in one line."""
    try:
        command(*values)
    except (UnknownRun, CommandFailed) as error:
        here.problems.append(str(error))


def _watched(here: Pair) -> str:
    """Whose twins they are that one may only watch, or ""."""
    with suppress(UnknownRun):
        return watching(here.states()[0])
    return ""


def _until(here: Pair) -> int | None:
    """Where the twins of a demonstration rest: at the step at which its claims are judged."""
    return TWINS[here.scenario].steps if here.scenario else None


def choose(name: str | None) -> None:
    """Show a demonstration, or the list of them; the twins shown so far rest."""
    here = st.session_state["pair"]
    here.problems = []
    # Of twins that are somebody else's one only goes away.
    if here.left and not _watched(here):
        _attempt(here, client.get_lab().pause, here.left)
    here.left = here.right = here.scenario = ""
    if name:
        _start(here, name)


def _chosen() -> None:
    choose(st.session_state["gallery.scenario"])


def _turn(by: int) -> None:
    """The demonstration after the shown one, or before it."""
    names = list(TWINS)
    choose(names[(names.index(st.session_state["pair"].scenario) + by) % len(names)])


def _untwin() -> None:
    here = st.session_state["pair"]
    _attempt(here, client.get_lab().untwin, here.left)
    here.left = here.right = here.scenario = ""


def _made_mine(key: str, other: str) -> None:
    """The browser made a copy of the run of the component ``key``, and so of the ``other`` one, its twin."""
    here, lab = st.session_state["pair"], client.get_lab()
    if not (run := (told(key, "address") or {}).get("run")):
        return
    here.problems = []
    try:
        # They were parted where their owner parted them, and this page shows them still.
        twin = lab.twin_of(run) or lab.copy(here.right if other == "right" else here.left)
        left, right = (run, twin) if other == "right" else (twin, run)
        lab.twin(left, right)
        here.left, here.right = left, right
    except (UnknownRun, CommandFailed) as error:
        here.problems.append(str(error))


# ---- what the page is made of ----------------------------------------------------------------------------------------


def contents() -> None:
    """The list of demonstrations."""
    st.markdown(
        "**Failures with names.** Each runs live beside its cure: same data, same seed, same number of steps, and one "
        "setting that differs. Any two runs of one kind become twins on the *Runs* page."
    )
    names = list(TWINS)
    for row in range(0, len(names), 3):
        for column, name in zip(st.columns(3), names[row : row + 3], strict=False):
            with column:
                _card(TWINS[name])


def _card(scenario: Scenario) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{ICONS[scenario.config.model]} **{scenario.title}**", width="stretch")
            st.button(
                "Watch", icon=":material/compare:", key=f"watch.{scenario.name}", on_click=choose, args=(scenario.name,)
            )
        st.markdown(scenario.claim)
        st.caption(f"Cure: {differing(scenario.config, scenario.cured)}")


def pair_bar(here: Pair) -> None:
    """The choice of another demonstration, and the common run bar of both twins."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="runbar"):
        key = "gallery.scenario"
        # Written only where it differs: what is written is sent to the browser.
        if st.session_state.get(key) != (here.scenario or None):
            st.session_state[key] = here.scenario or None
        st.selectbox(
            "Demonstration", list(TWINS), format_func=lambda name: TWINS[name].title, key=key, on_change=_chosen,
            placeholder="Two runs", label_visibility="collapsed", width=280,
        )  # fmt: skip
        if here.scenario:
            for key, icon, by in (("previous", ":material/chevron_left:", -1), ("next", ":material/chevron_right:", 1)):
                label = f"{key.capitalize()} demonstration"
                st.button(" ", icon=icon, key=key, on_click=_turn, args=(by,), help=label)
        st.button(
            "All", icon=":material/apps:", on_click=choose, args=(None,), help="The list of failures; the twins rest."
        )
        st.button(
            "Untwin", icon=":material/call_split:", on_click=_untwin, help="Let the two runs go their own ways.",
            disabled=bool(_watched(here)),
        )  # fmt: skip
        if here.scenario:
            _verdict(TWINS[here.scenario], *here.states())
        st.caption(_about_steps(here), width="stretch")
    left, _ = here.states()
    view = bar_view(left.config, here.scenario or "twins")
    live(left.run_id, client.get_lab().token(left.run_id), view, key="gallery.bar", **_hand(here, left, "gallery.bar"))
    complain_of(here.problems)


def _hand(here: Pair, state: RunState, key: str) -> dict[str, Any]:
    """What a hand can do from the component ``key``, which shows one of the twins."""
    other = "left" if state.run_id == here.right else "right"
    return {
        "transport": Transport(_until(here)), "watching": watching(state), "on_address": partial(_made_mine, key, other)
    }  # fmt: skip


def _about_steps(here: Pair) -> str:
    if not here.scenario:
        return ""
    return f"The claims are about the first {TWINS[here.scenario].steps:,} steps; then both rest, and play on."


def words(here: Pair) -> None:
    """What differs, what each run is claimed to do, and why."""
    left, right = here.states()
    scenario = TWINS.get(here.scenario)
    columns = st.columns(3, gap="small")
    with columns[0]:
        _heading("Fails" if scenario else _name(left), "solid", differing(right.config, left.config), left)
        st.markdown(scenario.claim if scenario else "")
    with columns[1]:
        _heading("Cured" if scenario else _name(right), "dashed", differing(left.config, right.config), right)
        st.markdown(scenario.cured_claim if scenario else "")
    with columns[2]:
        if scenario:
            later = (("Later", scenario.later), ("Later, cured", scenario.cured_later))
            further = "".join(f" **{when}.** {words}" for when, words in later if words)
            st.markdown(f"**Why.** {scenario.why}{further}")
        elif left.step != right.step:
            st.markdown("The run that is behind catches up first when they play.")


def _name(state: RunState) -> str:
    return literal(client.get_lab().called(state.run_id)) or f"Run {state.run_id[:5]}"


def _heading(what: str, line: str, differs: str, state: RunState) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.markdown(f"**{what}: {differs}** ({line})", width="stretch")
        st.page_link(
            PAGES / f"{state.config.model}.py", label="Open", icon=":material/open_in_new:",
            query_params={"run": state.run_id, **state.config.to_query()}, help="The page of this run alone",
        )  # fmt: skip


def _verdict(scenario: Scenario, left: RunState, right: RunState) -> None:
    with st.popover("Verdict", icon=":material/fact_check:", help="Does the claim hold in these two runs?"):
        st.markdown("Checked on the runs as they were last saved.")
        for what, state in (("Fails", left), ("Cured", right)):
            st.markdown(f"**{what}:** {verdict_line(scenario, state)}")
        st.button("Check again", icon=":material/refresh:")
        st.code(f"python -m genlab scenario {scenario.name} --seed {left.config.seed}", language=None)


def pictures(here: Pair) -> None:
    """The picture of each run in its column, and the curves of both in the third."""
    lab, (left, right) = client.get_lab(), here.states()
    first, group = SHOWN.get(here.scenario, ()), here.scenario or "twins"
    scenario = TWINS.get(here.scenario)
    claims = {
        "left": f"Fails: {scenario.claim}" if scenario else differing(right.config, left.config),
        "right": f"Cured: {scenario.cured_claim}" if scenario else differing(left.config, right.config),
    }
    columns = st.columns(3, gap="small")
    # The words above say what differs between the two: a page of its own for each of their settings.
    drawn = dict.fromkeys(left.config.settings(), "value")
    for column, side, state in zip(columns, ("left", "right"), (left, right), strict=False):
        with column:
            live(
                state.run_id, lab.token(state.run_id), picture_view(state.config, first, group), key=f"gallery.{side}",
                config=state.config, claim=claims[side], drawn=drawn, **_hand(here, state, f"gallery.{side}"),
            )  # fmt: skip
    with columns[2]:
        other = Companion(right.run_id, lab.token(right.run_id), differing(left.config, right.config))
        live(
            left.run_id, lab.token(left.run_id), curves_view(left.config, first, group), key="gallery.curves",
            companion=other, **_hand(here, left, "gallery.curves"),
        )  # fmt: skip
