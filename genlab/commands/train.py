"""``train``: a run without a browser, with its curves and its checkpoint as files."""

import argparse
import csv
import json
import math
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genlab.commands.usage import DIVERGED, DONE, INTERRUPTED, UsageError, check_writable, count, torch_device
from genlab.config import CONFIGS, Config, SettingError, structural
from genlab.files import replace_file, replaceable
from genlab.stamps import STAMPS

SHOWN = {
    "vae": ("elbo", "reconstruction", "kl", "active_units"),
    "gan": ("critic_loss", "generator_loss", "wasserstein_exact", "modes_captured"),
}
"""Which curves the progress line names."""


def add_command(commands: Any) -> None:
    """Add ``train`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("train", help="train a VAE or a GAN")
    models = command.add_subparsers(dest="model", required=True, metavar="{vae,gan}")
    for model, config in CONFIGS.items():
        options = models.add_parser(model, help=(config.__doc__ or "").partition("\n")[0])
        options.add_argument("--steps", type=count(10**9), required=True, metavar="N", help="how many steps to train")
        options.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda, cuda:1, mps (default cpu)")
        options.add_argument("--metrics", type=Path, metavar="FILE.csv", help="write the curves, at most 4,096 rows")
        options.add_argument("--save", type=Path, metavar="FILE.safetensors", help="write a checkpoint at the end")
        options.add_argument(
            "--export", type=Path, metavar="FILE.safetensors", help="write the networks alone, and a card FILE.json"
        )
        options.add_argument(
            "--change", action="append", default=[], type=_change, metavar="'STEP NAME=VALUE …'",
            help="change live settings at a step, as a hand does in the lab; may be given several times",
        )  # fmt: skip
        config.add_arguments(options.add_argument_group("settings"))
        options.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    kind = CONFIGS[options.model]
    config = kind.from_texts({name: value for name, value in vars(options).items() if name in kind.model_fields})
    changes = _checked(config, options.change, options.steps)
    for path in (options.metrics, options.save, options.export):
        check_writable(path)
    for path in filter(None, (options.save, options.export, options.export and options.export.with_suffix(".json"))):
        replaceable(path)
    device = torch_device(options.device)
    from genlab.data import DataUnavailable
    from genlab.training import make_trainer

    try:
        trainer = make_trainer(config, device)
    except DataUnavailable as error:
        raise UsageError(error) from None
    with _interrupt_between_steps() as interrupted:
        for step, settings in changes:
            _advance(trainer, step, interrupted, options.steps)
            if not trainer.diverged and not interrupted:
                trainer.apply(**settings)
        _advance(trainer, options.steps, interrupted, options.steps)
    print(f"genlab: {_diagnosis(trainer)}", file=sys.stderr)
    if options.metrics:
        write_history(trainer.history(), options.metrics)
    if options.save:
        trainer.save(options.save)
    if options.export:
        _export(trainer, options.export)
    if trainer.diverged:
        print(f"genlab: diverged at step {trainer.diverged.step}: {trainer.diverged.quantity}", file=sys.stderr)
        return DIVERGED
    if interrupted:
        print(f"genlab: interrupted at step {trainer.step}", file=sys.stderr)
        return INTERRUPTED
    return DONE


Change = tuple[int, dict[str, Any]]


def _change(text: str) -> Change:
    """Of "2000 r1_weight=0.1 clip=off" the step and the texts of the settings."""
    step, *settings = text.split()
    pairs = [setting.partition("=") for setting in settings]
    if not step.isdecimal() or not pairs or not all(name and value for name, _, value in pairs):
        raise argparse.ArgumentTypeError(f"{text}: allowed is a step and settings, '2000 r1_weight=0.1 …'")
    return int(step), {name: value for name, _, value in pairs}


def _checked(config: Config, changes: list[Change], steps: int) -> list[Change]:
    """The changes in the order of their steps with their values; raises before the training where one cannot be."""
    values = []
    for step, texts in sorted(changes, key=lambda change: change[0]):
        if step >= steps:
            raise UsageError(f"--change {step}: allowed is a step before {steps:,}, where the run ends")
        new = config.replace(**texts)
        if fixed := structural(config, new):
            raise SettingError(f"{fixed[0]} = {texts[fixed[0]]}: a running model cannot change it")
        values.append((step, {name: getattr(new, name) for name in texts}))
        config = new
    return values


@contextmanager
def _interrupt_between_steps():
    """Yield a list that Ctrl-C fills, so that no step is cut in half; a second Ctrl-C interrupts at once."""
    interrupted: list[int] = []

    def on_interrupt(number, frame):
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _advance(trainer, until: int, interrupted: list, steps: int) -> None:
    """Train until a step of ``steps`` or an interrupt; tells the progress in one line on a terminal, else in ten."""
    terminal = sys.stderr.isatty()
    told, portion = trainer.step * 10 // steps, 1
    while trainer.step < until and not trainer.diverged and not interrupted:
        before = time.perf_counter()
        trainer.advance(min(portion, until - trainer.step))
        portion = max(1, round(portion * min(2, 0.2 / max(time.perf_counter() - before, 1e-6))))
        if terminal or trainer.step * 10 // steps > told:
            told = trainer.step * 10 // steps
            print(_progress(trainer, steps), end="\r" if terminal else "\n", file=sys.stderr, flush=True)
    if terminal and until == steps:
        print(file=sys.stderr)


def _progress(trainer, steps: int) -> str:
    history = trainer.history(rows=3)
    values = (_newest(name, history) for name in SHOWN[trainer.config.model] if name in history)
    speed = trainer.step / trainer.seconds if trainer.seconds else 0
    return f"step {trainer.step} of {steps}  {speed:.0f} steps/s  {'  '.join(values)}   "


def _newest(name: str, history: dict) -> str:
    """The newest value of a curve, with its step where that is an earlier one."""
    taken = history[STAMPS[name]][-1] if name in STAMPS else history["step"][-1]
    when = "" if taken == history["step"][-1] else f" (step {taken:.0f})"
    return f"{name} {history[name][-1]:.4g}{when}"


def _diagnosis(trainer) -> str:
    from genlab.diagnosis import diagnose

    gone = asdict(trainer.diverged) if trainer.diverged else None
    return diagnose(trainer.config, trainer.history(), trainer.reference(), gone).to_line(trainer.config)


def write_history(history: dict, path: Path) -> None:
    """One column for each curve, kl_per_dim as kl_1, kl_2, …; what is not a number stays blank."""
    columns = {}
    for name, curve in history.items():
        if curve.ndim == 1:
            columns[name] = curve
        else:
            columns |= {f"{name.removesuffix('_per_dim')}_{i + 1}": part for i, part in enumerate(curve.T)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*(curve.tolist() for curve in columns.values()), strict=True):
            writer.writerow("" if math.isnan(value) else f"{value:.9g}" for value in row)


def _export(trainer, path: Path) -> None:
    from genlab.training.published import card

    trainer.save_weights(path)
    text = json.dumps(card(trainer, path.as_posix()), indent=2, ensure_ascii=False)
    replace_file(path.with_suffix(".json"), f"{text}\n".encode())
