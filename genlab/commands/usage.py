"""What every command answers bad input with, and how it ends."""

import argparse
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DONE, DIVERGED, BAD_INPUT, NOT_REPRODUCED, INTERRUPTED = 0, 1, 2, 3, 130


class UsageError(ValueError):
    """Says in one line what was asked for and what is allowed."""


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, without the usage text."""

    def __init__(self, **more):
        super().__init__(**{"allow_abbrev": False, **more})

    def error(self, message: str):
        """Raise instead of leaving, so that all mistakes are told in one place."""
        raise UsageError(message)


def count(most: int, least: int = 1) -> Callable[[str], int]:
    """What reads a whole number from ``least`` to ``most`` on the command line."""

    def count(text: str) -> int:
        with suppress(ValueError):
            if least <= int(text) <= most:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text}: allowed is a whole number from {least} to {most}")

    return count


def check_writable(path: Path | None) -> None:
    """Raise before the training rather than after it."""
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; allowed is a file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise UsageError(f"{path}: cannot be written")


def torch_device(name: str):
    """The device of that name; a :class:`UsageError` names those of this machine."""
    import torch

    from genlab.devices import CPU, gpus

    # Small networks are bound by dispatch: more threads make them slower.
    torch.set_num_threads(1)
    found = gpus()
    here = [CPU, *(["cuda"] if "cuda:0" in found else []), *found]
    if name not in here:
        raise UsageError(f"device = {name}: allowed here is {', '.join(here)}")
    return torch.device(name)
