"""``check``: an attempt at a challenge is trained again from its code, and judged."""

import argparse
import json
from typing import Any

from genlab.commands.usage import DONE, NOT_REPRODUCED, UsageError, torch_device


def add_command(commands: Any) -> None:
    """Add ``check`` to the commands of ``python -m genlab``."""
    command = commands.add_parser("check", help="train an attempt at a challenge again, from its code; a line of JSON")
    command.add_argument("code", metavar="CODE")
    command.set_defaults(run=_command)


def _command(options: argparse.Namespace) -> int:
    from genlab.challenges import CHALLENGES, CodeError, read_code, replay

    try:
        name, attempt, figures = read_code(options.code)
    except CodeError as error:
        raise UsageError(str(error)) from None
    torch_device("cpu")
    from genlab.training import make_trainer

    found = replay(CHALLENGES[name], attempt, figures, make_trainer)
    told = {
        "challenge": name, "reproduced": found.reproduced, "goal": found.judgement.reached, "says": found.line,
        "figures": found.judgement.figures, "stated": figures,
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False))
    return DONE if found.reproduced else NOT_REPRODUCED
