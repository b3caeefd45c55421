"""``classifier``: train anew the classifier of digits with which pictures are measured."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from genlab.commands.usage import DONE, check_writable, count, torch_device
from genlab.config import LAST_SEED
from genlab.files import replaceable

EPOCHS = 60


def add_command(commands: Any) -> None:
    """Add ``classifier`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("classifier", help="train the classifier with which pictures of digits are measured")
    command.add_argument("--epochs", type=count(1000), default=EPOCHS, metavar="N", help=f"how long ({EPOCHS})")
    command.add_argument("--seed", type=count(LAST_SEED, least=0), default=0, metavar="S", help="default 0")
    command.add_argument(
        "--export", type=Path, required=True, metavar="FILE.safetensors", help="write it, and a card FILE.json"
    )
    command.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    check_writable(options.export)
    for path in (options.export, options.export.with_suffix(".json")):
        replaceable(path)
    torch_device("cpu")
    from genlab.training.classifier import publish, train_classifier

    network = train_classifier(options.epochs, options.seed, tell=partial(print, file=sys.stderr, flush=True))
    card = publish(network, options.export, options.epochs, options.seed)
    print(json.dumps(card["measures"]))
    return DONE
