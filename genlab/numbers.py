"""Random numbers as a function of (seed, purpose, step, shape): the same for every device, and no state to store.

Philox (Salmon et al. 2011) is a counter-based generator: seed and purpose are its key, and the counter begins at the
first step of a block. A block is some consecutive steps, as many as the shape of one step says: so drawing costs a few
calls in many steps, and any step can be drawn again.
"""

import math
from dataclasses import dataclass

import numpy as np

PURPOSES = ("weights", "view", "measure", "index", "critic_noise", "generator_noise", "mix", "epsilon")
"""What numbers are for; the place of each is a part of its key. The last five are drawn in the steps that need them.

view: what is only looked at. measure: what a measurement draws. mix: where a penalty lies between real and generated.
"""
_BLOCK = 2**15
"""Numbers in a block at most, where a step has fewer: 128 KiB stay in the cache."""
_LONGEST = 256
"""Steps in a block at most."""


def random_stream(seed: int, purpose: str, size: int = 0, step: int = 0) -> np.random.Generator:
    """The random numbers for one purpose within a seed, from the block that begins at ``step`` on.

    ``size``, the numbers of one step, keeps blocks of different shapes apart.
    """
    # Drawing counts in the first of the four words, so that two streams never meet.
    return np.random.Generator(np.random.Philox(key=[seed, PURPOSES.index(purpose)], counter=[0, 0, size, step]))


@dataclass(frozen=True)
class Numbers:
    """Independent random numbers of one kind and shape.

    kind: "normal" (standard), "uniform" on [0, 1), "symmetric" (uniform on [−1, 1)), all float32; or "index", whole
    numbers from 0 to ``below`` − 1, int64.
    """

    kind: str
    shape: tuple[int, ...]
    below: int = 0

    @property
    def size(self) -> int:
        """How many a step has."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> type:
        """int64 for an index, float32 otherwise."""
        return np.int64 if self.kind == "index" else np.float32

    @property
    def block(self) -> int:
        """Steps that are drawn together: a power of two."""
        most = max(1, min(_LONGEST, _BLOCK // self.size))
        return 1 << (most.bit_length() - 1)

    def fill(self, array: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Write the next ones of ``random`` into an array of their dtype, which is returned."""
        if self.kind == "index":
            array[...] = random.integers(self.below, size=array.shape)
        elif self.kind == "normal":
            random.standard_normal(dtype=np.float32, out=array)
        else:
            random.random(dtype=np.float32, out=array)
            if self.kind == "symmetric":
                array *= 2
                array -= 1
        return array

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """The next ones of ``random`` in their shape."""
        return self.fill(np.empty(self.shape, self.dtype), random)
