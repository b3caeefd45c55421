"""What the address of the Generate page holds, and what this visitor left the page at."""

from typing import Any

import streamlit as st

from genlab.config import LAST_SEED, Setting
from genlab.live.form import form
from genlab.ui.address import answered, asked, once, show, show_now
from genlab.ui.errors import complain_of
from genlab.ui.theory import LONGEST_QUOTE

REACH = 3.0
"""The sliders of a Gaussian prior end at so many standard deviations."""
NOTHING = "nothing"
LONGEST_CODE = 64
MODELS = ("model", "beside")


def _choice(name: str, default: str, view: str = "", **choices: str) -> Setting:
    return Setting(name, name, "", view, "choice", default, choices=choices)


SETTINGS = {
    setting.name: setting
    for setting in (
        _choice("view", "samples", samples="Samples", sliders="Latent sliders", interpolation="Interpolation"),
        Setting("seed", "Seed", "", "samples", "integer", 0, low=0, high=LAST_SEED),
        Setting("temperature", "Temperature", "", "samples", "number", 1.0, low=0.0, high=2.0),
        _choice("samples", "64", "samples", **{n: n for n in ("16", "36", "64", "100")}),
        Setting("nearest", "Nearest training example", "", "samples", "switch", True),
        Setting("from", "From seed", "", "interpolation", "integer", 0, low=0, high=LAST_SEED),
        Setting("to", "to seed", "", "interpolation", "integer", 1, low=0, high=LAST_SEED),
    )
}
"""What the page's address holds beside the models and the code z: each has its ``generate.NAME`` in the session, and
its group is the view that it belongs to, none for all."""


def _kept(name: str) -> Any:
    """What a setting was left at, here or in the address."""
    return st.session_state.get("generate.kept", {}).get(name, SETTINGS[name].default)


def remembered(name: str) -> str:
    """The key of a number's widget, which then shows what was chosen before."""
    st.session_state.setdefault(f"generate.{name}", _kept(name))
    return f"generate.{name}"


def chosen(name: str) -> Any:
    """What a hand, or the address, has set it to; None for neither."""
    return st.session_state.get(f"generate.{name}", st.session_state.get("generate.kept", {}).get(name))


def at_first(name: str) -> Any:
    """What the widget of a choice shows when it appears; the same as long as it is there.

    Written into the session instead, it would be sent to the browser as news, after a click that was faster.
    """
    shown = st.session_state.setdefault("generate.first", {})
    if f"generate.{name}" not in st.session_state:
        shown[name] = _kept(name)
    return shown[name]


def take_address() -> None:
    """Of each part that the address lacks, what this visitor left it at stays."""
    address, kept = asked() or {}, st.session_state.setdefault("generate.kept", {})
    for part in MODELS:
        shown = st.session_state.get(f"generate.{part}")
        if (found := address.pop(part, None) or shown or kept.get(part)) and found != shown:
            st.session_state[f"generate.{part}"] = found
    problems = once("generate.problems")
    for name, text in address.items():
        try:
            if name == "z":
                set_code(_read_code(text))
            elif name in SETTINGS:
                kept[name] = SETTINGS[name].read(text)
                st.session_state.pop(f"generate.{name}", None)
            else:
                raise ValueError(f"this page has no such setting; it has {', '.join([*MODELS, *SETTINGS, 'z'])}")
        except ValueError as error:
            problems.append(f"{name[:LONGEST_QUOTE]} = {text[:LONGEST_QUOTE]}: {error}")
    answered()


def write_address(in_fragment: bool = True) -> None:
    """The models, and of what the present view has, all that is not as it is at first."""
    kept = st.session_state.setdefault("generate.kept", {})
    # A widget that is not drawn leaves the session: what it showed is kept.
    for name in [*MODELS, *SETTINGS]:
        if (value := st.session_state.get(f"generate.{name}")) is not None:
            kept[name] = value
    models = {part: st.session_state.get(f"generate.{part}") for part in MODELS}
    address = {part: key for part, key in models.items() if key not in (None, NOTHING)}
    view = kept.get("view", SETTINGS["view"].default)
    for name, setting in SETTINGS.items():
        if setting.group in ("", view) and kept.get(name, setting.default) != setting.default:
            address[name] = setting.write(kept[name])
    if view == "sliders" and any(code := st.session_state.get("generate.z", [])):
        address["z"] = ",".join(f"{value:g}" for value in code)
    if in_fragment:
        show_now(address, "generate.address")
    else:
        show(address)


def number(setting: Setting) -> float:
    """A slider with its box for a number that stands in the session under the setting's name."""
    return numbers(setting.name, [setting])[0]


def numbers(key: str, settings: list[Setting]) -> list[float]:
    """The same for several."""
    values = {}
    for setting in settings:
        kept = float(st.session_state.setdefault(setting.name, setting.default))
        values[setting.name] = st.session_state[setting.name] = min(setting.high, max(setting.low, kept))
    form(f"{key}.form", settings, values, lambda told: _take(settings, told))
    complain_of(st.session_state.pop("generate.refused", []))
    return list(values.values())


def _take(settings: list[Setting], told: dict[str, Any]) -> None:
    """What a hand has left, which comes from the browser."""
    for setting in settings:
        if setting.name in told:
            try:
                st.session_state[setting.name] = setting.take(told[setting.name])
            except ValueError as error:
                st.session_state["generate.refused"] = [str(error)]


def _read_code(text: str) -> list[float]:
    try:
        code = [float(part) for part in text.split(",")]
    except ValueError:
        code = []
    if not 0 < len(code) <= LONGEST_CODE or not all(abs(value) <= REACH for value in code):
        raise ValueError(f"allowed are up to {LONGEST_CODE} numbers from {-REACH:g} to {REACH:g} with commas between")
    return code


def set_code(z: list[float]) -> None:
    """Put the sliders at the code z."""
    st.session_state["generate.z"] = z
    for i, value in enumerate(z):
        st.session_state[f"z{i}"] = value
