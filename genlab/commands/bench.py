"""``bench``: the speed of the lab, and whether a device computes what the CPU computes."""

import argparse
import json
import os
from typing import Any

from genlab.commands.usage import DIVERGED, DONE, torch_device


def add_command(commands: Any) -> None:
    """Add ``bench`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("bench", help="measure the speed of the lab; prints JSON")
    command.add_argument("--quick", action="store_true", help="fewer and shorter repeats")
    command.add_argument("--device", default="cpu", metavar="D", help="measure training there: cpu, cuda, cuda:1, mps")
    command.add_argument(
        "--check", action="store_true", help="only say whether the device computes what the CPU computes"
    )
    command.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    # Read when numpy is imported: products take one core here as well, as they do in a worker.
    os.environ["OMP_NUM_THREADS"] = "1"
    from genlab.bench import bench, check_device

    device = str(torch_device(options.device))
    if options.check:
        found = check_device(device)
        print(json.dumps(found, indent=2))
        return DIVERGED if found["not_used"] else DONE
    print(json.dumps(bench(quick=options.quick, device=device), indent=2))
    return DONE
