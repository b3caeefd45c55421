"""Widgets drawn from the declarations of the settings: what acts at once, what starts afresh, what is hidden."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Any

import streamlit as st

from genlab.config import OFF, Config, Setting
from genlab.ui.address import UNDERWAY_SECONDS
from genlab.ui.errors import complain
from genlab.ui.own import choices
from genlab.ui.runs import act, change

AFRESH = ":material/restart_alt:"
MANTISSAS = (1, 1.5, 2, 3, 5, 7)
DECADES_ABOVE_ZERO = 5
WIDE_RANGE = 1000
ECHO_SECONDS = 2.0
"""So long after a value was written, a request may still repeat what the widget showed before; longer if it is slow."""


Change = Callable[[str, Any], None]
"""Told the name of a setting and the value that a person gave it."""


def controls(config: Config, first: Iterable[str], of_run: Callable[[type[Config]], None]) -> None:
    """Draw every setting of the run that this tab's page shows, see :func:`draw_settings`.

    ``of_run`` draws what is the run's alone and not the experiment's, in the group "Run". The widgets show the
    settings of the run itself, so every tab that looks at it agrees.
    """
    draw_settings(config, first, partial(act, type(config), change), more={"Run": partial(of_run, type(config))})
    st.caption(f"{AFRESH} starts a fresh run; everything else acts on the running model.")


def draw_settings(
    config: Config, first: Iterable[str], change: Change, without: Iterable[str] = (), running: bool = True,
    more: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Draw every setting that applies to ``config``: those named in ``first`` in plain sight, the others by group.

    Where a ``running`` model takes up some of them, those that it cannot are marked. ``more`` draws what else stands
    in a group.
    """
    settings = {
        name: setting if running else replace(setting, live=True)
        for name, setting in config.settings().items()
        if setting.applies(config) and name not in without
    }
    for name in first:
        if name in settings:
            _draw(settings.pop(name), config, change)
    for group in dict.fromkeys(setting.group for setting in settings.values()):
        # The key keeps it open when settings above it come or go.
        with st.expander(group, key=f"{config.model}.{group}"):
            for setting in settings.values():
                if setting.group == group:
                    _draw(setting, config, change)
            if group in more:
                more[group]()


def bound(key: str, value: Any, *shape: Any, tell: Callable[..., None], args: tuple = ()) -> dict[str, Any]:
    """The key of a widget that shows ``value``, whatever it showed before, and who is told when a person changes it.

    ``shape`` is what else makes the widget: its bounds, step or options. With others, or on another page, it is a new
    one, which shows nothing yet. Otherwise the value is written only where it differs: what is written is sent to the
    browser, and would undo what a hand has done there since.
    """
    known, shape = _known(key), (st.session_state.get("page"), *shape)
    if known.shape != shape or key not in st.session_state or st.session_state[key] != value:
        now = monotonic()
        known.shown = [(one, when) for one, when in known.shown if when > now - UNDERWAY_SECONDS]
        known.shown += [(st.session_state.get(key), now), (value, now)]
        st.session_state[key] = value
    known.shape = shape
    st.session_state["somebody was told"] = False
    return {"key": key, "on_change": _tell, "args": (key, tell, *args)}


@dataclass
class _Known:
    """What this tab knows of a widget: its shape, and each value that it showed when another was written, and when."""

    shape: tuple | None = None
    shown: list[tuple[Any, float]] = field(default_factory=list)


def _known(key: str) -> _Known:
    return st.session_state.setdefault("known widgets", {}).setdefault(key, _Known())


def _tell(key: str, tell: Callable[..., None], *args: Any) -> None:
    """Pass on that a person changed a widget, and not that a request repeats what it showed before it was written.

    Such a request left the browser before the new value arrived there. A person changes one widget at a time: what
    comes beside another change is an echo even on a slow machine.
    """
    known, beside = _known(key), st.session_state.get("somebody was told")
    since = monotonic() - (UNDERWAY_SECONDS if beside else ECHO_SECONDS)
    if any(value == st.session_state[key] and when > since for value, when in known.shown):
        known.shape = None
        return
    known.shown.clear()
    st.session_state["somebody was told"] = True
    tell(*args)


def number(label: str, low: float, high: float, step: float, *, key: str, help: str = "") -> float:
    """A slider with its number box, for a number of the page's own that stands in the session state under ``key``."""
    value = float(min(high, max(low, st.session_state.setdefault(key, 0.0))))
    st.session_state[key] = value

    def mirror(part: str) -> dict:
        # Each of the two shows the number, and a change of either changes it.
        widget = f"{key}.{part}"
        return bound(widget, value, low, high, tell=_take_over, args=(key, widget, label, low, high))

    slider, box = st.columns([3, 2], vertical_alignment="bottom", gap="small")
    with slider:
        st.slider(label, low, high, step=step, help=help or None, **mirror("slider"))
    with box:
        st.number_input(label, value=None, step=step, format="%g", label_visibility="collapsed", **mirror("box"))
    if problem := st.session_state.pop(f"{key}.problem", ""):
        complain(problem)
    return value


