"""What one setting is, and the words in which a value is written and refused."""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from genlab.config.choices import is_among

OFF = "off"
"""How a setting that can be switched off is written in an address and on the command line."""


class SettingError(ValueError):
    """Says in one line which setting has which value and what is allowed instead."""


@dataclass(frozen=True)
class Setting:
    """What one setting is: enough to draw its widget, to parse its text and to explain it.

    A choice may have further values than ``choices``: texts of the form ``further``, in words ``further_help``.
    ``of_images`` is the default beside images, where that is another than beside points.
    """

    name: str
    label: str
    help: str
    group: str
    kind: Literal["number", "integer", "choice", "switch"]
    default: Any
    symbol: str = ""
    unit: str = ""
    live: bool = False
    low: float = -math.inf
    high: float = math.inf
    scale: Literal["linear", "log"] = "linear"
    choices: Mapping[str, str] = field(default_factory=dict)
    further: str = ""
    further_help: str = ""
    can_be_off: bool = False
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    of_images: Any = None

    @property
    def defaults(self) -> tuple[Any, ...]:
        """The default, and where it is another that of images."""
        return (self.default,) if self.of_images is None else (self.default, self.of_images)

    @property
    def usual(self) -> str:
        """The default in words."""
        of_points, *of_images = map(setting_text, self.defaults)
        return of_points + "".join(f" ({text} of images)" for text in of_images)

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.kind == "choice":
            return ", ".join(self.choices) + (f", or {self.further_help}" if self.further else "")
        if self.kind == "switch":
            return "true, false"
        whole = "a whole number from " if self.kind == "integer" else ""
        return f"{whole}{_plain(self.low)} to {_plain(self.high)}" + (f", or {OFF}" if self.can_be_off else "")

    def read(self, text: str) -> Any:
        """The value that ``text`` stands for, in an address for example; a ValueError says what is allowed."""
        if self.kind == "choice" and self.offers(text):
            return text
        if self.kind == "switch" and text in ("true", "false"):
            return text == "true"
        if self.kind in ("number", "integer"):
            with suppress(ValueError):
                value = int(text) if self.kind == "integer" else float(text)
                if self.low <= value <= self.high:
                    return value
        raise ValueError(f"allowed is {self.allowed}")

    def take(self, value: Any) -> Any:
        """A value that comes from a browser, in its own type; a ValueError says in one line what is allowed."""
        try:
            return self.read(setting_text(value))
        except ValueError as error:
            text = f"{value:g}" if isinstance(value, float) else setting_text(value)
            raise ValueError(f"{self.label} = {shorten(text)}: {error}") from None

    def write(self, value: Any) -> str:
        """The text that :meth:`read` makes ``value`` of; of a number six digits."""
        return f"{value:g}" if isinstance(value, float) else setting_text(value)

    def offers(self, value: Any) -> bool:
        """Whether a choice has this value: one of ``choices``, or a text of the form ``further``."""
        return isinstance(value, str) and (value in self.choices or bool(re.fullmatch(self.further or "(?!)", value)))

    def word(self, value: str) -> str:
        """What a person reads for a value of a choice; of a further one its end."""
        return self.choices.get(value) or f"own data …{value[-4:]}"

    def applies(self, config: BaseModel) -> bool:
        """Whether the setting has an effect beside the other settings of ``config``."""
        return all(is_among(getattr(config, name), values) for name, values in self.when.items())


def setting_text(value: Any) -> str:
    """A value as it is written in an address and on the command line; reading it back gives the same value."""
    if value is None:
        return OFF
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def shorten(value: Any, longest: int = 60) -> str:
    """The text of a value on one line of at most so many characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
