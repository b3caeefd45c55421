"""The same noise through a generator again and again, to see what has become of it."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from torch import Tensor

from genlab.training.explicit.layers import Pass
from genlab.training.explicit.program import program_for


class Probe:
    """What a perceptron makes of fixed noise, on fixed buffers: for few units these cost more than the arithmetic.

    blocks: its layers [W | b], whose present weights count; noise: (k, n), an example a column; at_once: columns that
    a pass may have at most.
    """

    def __init__(self, blocks: Sequence[Tensor], phi: str, noise: Tensor, at_once: int):
        n = noise.shape[1]
        pieces = next(count for count in range(ceil(n / at_once), n + 1) if n % count == 0)
        program = self._program = program_for(noise.device)
        its = Pass(program, blocks, (), phi, n // pieces)
        self._points = noise.new_empty((blocks[-1].shape[-2], n))
        for first in range(0, n, its.columns):
            part = slice(first, first + its.columns)
            with program.stage("generate", "generator"):
                program.copy(noise[:, part], its.input[:-1])
                its.forward()
                program.copy(its.output, self._points[:, part])

    def points(self) -> Tensor:
        """The examples (outputs, n), good until they are asked for again."""
        with np.errstate(all="ignore"):
            self._program.play()
        return self._points
