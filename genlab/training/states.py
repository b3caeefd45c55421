"""What a run is at one step, and how it comes back to it: snapshots, rewinding, the past beside the present, saves."""

import copy
import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from genlab import __version__
from genlab.changes import drawn_in, until
from genlab.checkpoints import FORMAT
from genlab.checkpoints.tensors import Copy, write_tensors
from genlab.data import own
from genlab.training.divergence import Divergence
from genlab.training.history import History
from genlab.training.snapshots import Snapshot, Snapshots

AVERAGED = 100
"""How many of the last steps a noisy curve is averaged over where one figure stands for it."""


class States:
    """The part of a trainer that gives its state and takes one; steps, curves and settings are :class:`Trainer`'s."""

    snapshots: Snapshots
    changes: list[dict[str, Any]]

    def tensors(self) -> dict[str, Tensor]:
        """Everything that training changes, by name: weights and the optimizers' moments."""
        state = {
            f"{name}/{part}": tensor
            for name, network in self.networks.items()
            for part, tensor in network.state_dict().items()
        }
        for name, optimizer in self._optimizers.items():
            state |= {f"optimizer/{name}/{part}": tensor for part, tensor in optimizer.state.items()}
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take over what :meth:`tensors` gave; moments of another kind of optimizer start anew."""
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                if name in state:
                    tensor.copy_(state[name])
                else:
                    tensor.zero_()

    def rewind(self, step: int | None = None) -> None:
        """Go back to a snapshot; curves are cut there, live settings stay as they are.

        Without ``step``, to the last finite state before the present one; a state from which the run was tried again in
        vain gives way to the one before it. Raises :class:`genlab.config.SettingError` for a step without a snapshot.
        """
        snapshot = self.snapshots.untried_before(self.step) if step is None else self.snapshots.at(step)
        self.snapshots.drop_after(snapshot.step)
        snapshot.tried = True
        self._return_to(snapshot)
        self.diverged = None
        self._drag = ""
        self.changes = drawn_in(self.changes, self.step)
        self._take_snapshot()

    def past(self, step: int) -> Self:
        """The run as it stood at the snapshot of this step, beside this one; only the examples are shared.

        It has the settings of that step and can be looked at, saved or trained without a trace in this run. Raises
        :class:`genlab.config.SettingError` for a step without a snapshot.
        """
        snapshot = self.snapshots.at(step)
        past = copy.copy(self)
        past.config = snapshot.config
        past._set_up()
        past.changes = until(self.changes, snapshot.step)
        past._history = History(self._history.columns)
        past._return_to(snapshot)
        past.snapshots = Snapshots()
        past.snapshots.add(replace(snapshot, tried=False))
        return past

    def _return_to(self, snapshot: Snapshot) -> None:
        self.restore(snapshot.tensors)
        self.step, self.seconds, self._measured.last = snapshot.step, snapshot.seconds, snapshot.measured.copy()
        self._history.replace(*snapshot.history)

    def _take_snapshot(self) -> None:
        history = self._history
        self.snapshots.add(
            Snapshot(
                self.step,
                self.seconds,
                self.config,
                {name: tensor.detach().clone() for name, tensor in self.tensors().items()},
                self._measured.last.copy(),
                (history.time, history.values, history.level),
            )
        )

    def checkpoint(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and JSON values from which :meth:`resume` continues bit for bit.

        A diverged run gives its last finite weights beside its whole curves, so that it can still be rewound.
        """
        tensors, step = self.tensors(), self.step
        if self.diverged:
            finite = self.snapshots.newest
            step = finite.step
            # An optimizer that was exchanged since then has moments at zero.
            tensors = {name: finite.tensors.get(name, torch.zeros_like(now)) for name, now in tensors.items()}
        history = {"time": self._history.time, "values": self._history.values, "level": self._history.level}
        tensors |= {f"history/{name}": torch.from_numpy(array.copy()) for name, array in history.items()}
        if self.config.is_own:
            tensors["data/examples"] = torch.from_numpy(own.load(self.config.data))
        return tensors, {
            "step": step,
            "seconds": self.seconds,
            "changes": self.changes,
            "diverged": asdict(self.diverged) if self.diverged else None,
            "device": self.device.type,
        }

    def resume(self, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
        """Continue where :meth:`checkpoint` was taken; the tensors have been checked to fit.

        Without moments or curves these start anew.
        """
        self.restore(tensors)
        self.step, self.seconds, self.changes = metadata["step"], metadata["seconds"], metadata["changes"]
        with_curves = "history/time" in tensors
        if with_curves:
            history = [tensors[f"history/{name}"].numpy() for name in ("time", "values", "level")]
            self._history.replace(*history)
            self._history.cut(self.step)
        if len(self._history):
            self._measured.last = self._history.values[-1, self._history.columns - len(self._measured.names) :].copy()
        else:
            self._measure_all()
        self.snapshots = Snapshots()
        self._take_snapshot()
        if metadata["diverged"]:
            if with_curves:
                self._history.replace(*history)
            self.diverged = Divergence(**metadata["diverged"])
            self.step = self.diverged.step

    def save(self, path: str | Path) -> None:
        """Write the whole run to ``path``; what stood there stays whole until the new file is complete."""
        tensors, story = self.checkpoint()
        write_tensors(Path(path), tensors, self._about(story))

    def save_weights(self, path: str | Path) -> None:
        """Write the networks alone to ``path``, without the optimizers' moments and the curves."""
        tensors, story = self.checkpoint()
        weights = {name: tensor for name, tensor in tensors.items() if name.split("/")[0] in self.networks}
        write_tensors(Path(path), weights, self._about({**story, "seconds": 0.0, "diverged": None}))

    def copied(self) -> Copy:
        """The whole run as it stands, to be written while it trains on."""
        tensors, story = self.checkpoint()
        return Copy.of(tensors, self._about(story))

    def _about(self, story: dict[str, Any]) -> dict[str, Any]:
        return {
            "genlab": __version__,
            "format": FORMAT,
            "config": json.loads(self.config.to_json()),
            "measures": self.figures(),
            **story,
        }

    def figures(self) -> dict[str, float | None]:
        """One figure for each curve: the last measured value, or the mean over the last ``AVERAGED`` steps.

        None where it is not finite, so that it can stand in JSON.
        """
        figures = {}
        for name, curve in self.history().items():
            if name in ("step", "seconds", self.VECTOR) or not len(curve):
                continue
            with np.errstate(invalid="ignore"):
                # The last rows of a diverged run may hold both infinities.
                value = float(np.mean(curve[-AVERAGED:] if name in self.CURVES else curve[-1:], dtype=np.float64))
            figures[name] = value if math.isfinite(value) else None
        return figures
