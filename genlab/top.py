"""Where the parts of the lab lie that are no modules: its server, its pages, its shipped models."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

TOP = _PACKAGE / "site" if (_PACKAGE / "site").is_dir() else _PACKAGE.parent
"""The folder of ``app.py``, ``pages`` and ``checkpoints``: the repository, or what an installed package has of it."""
