"""The lab without a browser: ``python -m genlab {train,sample,scenario,bench,stress}``.

Exit status: 0 done, 1 the run diverged, 2 bad input (one line says which), 130 interrupted.
"""

import argparse
import csv
import json
import math
import os
import signal
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from genlab.config import CONFIGS, LAST_SEED, SettingError
from genlab.files import replace_file, replaceable
from genlab.stamps import STAMPS
from genlab.stress import add_command as add_stress

DONE, DIVERGED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
MOST_SAMPLES = 10_000
SHOWN = {
    "vae": ("elbo", "reconstruction", "kl", "active_units"),
    "gan": ("critic_loss", "generator_loss", "wasserstein_exact", "modes_captured"),
}
"""Which curves the progress line names."""


class UsageError(ValueError):
    """Says in one line what was asked for and what is allowed."""


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, without the usage text."""

    def __init__(self, **more):
        super().__init__(**{"allow_abbrev": False, **more})

    def error(self, message: str):
        """Raise instead of leaving, so that all mistakes are told in one place."""
        raise UsageError(message)


def parser() -> Parser:
    """The commands and their options; the settings' options come from their declarations."""
    whole = Parser(prog="python -m genlab", description="Train small generative models without a browser.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="{train,sample,scenario,bench,stress}")

    train = commands.add_parser("train", help="train a VAE or a GAN")
    models = train.add_subparsers(dest="model", required=True, metavar="{vae,gan}")
    for model, config in CONFIGS.items():
        options = models.add_parser(model, help=config.__doc__.splitlines()[0])
        options.add_argument("--steps", type=_count(10**9), required=True, metavar="N", help="how many steps to train")
        options.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda, cuda:1, mps (default cpu)")
        options.add_argument("--metrics", type=Path, metavar="FILE.csv", help="write the curves, at most 4,096 rows")
        options.add_argument("--save", type=Path, metavar="FILE.safetensors", help="write a checkpoint at the end")
        options.add_argument(
            "--export", type=Path, metavar="FILE.safetensors", help="write the networks alone, and a card FILE.json"
        )
        config.add_arguments(options.add_argument_group("settings"))
        options.set_defaults(run=_train)

    sample = commands.add_parser("sample", help="draw samples from a checkpoint")
    sample.add_argument("checkpoint", type=Path, metavar="FILE.safetensors")
    sample.add_argument("-n", type=_count(MOST_SAMPLES), default=16, metavar="N", help="how many (default 16)")
    sample.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .png, .npz or .csv")
    seed = _count(LAST_SEED, least=0)
    sample.add_argument("--seed", type=seed, metavar="S", help="of the noise; default: the run's")
    sample.set_defaults(run=_sample)

    scenario = commands.add_parser("scenario", help="run a demonstration and check its claim; without NAME the list")
    scenario.add_argument("name", nargs="?", metavar="NAME")
    scenario.add_argument("--seed", type=seed, metavar="S", help="of NAME; default 0")
    scenario.add_argument("--cured", action="store_true", help="put the cured twin of NAME to the same check too")
    scenario.add_argument("--all", action="store_true", help="run all with their cured twins; a line of JSON each")
    scenario.add_argument("--seeds", type=_count(1000), metavar="N", help="how many seeds of NAME or of --all (10)")
    scenario.add_argument("--first", type=_count(2**30, least=0), metavar="S", help="the first of the seeds (100)")
    scenario.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the lines of many seeds there")
    scenario.set_defaults(run=_scenario)

    bench = commands.add_parser("bench", help="measure the speed of the lab; prints JSON")
    bench.add_argument("--quick", action="store_true", help="fewer and shorter repeats")
    bench.add_argument("--device", default="cpu", metavar="D", help="measure training there: cpu, cuda, cuda:1, mps")
    bench.add_argument(
        "--check", action="store_true", help="only say whether the device computes what the CPU computes"
    )
    bench.set_defaults(run=_bench)
    add_stress(commands)
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        options, unknown = parser().parse_known_args(arguments)
        if unknown:
            command = " ".join(filter(None, (options.command, getattr(options, "model", None))))
            raise UsageError(f"{unknown[0]}: unknown; python -m genlab {command} --help lists what is allowed")
        return options.run(options)
    except (UsageError, SettingError) as error:
        print(f"genlab: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader of our output has left (head); Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        line = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error
        print(f"genlab: {line}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("genlab: interrupted", file=sys.stderr)
        return INTERRUPTED


def _count(most: int, least: int = 1):
    def count(text: str) -> int:
        with suppress(ValueError):
            if least <= int(text) <= most:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text}: allowed is a whole number from {least} to {most}")

    return count


# ---- train ---------------------------------------------------------------------------------------------------------


def _train(options) -> int:
    kind = CONFIGS[options.model]
    config = kind.from_texts({name: value for name, value in vars(options).items() if name in kind.model_fields})
    for path in (options.metrics, options.save, options.export):
        _check_writable(path)
    for path in filter(None, (options.save, options.export, options.export and options.export.with_suffix(".json"))):
        replaceable(path)
    device = _device(options.device)
    from genlab.data import DataUnavailable
    from genlab.training import make_trainer

    try:
        trainer = make_trainer(config, device)
    except DataUnavailable as error:
        raise UsageError(error) from None
    with _interrupt_between_steps() as interrupted:
        _advance(trainer, options.steps, interrupted)
    print(f"genlab: {_diagnosis(trainer)}", file=sys.stderr)
    if options.metrics:
        _write_history(trainer.history(), options.metrics)
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


def _check_writable(path: Path | None) -> None:
    """Raise before the training rather than after it."""
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; allowed is a file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise UsageError(f"{path}: cannot be written")


def _device(name: str):
    import torch

    # Small networks are bound by dispatch: more threads make them slower.
    torch.set_num_threads(1)
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if name not in available:
        raise UsageError(f"device = {name}: allowed here is {', '.join(available)}")
    return torch.device(name)


@contextmanager
def _interrupt_between_steps():
    """Yield a list that Ctrl-C fills, so that no step is cut in half; a second Ctrl-C interrupts at once."""
    interrupted = []

    def on_interrupt(number, frame):
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _advance(trainer, steps: int, interrupted: list) -> None:
    """Train to the end or until interrupted, and tell the progress: in one line on a terminal, else in about ten."""
    terminal = sys.stderr.isatty()
    told, portion = 0, 1
    while trainer.step < steps and not trainer.diverged and not interrupted:
        before = time.perf_counter()
        trainer.advance(min(portion, steps - trainer.step))
        portion = max(1, round(portion * min(2, 0.2 / max(time.perf_counter() - before, 1e-6))))
        if terminal or trainer.step * 10 // steps > told:
            told = trainer.step * 10 // steps
            print(_progress(trainer, steps), end="\r" if terminal else "\n", file=sys.stderr, flush=True)
    if terminal:
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


def _write_history(history: dict, path: Path) -> None:
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
    from genlab.training.checkpoints import card, save_weights

    save_weights(trainer, path)
    text = json.dumps(card(trainer, path.as_posix()), indent=2, ensure_ascii=False)
    replace_file(path.with_suffix(".json"), f"{text}\n".encode())


# ---- sample --------------------------------------------------------------------------------------------------------


def _sample(options) -> int:
    writers = {".png": _write_picture, ".npz": _write_npz, ".csv": _write_csv}
    suffix = options.output.suffix.lower()
    if suffix not in writers:
        raise UsageError(f"{options.output}: allowed is a name that ends in {', '.join(writers)}")
    _check_writable(options.output)
    _device("cpu")
    from genlab.training import CheckpointError, load_generator

    try:
        model = load_generator(options.checkpoint)
    except CheckpointError as error:
        raise UsageError(error) from None
    writers[suffix](model.sample(options.n, options.seed), options.output, model.config)
    return DONE


def _write_npz(samples, path: Path, config) -> None:
    import numpy as np

    np.savez_compressed(path, samples=samples)


def _write_csv(samples, path: Path, config) -> None:
    names = [f"pixel_{i + 1}" for i in range(28 * 28)] if config.is_images else ["x", "y"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([f"{value:.9g}" for value in row] for row in samples.reshape(len(samples), -1).tolist())


def _write_picture(samples, path: Path, config) -> None:
    picture = _mosaic(samples) if config.is_images else _scatter(samples, config.data)
    picture.save(path)


def _mosaic(images, scale: int = 2, gap: int = 2):
    """Images (n, 28, 28) in [0, 1] in a square of rows, from the top left."""
    import numpy as np
    from PIL import Image

    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    size = 28 * scale
    sheet = np.full((rows * (size + gap) + gap, columns * (size + gap) + gap), 128, np.uint8)
    for i, image in enumerate(np.round(images * 255).astype(np.uint8)):
        top, left = (gap + (size + gap) * place for place in divmod(i, columns))
        sheet[top : top + size, left : left + size] = image.repeat(scale, axis=0).repeat(scale, axis=1)
    return Image.fromarray(sheet)


def _scatter(xy, data: str, size: int = 600, radius: int = 2):
    """Points (n, 2) in the square that shows their data, in the colour of everything generated."""
    from PIL import Image, ImageDraw

    from genlab.data import points
    from genlab.figures.palette import PALETTE

    extent = points(data).extent
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    for x, y in xy.tolist():
        column, row = (x / extent + 1) * size / 2, (1 - y / extent) * size / 2
        pen.ellipse((column - radius, row - radius, column + radius, row + radius), fill=PALETTE["light"]["generated"])
    return picture


# ---- scenario and bench --------------------------------------------------------------------------------------------


def _scenario(options) -> int:
    from genlab.scenarios import SCENARIOS

    if options.name is not None and options.name not in SCENARIOS:
        raise UsageError(f"scenario = {options.name}: allowed is {', '.join(SCENARIOS)}")
    if options.all and options.name:
        raise UsageError(f"scenario = {options.name}: --all runs every scenario; allowed is one of the two")
    many = options.all or options.seeds is not None
    if many:
        _refuse(options, ("seed", "cured"), "with --all or --seeds")
    else:
        _refuse(options, ("first", "output"), "without --all or --seeds")
    if options.name is None and not options.all:
        _refuse(options, ("seed", "cured", "seeds"), "without NAME")
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:<{max(map(len, SCENARIOS))}} {scenario.title}. {scenario.claim}")
        return DONE
    if many:
        return _many_seeds([SCENARIOS[options.name]] if options.name else list(SCENARIOS.values()), options)
    return _one_seed(SCENARIOS[options.name], options)


def _refuse(options, names: tuple[str, ...], where: str) -> None:
    for name in names:
        if getattr(options, name) not in (None, False):
            raise UsageError(f"--{name}: has no meaning {where}")


def _one_seed(scenario, options) -> int:
    if options.cured and not scenario.cure:
        raise UsageError(f"--cured: {scenario.name} works as it is and has no cured twin")
    _device("cpu")
    from genlab.scenarios import run, run_cured
    from genlab.training import make_trainer

    seed = options.seed or 0
    outcome = run(scenario, make_trainer, seed).as_dict()
    if options.cured:
        cured = run_cured(scenario, make_trainer, seed)
        outcome["cured"] = {"cure": dict(scenario.cure), "holds": cured.holds, "figures": cured.figures}
    print(json.dumps(outcome, ensure_ascii=False))
    return DONE


def _many_seeds(scenarios: list, options) -> int:
    _check_writable(options.output)
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from genlab.scenarios import report
    from genlab.training import make_trainer

    first = 100 if options.first is None else options.first
    seeds = range(first, first + (options.seeds or 10))
    # A small network leaves the other cores idle; several runs at once, of one thread each, do not.
    os.environ["OMP_NUM_THREADS"] = "1"
    executor = ProcessPoolExecutor(mp_context=get_context("spawn"))
    try:
        with options.output.open("w", encoding="utf-8") if options.output else nullcontext(sys.stdout) as file:
            for summary in report(scenarios, seeds, make_trainer, executor, tell=partial(print, file=sys.stderr)):
                print(json.dumps(summary, ensure_ascii=False), file=file, flush=True)
    except BrokenProcessPool:
        print("genlab: a process of the report was killed (for its memory?); its lines so far stand", file=sys.stderr)
        return INTERRUPTED
    finally:
        executor.shutdown(cancel_futures=True)
    return DONE


def _bench(options) -> int:
    from genlab.bench import bench, check_device

    device = str(_device(options.device))
    if options.check:
        found = check_device(device)
        print(json.dumps(found, indent=2))
        return DIVERGED if found["not_used"] else DONE
    print(json.dumps(bench(quick=options.quick, device=device), indent=2))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
