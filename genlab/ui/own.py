"""A person's own data on the pages: which there are to choose from, what they are called, the way home with them."""

import io
from collections.abc import Mapping

import numpy as np

from genlab.config import Config, Setting
from genlab.data import DataUnavailable
from genlab.data.own import SOMEBODY, Shelf, load, split
from genlab.runtime.access import acting


def shelf() -> Shelf:
    """The shelf of this lab."""
    return Shelf()


def owner() -> str:
    """Under whom the data of whoever looks at the page stand."""
    return acting() or SOMEBODY


def choices(setting: Setting, value: str) -> Mapping[str, str]:
    """Value → what a person reads, of a choice; of data also one's own, and what is chosen, whosever it is."""
    if not setting.further:
        return setting.choices
    mine = {one.name: f"Yours: {one.title}" for one in shelf().standing(owner())}
    chosen = {} if value in mine or value in setting.choices else {value: setting.word(value)}
    return {**setting.choices, **mine, **chosen}


def missing(config: Config) -> str:
    """One line when the own data of a set-up cannot be had here; "" when they can."""
    if config.is_own:
        try:
            load(config.data)
        except DataUnavailable as error:
            return str(error)
    return ""


def as_file(config: Config) -> bytes:
    """Own data as an .npz, as an exported script reads it: ``train`` and ``held_out``, and the ``name`` of both."""
    train, held_out = split(config.data)
    file = io.BytesIO()
    np.savez_compressed(file, train=train, held_out=held_out, name=np.array(config.data))
    return file.getvalue()
