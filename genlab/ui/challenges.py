"""Challenges on the pages: their cards, and above the page of a run the goal, the judgement and the code."""

import streamlit as st

from genlab.challenges import CHALLENGES, Attempt, Challenge, write_code
from genlab.checkpoints import CheckpointError
from genlab.config import CONFIGS
from genlab.runtime import client
from genlab.runtime.client import CommandFailed, UnknownRun
from genlab.ui import PAGES
from genlab.ui.address import go
from genlab.ui.errors import complain, literal
from genlab.ui.kept import keep, kept
from genlab.ui.runs import visit


def challenge_cards() -> None:
    """Every challenge with its goal and a button that begins it with a fresh run."""
    names = list(CHALLENGES)
    for row in range(0, len(names), 2):
        for column, name in zip(st.columns(2), names[row : row + 2], strict=False):
            with column:
                _card(CHALLENGES[name])


def _card(challenge: Challenge) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/flag: **{challenge.title}**", width="stretch")
            key = f"challenge.{challenge.name}"
            st.button("Begin", icon=":material/play_arrow:", key=key, on_click=_begin, args=(challenge,))
        st.markdown(challenge.goal)


def _begin(challenge: Challenge) -> None:
    keep(challenge=challenge.name)
    also, run_id = kept(), client.get_lab().start(challenge.start)
    go(PAGES / f"{challenge.start.model}.py", {"run": run_id, **challenge.start.to_query()} | also)


def challenge_above(page: str) -> None:
    """The goal above the page of the challenge's model, with what becomes of it."""
    name = kept().get("challenge", "")
    if name and name not in CHALLENGES:
        complain(f"challenge = {name[:40]}: there is none of this name; there are {', '.join(CHALLENGES)}.")
        keep(challenge="")
        return
    if not name or CHALLENGES[name].start.model != page:
        return
    challenge = CHALLENGES[name]
    with st.container(key="challenge", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/flag: **{challenge.title}.** {challenge.goal}", width="stretch", help=challenge.hint)
        st.button("Check", icon=":material/task_alt:", key="challenge.check", on_click=_check, args=(challenge,))
        st.button("Leave", key="challenge.leave", on_click=lambda: keep(challenge=""))
    line, code = st.session_state.pop("challenge.said", ("", ""))
    if line:
        (st.success if code else st.info)(literal(line))
    if code:
        st.code(code, wrap_lines=True)
        st.caption("Whoever has this code trains it again with `python -m genlab check CODE`.")


def _check(challenge: Challenge) -> None:
    """Judge the run of the page as it stands at its save, which is made now."""
    st.session_state["challenge.said"] = _said(challenge)


def _said(challenge: Challenge) -> tuple[str, str]:
    run_id = visit(CONFIGS[challenge.start.model]).run_id
    if run_id is None:
        return "There is no run on this page yet.", ""
    lab = client.get_lab()
    try:
        lab.pause(run_id)
        lab.checkpoint(run_id)
        state, curves = lab.state(run_id), lab.curves(run_id)
    except (CommandFailed, CheckpointError, UnknownRun) as error:
        return str(error), ""
    attempt = Attempt.of_run(state.config, state.changes, state.step)
    found = challenge.judged(attempt, curves)
    if not found.reached:
        return f"Not yet at step {state.step:,}: {found.line}.", ""
    return f"Reached at step {state.step:,}: {found.line}.", write_code(challenge.name, attempt, found.figures)