def _take_over(key: str, widget: str, label: str, low: float, high: float) -> None:
    value = st.session_state[widget]
    if value is None:
        # An emptied box asks for nothing.
        return
    if low <= value <= high:
        st.session_state[key] = value
    else:
        st.session_state[f"{key}.problem"] = f"{label} = {value:g}: allowed is {low:g} to {high:g}"


def _draw(setting: Setting, config: Config, change: Change) -> None:
    draw = {"choice": _choice, "switch": _switch, "number": _number, "integer": _number}[setting.kind]
    draw(setting, partial(_keyed, setting, config.model, change), getattr(config, setting.name))


def _choice(setting: Setting, keyed: Callable[..., dict], value: str) -> None:
    words = choices(setting, value)
    st.selectbox(
        _label(setting), list(words), format_func=words.get, help=_help(setting),
        **keyed(value),
    )  # fmt: skip


def _switch(setting: Setting, keyed: Callable[..., dict], value: bool) -> None:
    st.toggle(_label(setting), help=_help(setting), **keyed(value))


def _number(setting: Setting, keyed: Callable[..., dict], value: float | None) -> None:
    if setting.scale == "linear" and setting.high - setting.low > WIDE_RANGE:
        _box(setting, keyed, value, "visible")
        return
    slider, box = st.columns([2, 1], vertical_alignment="bottom", gap="small")
    with slider:
        (_log_slider if setting.scale == "log" else _linear_slider)(setting, keyed, value)
    with box:
        _box(setting, keyed, value, "collapsed")


def _log_slider(setting: Setting, keyed: Callable[..., dict], value: float | None) -> None:
    options = grid(setting, value)
    st.select_slider(
        _label(setting), options, format_func=_short, help=_help(setting),
        **keyed(OFF if value is None else value, options),
    )  # fmt: skip


def _linear_slider(setting: Setting, keyed: Callable[..., dict], value: float) -> None:
    cast, step = int if setting.kind == "integer" else float, _step(setting, value)
    st.slider(
        _label(setting), cast(setting.low), cast(setting.high), step=step,
        format="%d" if cast is int else "%g", help=_help(setting), **keyed(cast(value), step),
    )  # fmt: skip


def _box(setting: Setting, keyed: Callable[..., dict], value: float | None, label: str) -> None:
    # No bounds here: a number outside them is refused by the settings, in a line that says what is allowed.
    cast, step = int if setting.kind == "integer" else float, _step(setting, value)
    st.number_input(
        _label(setting), value=None,
        step=step, format="%d" if cast is int else "%g",
        help=_help(setting) if label == "visible" else None,
        placeholder=OFF if setting.can_be_off else None, label_visibility=label,
        **keyed(None if value is None else cast(value), step, part="box"),
    )  # fmt: skip


def _keyed(setting: Setting, model: str, change: Change, value, *shape, part: str = "") -> dict:
    """The key of a widget that shows ``value``, and who is told of its change."""
    key = f"{model}.{setting.name}{part and '.' + part}"
    return bound(key, value, *shape, tell=_changed, args=(setting, change, key))


def _changed(setting: Setting, change: Change, key: str) -> None:
    value = st.session_state[key]
    # An emptied box asks for nothing, unless that means off.
    if value is not None or setting.can_be_off:
        change(setting.name, value)


def grid(setting: Setting, value: float | None) -> list[float | str]:
    """The positions of a logarithmic slider, with the bounds, the default and the present value among them."""
    low = setting.low or setting.high / 10**DECADES_ABOVE_ZERO
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(setting.high)) + 1)
    steps = [float(f"{mantissa}e{decade}") for decade in decades for mantissa in MANTISSAS]
    if setting.kind == "integer":
        steps = [int(step) for step in steps if step == int(step)]
    inside = {step for step in steps if low <= step <= setting.high}
    inside |= {setting.low, setting.high, setting.default, value}
    numbers = sorted(number for number in inside if number is not None)
    return [OFF, *numbers] if setting.can_be_off else numbers


def _step(setting: Setting, value: float | None) -> float:
    """How far an arrow key moves: a tenth of the value's decade on a log scale, a hundredth or less on a linear one."""
    if setting.scale == "log" and value:
        step = 10.0 ** (math.floor(math.log10(value)) - 1)
    else:
        step = 10.0 ** -max(2, len(f"{setting.high:g}".partition(".")[2]))
    return max(1, int(step)) if setting.kind == "integer" else step


def _short(value: float | str) -> str:
    return value if value == OFF else f"{value:g}"


def _label(setting: Setting) -> str:
    symbol = "" if setting.symbol in ("", *setting.label.split()) else f" · {setting.symbol}"
    return f"{setting.label}{symbol}" + ("" if setting.live else f" {AFRESH}")


def _help(setting: Setting) -> str:
    return f"{setting.help} In {setting.unit}." if setting.unit else setting.help
