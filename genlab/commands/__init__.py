"""``python -m genlab`` opens the lab; with ``{train,sample,classifier,scenario,check,bench,stress}`` it does without a
browser. Installed as a package, ``genlab`` does the same.

Exit status: 0 done, 1 the run diverged, 2 bad input (one line says which), 3 not reproduced here, 130 interrupted.
"""

import os
import sys

from genlab import stress
from genlab.commands import bench, check, classifier, lab, sample, scenario, train
from genlab.commands.usage import BAD_INPUT, DONE, INTERRUPTED, Parser, UsageError
from genlab.config import SettingError


def parser() -> Parser:
    """The commands and their options; the settings' options come from their declarations."""
    whole = Parser(prog="python -m genlab", description="Open the lab, or train without a browser.")
    commands = whole.add_subparsers(
        dest="command", required=True, metavar="{lab,train,sample,classifier,scenario,check,bench,stress}"
    )
    for command in (lab, train, sample, classifier, scenario, check, bench, stress):
        command.add_command(commands)
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options, unknown = parser().parse_known_args(arguments or ["lab"])
        if options.command == "lab":
            options.streamlit = unknown
        elif unknown:
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
