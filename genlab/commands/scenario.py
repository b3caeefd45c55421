"""``scenario``: a demonstration is run and its claim checked, on one seed or on many."""

import argparse
import json
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from genlab.commands.usage import DONE, INTERRUPTED, UsageError, check_writable, count, torch_device
from genlab.config import LAST_SEED


def add_command(commands: Any) -> None:
    """Add ``scenario`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("scenario", help="run a demonstration and check its claim; without NAME the list")
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("--seed", type=count(LAST_SEED, least=0), metavar="S", help="of NAME; default 0")
    command.add_argument("--cured", action="store_true", help="put the cured twin of NAME to the same check too")
    command.add_argument("--all", action="store_true", help="run all with their cured twins; a line of JSON each")
    command.add_argument("--seeds", type=count(1000), metavar="N", help="how many seeds of NAME or of --all (10)")
    command.add_argument("--first", type=count(2**30, least=0), metavar="S", help="the first of the seeds (100)")
    command.add_argument("--times", type=count(100), metavar="N", help="judge many seeds at N times the length too")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the lines of many seeds there")
    command.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    from genlab.scenarios import SCENARIOS

    if options.name is not None and options.name not in SCENARIOS:
        raise UsageError(f"scenario = {options.name}: allowed is {', '.join(SCENARIOS)}")
    if options.all and options.name:
        raise UsageError(f"scenario = {options.name}: --all runs every scenario; allowed is one of the two")
    many = options.all or options.seeds is not None
    if many:
        _refuse(options, ("seed", "cured"), "with --all or --seeds")
    else:
        _refuse(options, ("first", "times", "output"), "without --all or --seeds")
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
    torch_device("cpu")
    from genlab.scenarios import run, run_cured
    from genlab.training import make_trainer

    seed = options.seed or 0
    outcome = run(scenario, make_trainer, seed).as_dict()
    if options.cured:
        cured = run_cured(scenario, make_trainer, seed)
        told = ("holds", "figures", "cured_claim_holds", "cured_figures")
        outcome["cured"] = {"cure": dict(scenario.cure)} | {name: getattr(cured, name) for name in told}
    print(json.dumps(outcome, ensure_ascii=False))
    return DONE


def _many_seeds(scenarios: list, options) -> int:
    check_writable(options.output)
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
            tell, times = partial(print, file=sys.stderr), options.times or 1
            for summary in report(scenarios, seeds, make_trainer, executor, tell, times):
                print(json.dumps(summary, ensure_ascii=False), file=file, flush=True)
    except BrokenProcessPool:
        print("genlab: a process of the report was killed (for its memory?); its lines so far stand", file=sys.stderr)
        return INTERRUPTED
    finally:
        executor.shutdown(cancel_futures=True)
    return DONE
