"""On which device a run trains: a choice of the person, where there is more than one."""

import streamlit as st

from genlab.config import Config
from genlab.runtime import client
from genlab.runtime.settings import AUTO
from genlab.ui.controls import bound
from genlab.ui.runs import act, visit

HELP = (
    "A property of this run, not of the experiment: it is not part of a link. auto: where a model of this shape was "
    "measured to train fastest. Moved, a run keeps its curves; its snapshots to look back at stay behind."
)


def device_choice(kind: type[Config]) -> None:
    """A list of this machine's devices, or nothing where the CPU is the only one; a line when one cannot be used."""
    lab, run_id = client.get_lab(), visit(kind).run_id
    devices = lab.devices()
    if len(devices) > 1 and run_id:
        names, key = [AUTO, *devices], f"{kind.model}.device"
        st.selectbox(
            "Trains on", names, format_func=lambda name: devices.get(name, name), help=HELP,
            **bound(key, lab.device(run_id), tuple(names), tell=act, args=(kind, _move, key)),
        )  # fmt: skip
    if problem := lab.device_problem():
        st.caption(problem)


def _move(run_id: str, key: str) -> str:
    lab, device = client.get_lab(), st.session_state[key]
    lab.move(run_id, device)
    return f"It trains on {lab.devices().get(device, 'the fastest device')} from here on"
