"""The speed of the lab, measured in one run: ``python -m genlab bench``."""

import os
import platform
from collections.abc import Callable
from typing import Any


def bench(quick: bool = False, device: str = "cpu") -> dict[str, Any]:
    """All figures as JSON values; ``quick`` measures for shorter times, which scatters more.

    On another device than the CPU: whether it computes what the CPU computes, the training loops on it beside the CPU,
    batches of models and the largest map. The web process and the browser are measured on the CPU alone. A part that
    cannot be measured says why under ``"failed"``; the others stand.
    """
    import torch

    from genlab.bench.crowd import measure_crowd
    from genlab.bench.hand import measure_hand
    from genlab.bench.load import Load
    from genlab.bench.slider import measure_slider
    from genlab.bench.speed import measure_speeds
    from genlab.bench.together import measure_map, measure_together
    from genlab.bench.web import measure_web
    from genlab.devices import label

    torch.set_num_threads(1)
    load = Load()
    figures: dict[str, Any] = {}
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "together": lambda: measure_together(repeats=1 if quick else 5, device=device),
        "largest_map": lambda: measure_map(seconds=3.0 if quick else 20.0, device=device),
    }
    if device == "cpu":
        parts |= {
            "web_process": lambda: measure_web(seconds=2.0 if quick else 8.0),
            "hovering": lambda: measure_crowd(repeats=2 if quick else 5, seconds=2.0 if quick else 5.0),
            "latent_plane": lambda: measure_hand(seconds=3.0 if quick else 10.0),
            "slider": lambda: measure_slider(seconds=3.0 if quick else 10.0),
        }
    else:
        figures["agreement"] = check_device(device)
    load.look()
    figures |= measure_speeds(repeats=3 if quick else 24, seconds=0.5 if quick else 1.0, device=device)
    for name, measure in parts.items():
        load.look()
        figures[name] = carefully(measure)
    load.look()
    machine = {
        "cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version(),
        "torch": torch.__version__, "device": label(device),
    }  # fmt: skip
    return {"machine": machine, "load": load.to_data(), **figures}


def carefully(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a part measures, or in one line why it does not: minutes of other measurements are not lost with it."""
    try:
        return measure()
    except Exception as error:
        first, *_ = str(error).splitlines() or [""]
        return {"failed": f"{type(error).__name__}: {first}"}


def check_device(device: str) -> dict[str, Any]:
    """How far each kind of step on a device lies from the CPU's, and one line if it is not used for that."""
    from genlab.devices import check

    errors: dict[str, float] = {}
    line = check(device, lambda kind, error: errors.__setitem__(kind, float(f"{error:.2g}")))
    return {"largest_relative_error": errors, "not_used": line or None}


__all__ = ["bench", "carefully", "check_device"]
