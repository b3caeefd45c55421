"""What one client alone is told: a decoded code, an encoded example, a cell of a map, what a file generates."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from genlab.config import SettingError
from genlab.runtime.messages import Record, encode
from genlab.runtime.worker.frames import frame_of
from genlab.runtime.worker.run import Run

ANSWERED = ("decode", "encode", "examine", "rehearse", "glance", "look", "generate")
"""Commands whose reply is a packet."""


class Answers:
    """Computes and sends packets for the client that asked.

    Args:
        send: takes (record kind, run id, payload).
    """

    def __init__(self, send: Callable[[Record, str, bytes], None]):
        self._send = send
        self._generators = None

    def decode(self, run: Run, command: dict[str, Any]) -> None:
        run.require_model()
        self._answer(command, {"kind": "decoded"}, run.at(command.get("at")).decode(command["z"]))

    def encode(self, run: Run, command: dict[str, Any]) -> None:
        run.require_model()
        if run.view.inspection is None:
            raise SettingError("encode: only a VAE has an encoder")
        view = run.at(command.get("at"))
        arrays, settled = view.look(command["visitor"], command["x"], command["number"], command["bound"])
        trainer = view.trainer
        about = {"step": trainer.step, "config": trainer.config.model_dump(), "settled": settled}
        self._answer(command, {"kind": "encoded", **about}, arrays)

    def examine(self, run: Run, command: dict[str, Any]) -> None:
        run.require_map()
        header, arrays = run.view.examine(command["cell"])
        self._answer(command, {"kind": "examined", **header}, arrays)

    def rehearse(self, run: Run, command: dict[str, Any]) -> None:
        run.require_model()
        from genlab.runtime.rehearsal import rehearse

        header, arrays = rehearse(run.trainer)
        self._answer(command, {"kind": "rehearsed", **header}, arrays)

    def look(self, run: Run, command: dict[str, Any]) -> None:
        """A frame of the run as it stood, for one watcher alone."""
        run.require_model()
        self._send_packet(command, frame_of(run, tuple(command["streams"]), run.at(command["step"])))

    def glance(self, run: Run, command: dict[str, Any]) -> None:
        """A small picture of the run, and its name; of a map what its colours stand for."""
        run.require_model()
        from genlab.maps import MapConfig
        from genlab.runtime.streams.glance import glance, glance_of_map

        header, arrays = (glance_of_map if run.config.model == MapConfig.model else glance)(run.view)
        self._answer(command, {"kind": "glanced", "status": run.status, **header}, arrays)

    def generate(self, command: dict[str, Any]) -> None:
        """Answer from a file alone: no run is asked, and none is touched."""
        from genlab.runtime.generation import Generators

        self._generators = self._generators or Generators()
        missing = command.get("missing", "")
        # Without the images that it was trained on, a model still generates.
        header, arrays = self._generators.generate({**command["asked"], **({"nearest": False} if missing else {})})
        self._send_packet(command, encode({**header, "missing": missing}, arrays))

    def _answer(self, command: dict[str, Any], header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        self._send_packet(command, encode({"run": command["run"], "id": command["number"], **header}, arrays))

    def _send_packet(self, command: dict[str, Any], packet: bytes) -> None:
        self._send(Record.ANSWER, command["run"], struct.pack("<I", command["id"]) + packet)
