"""Where a model trains: the devices of this machine, whether they compute what the CPU computes, and which is faster.

Only workers ask here: to look at a GPU takes torch, and a context on it some hundred megabytes.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from genlab.config import Config, GANConfig, VAEConfig
from genlab.files import replace_file
from genlab.maps import MapConfig
from genlab.maps.trainer import MapTrainer
from genlab.training.make import make_trainer

CPU = "cpu"
TOLERANCE = 1e-3
"""How far a curve of a checked device may lie from the CPU's after ``CHECKED_STEPS`` steps, relative to its size."""
CHECKED_STEPS = 5
TIMED_SECONDS = 0.1
"""Of training on each device before it is known which is the faster one."""
TIE = 1.1
"""A GPU that is not so many times faster leaves the run on the CPU."""
_SMALL = {"generator_width": 16, "critic_width": 16, "batch_size": 32}
_FREE = {"learning_rate", "beta1", "beta2", "seed"}
"""Settings that change nothing about how long a step takes, by their names without a prefix."""
CHECKED: dict[str, Config] = {
    "a VAE of points": VAEConfig(data="moons", width=16, batch_size=32, annealing="linear", free_bits=0.1),
    "a VAE of images": VAEConfig(data="mnist", width=16, batch_size=32, optimizer="rmsprop"),
    "minimax": GANConfig(objective="minimax", critic_optimizer="momentum", **_SMALL),
    "the non-saturating loss": GANConfig(objective="nonsaturating", updates="simultaneous", **_SMALL),
    "LSGAN": GANConfig(objective="lsgan", critic_optimizer="sgd", activation="leaky_relu", **_SMALL),
    "a WGAN": GANConfig(objective="wgan", n_critic=2, critic_optimizer="rmsprop", **_SMALL),
    "a WGAN-GP": GANConfig(objective="wgan_gp", n_critic=2, activation="tanh", **_SMALL),
    "R1": GANConfig(r1_weight=0.1, activation="silu", **_SMALL),
    "spectral normalisation": GANConfig(spectral_norm=True, **_SMALL),
    "convolutions": GANConfig(data="mnist", network="conv", batch_size=16),
}
"""One set-up for each kind of step that a device has to do as the CPU does before it is used."""


def gpus() -> list[str]:
    """The names of the accelerators that torch finds here: cuda:0, cuda:1, …, or mps."""
    if torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else []


def label(device: str) -> str:
    """What a person calls a device: "CPU", "NVIDIA H200", "Apple GPU"."""
    kind, _, number = device.partition(":")
    if kind != "cuda":
        return {CPU: "CPU", "mps": "Apple GPU"}.get(kind, device)
    name = torch.cuda.get_device_name(int(number or 0))
    return name if torch.cuda.device_count() == 1 else f"{name} #{number or 0}"


def allowed(asked: str, found: Iterable[str] | None = None) -> tuple[list[str], str]:
    """The devices that $GENLAB_DEVICE asks for: with "auto" the CPU and every GPU that torch finds.

    With them one line that names those which are asked for by name and are not here, "" where all are. Where none is
    here, models train on the CPU.
    """
    here = [CPU, *(gpus() if found is None else found)]
    if asked == "auto":
        return here, ""
    wanted = list(dict.fromkeys({"cuda": "cuda:0"}.get(name.strip(), name.strip()) for name in asked.split(",")))
    usable = [name for name in wanted if name in here]
    missing = ", ".join(name for name in wanted if name not in here)
    line = f"GENLAB_DEVICE = {asked}: this machine has no {missing}; it has {', '.join(here)}." if missing else ""
    return (usable, line) if usable else ([CPU], f"{line} Models train on the CPU.")


def dealt(devices: list[str], worker: int) -> list[str]:
    """Those devices that one worker trains on by itself: the CPU where it is allowed, and one GPU of its own."""
    accelerators = [device for device in devices if device != CPU]
    mine = [accelerators[worker % len(accelerators)]] if accelerators else []
    return [device for device in devices if device == CPU] + mine


# ---- does it compute what the CPU computes? ------------------------------------------------------------------------


@cache
def verdict(device: str) -> str:
    """ "" for a device whose steps agree with the CPU's, else one line that says which kind of step does not."""
    return check(device)


