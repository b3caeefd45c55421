"""The speed of the lab, measured in one run: ``python -m genlab bench``."""

import os
import platform
from typing import Any


def bench(quick: bool = False) -> dict[str, Any]:
    """All figures as JSON values; ``quick`` measures for shorter times, which scatters more."""
    import torch

    from genlab.bench.crowd import measure_crowd
    from genlab.bench.hand import measure_hand
    from genlab.bench.speed import measure_speeds
    from genlab.bench.together import measure_together
    from genlab.bench.web import measure_web

    torch.set_num_threads(1)
    return {
        "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "torch": torch.__version__},
        **measure_speeds(repeats=3 if quick else 24, seconds=0.5 if quick else 1.0),
        "together": measure_together(repeats=3 if quick else 7),
        "web_process": measure_web(seconds=2.0 if quick else 8.0),
        "hovering": measure_crowd(repeats=2 if quick else 5, seconds=2.0 if quick else 5.0),
        "latent_plane": measure_hand(seconds=3.0 if quick else 10.0),
    }


__all__ = ["bench"]
