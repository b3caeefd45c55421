"""The check of a demonstration on a run that trains in the lab, as far as its curves decide."""

from collections.abc import Sequence

from genlab.checkpoint import CheckpointError
from genlab.runtime import client
from genlab.runtime.client import RunState
from genlab.scenarios import Evidence, Scenario


class NeedsSamples(Exception):
    """The check looks at what the model generated, which is not kept with the curves."""


class _NoSamples(Sequence):
    def __len__(self) -> int:
        raise NeedsSamples

    def __getitem__(self, index):
        raise NeedsSamples


def verdict_line(scenario: Scenario, state: RunState) -> str:
    """Whether the claim holds in the run so far, with the figures that decide, in one line."""
    try:
        curves = client.get_lab().curves(state.run_id)
        if not curves:
            return "not saved yet: pause the run, or wait for 8 s."
        holds, figures = scenario.check(Evidence(state.config, curves, _NoSamples()))
    except NeedsSamples:
        return "decided by generated samples; the command below draws them."
    except CheckpointError as error:
        return str(error)
    numbers = ", ".join(f"{name} = {value:.4g}" for name, value in figures.items())
    return f"the claim {'holds' if holds else 'does not hold'} at step {curves['step'][-1]:,.0f} ({numbers})."
