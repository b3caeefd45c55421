"""The check of a demonstration on a run that trains in the lab, as far as its curves decide."""

from collections.abc import Sequence

from genlab.checkpoint import CheckpointError
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.scenarios import Evidence, Scenario


class NeedsModel(Exception):
    """The check looks at what the model generated or at its layers, which are not kept with the curves."""


class _NotKept(Sequence):
    def __len__(self) -> int:
        raise NeedsModel

    def __getitem__(self, index):
        raise NeedsModel


def verdict_line(scenario: Scenario, state: RunState) -> str:
    """Whether the claim holds in the run so far, with the figures that decide, in one line."""
    if not any(state.config == set_up.replace(seed=state.config.seed) for set_up in (scenario.config, scenario.cured)):
        return "its settings were changed since: no verdict."
    try:
        curves = client.get_lab().curves(state.run_id)
        if not curves:
            return "not saved yet: pause the run, or wait for 8 s."
        holds, figures = scenario.check(Evidence(state.config, curves, _NotKept(), _NotKept()))
    except NeedsModel:
        return "decided by what the model generates; the command below draws it."
    except CheckpointError as error:
        return str(error)
    numbers = ", ".join(f"{name} = {value:.4g}" for name, value in figures.items())
    return f"the claim {'holds' if holds else 'does not hold'} at step {curves['step'][-1]:,.0f} ({numbers})."
