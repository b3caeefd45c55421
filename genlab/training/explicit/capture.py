"""A step captured on a GPU: some steps are one launch there, where each of their operations would be one.

Small networks keep a GPU waiting for its launches; a graph has them all. It reads and writes the same addresses each
time, so whatever changes from step to step is copied to where it expects it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from genlab.training.draws import Draws
from genlab.training.explicit.player import Player, Schedule, Step

AT_ONCE = 8
"""Steps of one launch."""
_MOST_OPERATIONS = 5_000
"""Of one launch: a capture takes some 20 µs for each, and a changed setting should not wait a second for it."""
_capturing = threading.Lock()
"""Another capture on the device would end this one."""
_streams: dict[int, "torch.cuda.Stream"] = {}
"""The stream of each device on which its captures are made."""

Work = Callable[[], None]


def captured(work: Work, device: torch.device) -> Work:
    """What launches all that ``work`` launches; nothing is computed by the capture itself.

    ``work`` must have run within :func:`beside` before, so that libraries and kernels are loaded.
    """
    graph = torch.cuda.CUDAGraph()
    # Other threads may go on allocating and launching on the device meanwhile.
    with beside(device) as stream, torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        work()
    return graph.replay


@contextmanager
def beside(device: torch.device) -> Iterator["torch.cuda.Stream | None"]:
    """Within it the thread's work goes to the stream of the device's captures, behind all work of its own so far.

    Libraries keep a workspace for each stream, so that what shall be captured must have run on the very stream. One
    thread at a time: what another launched there meanwhile would become a part of the graph.
    """
    if device.type != "cuda":
        yield None
        return
    with _capturing, torch.cuda.device(device):
        stream = _streams.setdefault(torch.cuda.current_device(), torch.cuda.Stream())
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            yield stream
        torch.cuda.current_stream().wait_stream(stream)


class CapturedPlayer(Player):
    """Plays steps by launches of one or of several of them."""

    def __init__(
        self, step: Step, draws: Draws, schedule: Schedule, rows: int, capture: Callable[[Work, torch.device], Work]
    ):
        super().__init__(step, draws, schedule, rows)
        operations = sum(len(stage.operations) for stage in step.program.stages)
        self.at_once = max(1, min(AT_ONCE, _MOST_OPERATIONS // operations))
        self._capture = capture
        self._inputs = {name: tensor.new_zeros((self.at_once, *tensor.shape)) for name, tensor in step.inputs.items()}
        self._records = step.record.new_zeros((self.at_once, *step.record.shape))
        self._launches: dict[int, Work] = {}

    def play(self, number: int, row: int, most: int) -> int:
        """See :meth:`Player.play`."""
        count = self.at_once if min(most, self.draws.load(number)) >= self.at_once else 1
        self._fill(number, count)
        self._launch(count)()
        self.block[row : row + count].copy_(self._records[:count])
        return count

    def _fill(self, number: int, count: int) -> None:
        for name, buffer in self.draws.buffers.items():
            first = number % len(buffer)
            self._inputs[name][:count].copy_(buffer[first : first + count])
        scheduled = [self.schedule(number + step) for step in range(count)]
        for name in scheduled[0]:
            values = torch.tensor([values[name] for values in scheduled], dtype=self._inputs[name].dtype)
            place = self._inputs[name][:count]
            place.copy_(_pinned(values.view(place.shape), place.device), non_blocking=True)

    def _launch(self, count: int) -> Work:
        if count not in self._launches:
            if not self._launches:
                self._warm_up()
            self._launches[count] = self._capture(lambda: self._steps(count), self.block.device)
        return self._launches[count]

    def _steps(self, count: int) -> None:
        for step in range(count):
            for name, place in self.step.inputs.items():
                place.copy_(self._inputs[name][step])
            self.step.program.play()
            self._records[step].copy_(self.step.record)

    def _warm_up(self) -> None:
        """A step without a trace, for what libraries and kernels do when they are first used."""
        before = [tensor.clone() for tensor in self.step.state]
        with beside(self.block.device):
            self._steps(1)
        for tensor, values in zip(self.step.state, before, strict=True):
            tensor.copy_(values)


def _pinned(values: Tensor, device: torch.device) -> Tensor:
    """The values in memory that a GPU can read by itself; torch gives it out again only when they have been read."""
    return values.pin_memory() if device.type == "cuda" else values
