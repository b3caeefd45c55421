"""A set-up of one run: validated as a whole, and the same as JSON, as an address and as a command line."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from genlab.config.choices import DIGITS, IMAGE_DATA, LINE_DATA, is_among
from genlab.config.setting import OFF, Setting, SettingError, setting_text, shorten

MOST_PROBLEMS = 8
"""Parameters of one address whose fault is told."""


class Config(BaseModel):
    """A complete, validated and immutable set-up of one run.

    Invalid values raise :class:`SettingError` with one line that names the setting, the value and what is allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: ClassVar[str]
    if TYPE_CHECKING:
        # What the settings of every model have; declared with the others of a model, in the order of the page.
        data: str
        batch_size: int
        seed: int

    def __init__(self, /, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingError(self._say(error)) from None

    @classmethod
    @cache
    def settings(cls) -> Mapping[str, Setting]:
        """The declarations by name, in the order in which they are shown."""
        return MappingProxyType(
            {
                name: Setting(name=name, default=field.default, **cast(dict[str, Any], field.json_schema_extra))
                for name, field in cls.model_fields.items()
            }
        )

    @classmethod
    @cache
    def beside(cls, images: bool) -> Mapping[str, Setting]:
        """The declarations with the defaults of a set-up of images, or of one of points."""
        settings = dict(cls.settings())
        if images:
            settings |= {name: replace(settings[name], default=value) for name, value in cls._of_images().items()}
        return MappingProxyType(settings)

    @classmethod
    def _of_images(cls) -> dict[str, Any]:
        return {name: each.of_images for name, each in cls.settings().items() if each.of_images is not None}

    def worded(self) -> Mapping[str, Setting]:
        """The declarations in the words of this set-up, with its data's defaults: what a person reads beside them."""
        return self.beside(self.is_images)

    @classmethod
    def _say(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "across_settings":
            return first["msg"]
        settings = cls.settings()
        if name not in settings:
            # The other model's "width" is two settings here.
            parts = [one for one in settings if f"_{name}_" in f"_{one}_"]
            near = parts[:2] or get_close_matches(name, settings, n=1)
            hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(settings)}"
            return f"{shorten(name)}: {cls.model} has no such setting; {hint}"
        return f"{name} = {shorten(first['input'])}: allowed is {settings[name].allowed}"

    @model_validator(mode="before")
    @classmethod
    def _follow(cls, values: Any) -> Any:
        """What is not said is as it is usual beside the data."""
        data = values.get("data", cls.settings()["data"].default) if isinstance(values, dict) else None
        return {**cls._of_images(), **values} if is_among(data, IMAGE_DATA) else values

    @field_validator("*", mode="before")
    @classmethod
    def _understand(cls, value: Any, info: ValidationInfo) -> Any:
        setting = cls.settings()[str(info.field_name)]
        if setting.can_be_off and isinstance(value, str) and value.strip().lower() == OFF:
            return None
        if setting.kind == "choice" and not setting.offers(value):
            raise ValueError("not among the choices")
        if setting.kind in ("number", "integer") and isinstance(value, bool):
            raise ValueError("a switch is not a number")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        complaint = self._complaint()
        if complaint:
            raise PydanticCustomError("across_settings", "{line}", {"line": complaint})
        return self

    def _complaint(self) -> str | None:
        """One line when two settings, each valid alone, cannot stand together."""
        return None

    @property
    def is_images(self) -> bool:
        """Whether the data are 28×28 images rather than points."""
        return is_among(self.data, IMAGE_DATA)

    @property
    def is_line(self) -> bool:
        """Whether the data are points on a line rather than in the plane."""
        return is_among(self.data, LINE_DATA)

    @property
    def is_own(self) -> bool:
        """Whether the data are a person's own."""
        return self.data.startswith("own:")

    @property
    def dimension(self) -> int:
        """How many numbers one example has: 784 pixels, 2 coordinates, or 1."""
        return 28 * 28 if self.is_images else 1 if self.is_line else 2

    @property
    def is_digits(self) -> bool:
        """Whether the data are images of digits, which the shipped classifier can tell apart."""
        return self.data in DIGITS

    def replace(self, /, **changes: Any) -> Self:
        """This set-up with some settings changed, validated as a whole.

        Beside other data a setting that stands at its default stands at the default of those.
        """
        usual = self.worded()
        own = {name: value for name, value in self.model_dump().items() if value != usual[name].default}
        return type(self)(**{**own, **changes})

    def changed(self, other: "Config") -> dict[str, tuple[Any, Any]]:
        """Name → (value here, value there) for every setting in which the two differ."""
        here, there = self.model_dump(), other.model_dump()
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}

    def to_json(self) -> str:
        """One line of JSON with the kind of model and every setting."""
        return json.dumps({"model": self.model, **self.model_dump()}, ensure_ascii=False)

    def to_query(self) -> dict[str, str]:
        """What differs from the defaults, as URL parameters."""
        usual = self.worded()
        return {name: setting_text(value) for name, value in self.model_dump().items() if value != usual[name].default}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The set-up that an address describes, and a line for each of the first parameters that had to be left out.

        A parameter that cannot stand keeps its default, so that a damaged address still opens the lab.
        """
        config, problems = cls(), []
        good: dict[str, str] = {}
        pending = dict(query)
        # A value may only be valid beside another one (images before a convolutional network): retry what failed.
        while pending:
            left = {}
            for name, value in pending.items():
                try:
                    config = cls(**good, **{name: value})
                    good[name] = value
                except SettingError as error:
                    left[name] = (value, str(error))
            if len(left) == len(pending):
                problems = [line for _, line in left.values()]
                if len(problems) > MOST_PROBLEMS:
                    more = f"{len(problems) - MOST_PROBLEMS} more parameters had to be left out"
                    problems = [*problems[:MOST_PROBLEMS], more]
                break
            pending = {name: value for name, (value, _) in left.items()}
        return config, problems

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Add ``--NAME VALUE`` for every setting; values stay text until :meth:`from_texts` validates them."""
        for name, setting in cls.settings().items():
            flags = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))
            parser.add_argument(
                *flags, dest=name, metavar="VALUE", default=argparse.SUPPRESS,
                help=f"{setting.label} ({setting.allowed}; default {setting.usual})".replace("%", "%%"),
            )  # fmt: skip

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """The set-up that texts from outside describe; raises :class:`SettingError` at the first bad one."""
        return cls(**texts)
