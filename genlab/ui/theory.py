"""The frame that the theory pages share: settings that live in the address, formulas, today's numbers."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import streamlit as st

from genlab.config import Setting
from genlab.figures.palette import ink
from genlab.live.form import form
from genlab.live.shell import theme
from genlab.ui import address
from genlab.ui.errors import complain_of

LONGEST_QUOTE = 60
"""Characters of a bad value that a line about it repeats."""


# ---- settings --------------------------------------------------------------------------------------------------------


@contextmanager
def settings(page: str) -> Iterator["Settings"]:
    """The settings column of a page; what is drawn in it stands in the address, so that a pasted link restores it.

    with settings("games") as column:
        step = column.number("step", "Step h", 0.01, 1.0, 0.2, log=True)
    """
    column = Settings(page)
    with st.sidebar:
        yield column
    column.finish()


class Settings:
    """The values of one page: read from the address when the page is entered, then as the person leaves them.

    A value of the address that is not allowed is replaced by its default, and one line says so.
    """

    def __init__(self, page: str):
        self._page = page
        self._top = st.container()
        kept = st.session_state.setdefault(f"theory.{page}", {"values": {}, "address": {}})
        self._values: dict[str, Any] = kept["values"]
        self._problems = address.once(f"theory.{page}.problems")
        self._address: dict[str, str] = kept["address"]
        self._written: dict[str, str] = {}
        self._names: dict[str, None] = {}
        if (query := address.asked()) is not None:
            self._values.clear()
            self._address.clear()
            self._address.update(query)
        address.answered()

    def value(self, name: str, default: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str) -> Any:
        """The value of a setting without a widget of its own.

        ``read`` makes it of the address's text, or raises a ValueError that says what is allowed; ``write`` is its
        inverse. The default is not written.
        """
        self._names[name] = None
        if name in self._address:
            text = self._address.pop(name)
            try:
                self._values[name] = read(text)
            except ValueError as error:
                self._problems.append(f"{name} = {text[:LONGEST_QUOTE]}: {error}")
        value = self._values.get(name, default)
        if value != default:
            self._written[name] = write(value)
        return value

    def set(self, **values: Any) -> None:
        """Give settings new values; for the callbacks of buttons and presets, before the page is drawn again."""
        for name in values:
            self._address.pop(name, None)
        self._values.update(values)

    def say(self, problem: str) -> None:
        """One line that the page shows as an error when it is drawn next."""
        self._problems.append(problem)

    def number(
        self, name: str, label: str, low: float, high: float, default: float, *, log: bool = False, help: str = "",
    ) -> float:  # fmt: skip
        """A slider with a number box beside it; whole numbers when the default is an int. ``log`` for wide ranges."""
        setting = Setting(
            name, label, help, self._page, "integer" if isinstance(default, int) else "number", default, low=low,
            high=high, scale="log" if log else "linear",
        )  # fmt: skip
        self.draw(setting)
        return self.read(setting)

    def read(self, setting: Setting) -> float:
        """The value of a number, whether its slider is drawn or not."""
        value = self.value(setting.name, setting.default, setting.read, setting.write)
        return type(setting.default)(min(max(value, setting.low), setting.high))

    def draw(self, setting: Setting) -> None:
        """The slider of a number and the box beside it."""
        self._form(setting, self.read(setting))

    def choice(self, name: str, label: str, options: Mapping[str, str], default: str, *, help: str = "") -> str:
        """A list of which one is chosen: name in the address → words on the page."""
        setting = Setting(name, label, help, self._page, "choice", default, choices=options)
        value = self.value(name, default, setting.read)
        value = value if value in options else default
        self._form(setting, value)
        return value

    def tabs(self, name: str, label: str, options: Mapping[str, str], default: str) -> str:
        """A row of which one is chosen: name in the address → words on the page."""
        setting = Setting(name, label, "", self._page, "choice", default, choices=options)
        value = self.value(name, default, setting.read)
        key = self._kept(setting, "tabs", value)
        st.segmented_control(
            label, list(options), format_func=options.get, required=True, label_visibility="collapsed", **key
        )
        return value

    def several(
        self, name: str, label: str, options: Mapping[str, str], default: tuple[str, ...], *, help: str = ""
    ) -> tuple[str, ...]:
        """A row of which some are chosen, in the order of ``options``; at least one, or the default comes back."""
        setting = Setting(name, label, help, self._page, "choice", default, choices=options)
        value = self.value(name, default, lambda text: tuple(map(setting.read, text.split(","))), ",".join)
        value = tuple(option for option in options if option in value) or default
        key = self._kept(setting, "list", list(value))
        st.pills(label, list(options), selection_mode="multi", format_func=options.get, help=help or None, **key)
        return value

    def switch(self, name: str, label: str, default: bool, *, help: str = "") -> bool:
        """A toggle."""
        setting = Setting(name, label, help, self._page, "switch", default)
        value = self.value(name, default, setting.read, setting.write)
        self._form(setting, value)
        return value

    def finish(self) -> None:
        """Write the address, and say what was wrong in it or in a number box."""
        known = ", ".join(self._names)
        self._problems += [
            f"{name[:LONGEST_QUOTE]}: this page has no such setting; it has {known}" for name in self._address
        ]
        self._address.clear()
        complain_of(self._problems, self._top)
        address.show(self._written)

    def _form(self, setting: Setting, value: Any) -> None:
        key = f"theory.{self._page}.{setting.name}"
        form(key, [setting], {setting.name: value}, lambda told: self._take(setting, told.get(setting.name)))

    def _take(self, setting: Setting, value: Any) -> None:
        """What a hand has left, which comes from the browser."""
        try:
            self._values[setting.name] = setting.take(value)
        except ValueError as error:
            self._problems.append(str(error))

    def _kept(self, setting: Setting, part: str, value: Any) -> dict[str, Any]:
        """The key of a widget that shows ``value`` and whose change goes into the settings."""
        key = f"theory.{self._page}.{setting.name}.{part}"
        # Written only where it differs: what is written is sent to the browser.
        if st.session_state.get(key) != value:
            st.session_state[key] = value
        return {"key": key, "on_change": self._changed, "args": (setting, key)}

    def _changed(self, setting: Setting, key: str) -> None:
        # Of several choices at least one stays.
        self._values[setting.name] = st.session_state[key] or setting.default


def presets(column: Settings, values: Mapping[str, Mapping[str, Any]]) -> None:
    """A button for each set-up: words → settings."""
    with st.container(horizontal=True, gap="xsmall"):
        for words, chosen in values.items():
            st.button(words, on_click=column.set, kwargs=dict(chosen))


# ---- formulas and numbers --------------------------------------------------------------------------------------------


def tinted(words: str) -> str:
    """KaTeX in which ``@token{…}`` has the colour of that token of the palette, made dark or pale enough to read."""
    return re.sub(r"@(\w+)\{", lambda found: rf"\textcolor{{{ink(found[1], theme())}}}{{", words)


class Now(NamedTuple):
    """Today's value of a term: its symbol (KaTeX, as for `tinted`) and the value in words, with its unit."""

    symbol: str
    value: str


def formula(words: str, *terms: Now) -> None:
    r"""The formula of a figure (KaTeX, as for `tinted`), and under it a row of today's numbers.

    Where it is wider than the page, it goes on in the next line after a ``\qquad``, a relation or an operator.
    """
    st.latex(tinted(words.replace(r"\qquad", r"\qquad\allowbreak ")))
    numbers(*terms)


def numbers(*terms: Now) -> None:
    """A row of today's numbers; a line ends after a number, never between a symbol and its number."""
    # A paragraph for each: style.css has them beside each other.
    row = (f"${tinted(term.symbol)}$\u2002**{term.value}**" for term in terms)
    st.markdown("\n\n".join(row), text_alignment="center")


def figure(value: float, form: str) -> str:
    """A number in this form, with a minus sign that is as wide as a digit."""
    return f"{value:{form}}".replace("-", "−")


def nats(value: float) -> str:
    """A number of nats in words."""
    # Adding 0 takes the sign off a rounded −0.
    return f"{round(value, 4) + 0.0:.4f}".replace("-", "−").replace("inf", "∞") + "\u00a0nats"
