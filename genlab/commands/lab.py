"""``lab``: open the lab in the browser; what ``genlab`` does without a command."""

import argparse
import sys
from typing import Any

from genlab.commands.usage import DONE
from genlab.top import TOP


def add_command(commands: Any) -> None:
    """Add ``lab`` to the commands of ``python -m genlab``."""
    help = "open the lab in the browser, as without any command; options are Streamlit's: --server.port 8600"
    commands.add_parser("lab", help=help).set_defaults(run=open_lab)


def open_lab(options: argparse.Namespace) -> int:
    """Serve the lab until Ctrl-C."""
    from streamlit.web.cli import main

    sys.argv = ["streamlit", "run", str(TOP / "app.py"), *options.streamlit]
    try:
        main(prog_name="streamlit")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    return DONE
