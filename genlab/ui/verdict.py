"""The check of a demonstration on a run that trains in the lab, as far as what is saved of it decides."""

from collections.abc import Sequence

import numpy as np

from genlab.checkpoints import CheckpointError
from genlab.measures import COVERAGE_SAMPLES
from genlab.runtime import client
from genlab.runtime.client import CommandFailed, RunState
from genlab.scenarios import Evidence, Scenario
from genlab.stamps import STAMPS


class NeedsCommand(Exception):
    """The check looks back at points that the run generated on its way, or at its layers: neither is saved."""


class _NotKept(Sequence):
    def __len__(self) -> int:
        raise NeedsCommand

    def __getitem__(self, index):
        raise NeedsCommand


class _Generated(_NotKept):
    """Of the points that a run generated on its way, those of its last save alone, drawn when a check asks for them."""

    def __init__(self, run_id: str):
        self._run_id = run_id

    def __getitem__(self, index) -> np.ndarray:
        if index != -1:
            raise NeedsCommand
        lab = client.get_lab()
        path = lab.store.checkpoint(self._run_id)
        return lab.generate(path, n=COVERAGE_SAMPLES, seed=0, temperature=1.0)[1]["xy"]


MEASURED = {
    "active_units": "active_units",
    "wasserstein_exact/start": "wasserstein_exact",
    "|estimate|/exact": "wasserstein_exact",
}
"""Figures of a check that are made of the newest measurement → its curve."""


def _when(figure: str, curves: dict[str, np.ndarray]) -> str:
    """The step of the measurement behind a figure, where that is an earlier one."""
    if figure not in MEASURED or STAMPS[MEASURED[figure]] not in curves:
        return ""
    taken = curves[STAMPS[MEASURED[figure]]][-1]
    return "" if taken == curves["step"][-1] else f" at step {taken:,.0f}"


def verdict_line(scenario: Scenario, state: RunState) -> str:
    """Whether the claim holds in the run so far, with the figures that decide, in one line."""
    seed = state.config.seed
    if state.config not in (scenario.config.replace(seed=seed), scenario.cured.replace(seed=seed)):
        return "its settings were changed since: no verdict."
    try:
        curves = client.get_lab().curves(state.run_id)
        if not curves:
            return "not saved yet: pause the run, or wait for 8 s."
        fails = state.config == scenario.config.replace(seed=seed)
        judge = scenario.check if fails else scenario.judge_cured
        holds, figures = judge(Evidence(state.config, curves, _Generated(state.run_id), _NotKept()))
    except NeedsCommand:
        return "decided by what the run does on its way, which the command below watches."
    except (CheckpointError, CommandFailed) as error:
        return str(error)
    numbers = ", ".join(f"{name} = {value:.4g}{_when(name, curves)}" for name, value in figures.items())
    says = "the claim holds" if holds else "the claim does not hold"
    return f"{says} at step {curves['step'][-1]:,.0f} ({numbers})."