def check(device: str, tell: Callable[[str, float], None] = lambda kind, error: None) -> str:
    """See :func:`verdict`; ``tell`` hears of each kind of step and its largest relative error."""
    with exact_products():
        for kind, config in CHECKED.items():
            try:
                error = _error(config, device)
            except Exception as why:
                return f"{label(device)} is not used: {kind} failed there ({_one_line(why)})"
            tell(kind, error)
            if not error <= TOLERANCE:
                far = f"differs from the CPU by {error:.1g} (allowed {TOLERANCE:g})"
                return f"{label(device)} is not used: {kind} {far}"
    return ""


def _error(config: Config, device: str) -> float:
    """The largest difference between the curves of a device and of the CPU, relative to each curve's size."""
    curves = []
    for place in (CPU, device):
        trainer = make_trainer(config, place)
        trainer.advance(CHECKED_STEPS)
        history = trainer.history()
        names = (*trainer.RECORDED, *trainer.CURVES)
        curves.append({name: history[name].astype(np.float64) for name in history if name in names})
    cpu, other = curves
    return max(float(np.abs(other[name] - cpu[name]).max() / max(np.abs(cpu[name]).max(), 1e-2)) for name in cpu)


class exact_products:
    """Within it matrix products and convolutions on CUDA keep all 24 bits: no TF32."""

    def __enter__(self):
        self._before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    def __exit__(self, *exception):
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = self._before


# ---- which one is faster? ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Timing:
    """Steps per second of one shape on each device that was tried."""

    steps_per_second: dict[str, float]

    @property
    def best(self) -> str:
        """The fastest; the CPU unless another is faster by more than ``TIE``."""
        fastest = max(self.steps_per_second, key=self.steps_per_second.get)
        cpu = self.steps_per_second.get(CPU, 0.0)
        return fastest if self.steps_per_second[fastest] > TIE * cpu else CPU

    @property
    def words(self) -> str:
        """What was measured, in words."""
        return ", ".join(f"{label(device)} {speed:.3g} steps/s" for device, speed in self.steps_per_second.items())


def shape_key(config: Config | MapConfig) -> str:
    """The same for two set-ups whose steps take equally long."""
    if isinstance(config, MapConfig):
        return _digest([config.model, len(config.cells), shape_key(config.cells[0])])
    shape = {name: value for name, value in config.model_dump().items() if _free_name(name) not in _FREE}
    # How large a penalty is does not matter, only whether there is one.
    shape |= {name: bool(shape[name]) for name in ("gp_weight", "r1_weight", "clip") if name in shape}
    shape["data"] = config.dimension
    for name in ("beta", "annealing", "annealing_steps", "free_bits", "sigma", "lsgan_a", "lsgan_b", "lsgan_c"):
        shape.pop(name, None)
    return _digest([config.model, shape])


def _digest(what: list) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _free_name(setting: str) -> str:
    return setting.removeprefix("critic_").removeprefix("generator_")


def timed(config: Config | MapConfig, devices: Iterable[str], folder: Path | None = None) -> Timing:
    """How fast a shape trains on each device: as measured here before, else by training it for a moment on each.

    ``folder`` keeps what was measured, by the machine's devices; a folder that cannot be written keeps nothing.
    """
    devices = list(devices)
    path = folder and folder / f"{shape_key(config)}-{_machine(devices)}.json"
    if path and (known := _read(path, devices)):
        return known
    measured = Timing({device: _speed(config, device) for device in devices})
    if path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, json.dumps(measured.steps_per_second).encode())
        except OSError:
            pass
    return measured


def _machine(devices: list[str]) -> str:
    return _digest([torch.__version__, *map(label, devices)])


def _read(path: Path, devices: list[str]) -> Timing | None:
    try:
        speeds = json.loads(path.read_text())
        return Timing({device: float(speeds[device]) for device in devices})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _speed(config: Config | MapConfig, device: str) -> float:
    if isinstance(config, Config):
        advance_for = make_trainer(config, device).advance_for
    else:
        # The first batch: the others take as long.
        advance_for = MapTrainer(config, device).first_batch().advance_for
    # The first steps allocate, build kernels and record graphs.
    advance_for(TIMED_SECONDS / 4)
    begin = time.perf_counter()
    steps = advance_for(TIMED_SECONDS)
    return steps / (time.perf_counter() - begin)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device had no memory left for what was asked of it."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def free_memory() -> None:
    """Give back what torch holds of a GPU's memory without using it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _one_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
