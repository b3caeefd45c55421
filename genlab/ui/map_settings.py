"""The settings beside a map: its preset, its two axes, its steps, and what all its models share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genlab.config import CONFIGS, Setting
from genlab.live.form import form
from genlab.maps import LONGEST_SIDE, PRESETS, Axis, MapConfig, mappable
from genlab.ui.maps import change, refuse
from genlab.ui.own import choices

OWN = "own settings"
SIDES = {"x": "Horizontal axis", "y": "Vertical axis"}
FRONT = ("data", "objective", "seed")
"""Of the settings that all models share, those that stand in front."""


def map_settings(config: MapConfig) -> None:
    """Draw all of them; a changed one makes a fresh map."""
    preset = next((title for title, preset in PRESETS.items() if preset == config), OWN)
    titles = [*PRESETS, *([OWN] if preset == OWN else [])]
    declared = [
        Setting("preset", "Map", "A map that shows something.", "Map", "choice", preset, choices=_same(titles)),
        Setting("model", "Model", "", "Map", "choice", "gan", choices={name: name.upper() for name in CONFIGS}),
        *(setting for side in SIDES for setting in _axis(config, side)),
        Setting("steps", "Steps of each model", "", "Map", "integer", config.steps),
    ]
    values = {"preset": preset, "model": config.base.model, "steps": config.steps}
    for side in SIDES:
        axis = getattr(config, side)
        values |= {f"{side}.{part}": getattr(axis, part) for part in ("name", "low", "high", "count")}
    own = [setting.name for setting in declared]
    axes = (config.x.name, config.y.name)
    shared = [
        replace(setting, choices=choices(setting, config.data)) if setting.further else setting
        for name, setting in config.base.worded().items()
        if name not in axes
    ]
    values |= config.base.model_dump()
    front = [*own, *(name for name in FRONT if name in config.base.settings())]
    form("map.settings", [*declared, *shared], values, lambda told: _take(config, declared, told), front)


def _axis(config: MapConfig, side: str) -> list[Setting]:
    labels = {name: setting.label for name, setting in mappable(config.base).items()}
    name = getattr(config, side).name
    return [
        Setting(f"{side}.name", SIDES[side], "", "Map", "choice", name, choices=labels),
        Setting(f"{side}.low", "from", "", "Map", "number", 0.0),
        Setting(f"{side}.high", "to", "", "Map", "number", 1.0),
        Setting(f"{side}.count", "values", f"1 to {LONGEST_SIDE}.", "Map", "integer", 5),
    ]


def _same(names: list[str]) -> dict[str, str]:
    return {name: name for name in names}


def _take(config: MapConfig, declared: list[Setting], told: Mapping[str, Any]) -> None:
    """What a hand has left, which comes from the browser."""
    own = {setting.name: setting for setting in declared}
    try:
        for name, value in told.items():
            config = _with(config, name, own[name].take(value) if name in own else value)
        change(config)
    except ValueError as error:
        refuse(str(error))


def _with(config: MapConfig, name: str, value: Any) -> MapConfig:
    side, _, part = name.partition(".")
    if name == "preset":
        return PRESETS.get(value, config)
    if name == "model":
        return next(preset for preset in PRESETS.values() if preset.base.model == value)
    if name == "steps" or side not in SIDES:
        return config.replace(**{name: value})
    axis = getattr(config, side)
    if part == "name":
        return config.replace(**{side: _usual_axis(mappable(config.base)[value], axis.count)})
    return config.replace(**{side: replace(axis, **{part: value})})


def _usual_axis(setting: Setting, count: int) -> Axis:
    """A setting's own range, of which at most four decades or, for whole numbers, as many as there are values."""
    low = setting.low
    if setting.kind == "integer" and setting.high - low > 100:
        return Axis(setting.name, low, min(setting.high, low + 2**7), count)
    if setting.scale == "log":
        low = max(low, setting.high / 1e4)
    return Axis(setting.name, low, setting.high, count)
