"""Every setting of the lab, declared once.

From the declarations come the widgets, the URL parameters, the command-line options, the validation of whatever
arrives from outside, the stored JSON and the settings table of the documents. To add a setting, add one line to
:mod:`genlab.config.vae` or :mod:`genlab.config.gan` and use it in a trainer. Nothing here imports torch or streamlit.
"""

import json
from collections.abc import Iterable

from genlab.config.base import Config
from genlab.config.choices import ACTIVATIONS, CRITIC_OBJECTIVES, IMAGES, LINES, OPTIMIZERS, OWN, OWN_NAME, POINTS
from genlab.config.declare import LAST_SEED
from genlab.config.gan import GANConfig
from genlab.config.setting import OFF, Setting, SettingError, setting_text, shorten
from genlab.config.vae import VAEConfig

__all__ = [
    "ACTIVATIONS",
    "CONFIGS",
    "CRITIC_OBJECTIVES",
    "Config",
    "GANConfig",
    "IMAGES",
    "LAST_SEED",
    "LINES",
    "OFF",
    "OPTIMIZERS",
    "OWN",
    "OWN_NAME",
    "POINTS",
    "Setting",
    "SettingError",
    "VAEConfig",
    "from_json",
    "setting_text",
    "settings_table",
    "shorten",
    "structural",
]

CONFIGS: dict[str, type[Config]] = {"vae": VAEConfig, "gan": GANConfig}


def from_json(text: str) -> Config:
    """The set-up that :meth:`Config.to_json` wrote; raises :class:`SettingError` in one line otherwise."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingError("the settings are not valid JSON") from None
    if not isinstance(values, dict):
        raise SettingError("the settings must be one JSON object")
    model = values.pop("model", None)
    if not isinstance(model, str) or model not in CONFIGS:
        raise SettingError(f"model = {shorten(model)}: allowed is {', '.join(CONFIGS)}")
    return CONFIGS[model](**values)


def structural(old: Config, new: Config) -> list[str]:
    """Names of changed settings that a running model cannot take over."""
    settings = old.settings()
    return [name for name in old.changed(new) if not settings[name].live]


def settings_table(kinds: Iterable[type[Config]] = (VAEConfig, GANConfig)) -> str:
    """The Markdown table of all settings that the documents show."""
    rows = ["| model | setting | what | allowed | default | live |", "|---|---|---|---|---|---|"]
    for kind in kinds:
        for setting in kind.settings().values():
            what = f"{setting.label} ({setting.symbol})" if setting.symbol else setting.label
            unit = f" {setting.unit}" if setting.unit else ""
            rows.append(
                f"| {kind.model} | `{setting.name}` | {what} | {setting.allowed}{unit} "
                f"| {setting.usual} | {'yes' if setting.live else 'no'} |"
            )
    return "\n".join(rows)
