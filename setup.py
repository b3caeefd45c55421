"""Build the package: what stands beside it in the repository goes into it, see ``genlab/top.py``. The rest is declared
in ``pyproject.toml``.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
CARRIED = ("app.py", "pages", "checkpoints", ".streamlit")


class WithSite(build_py):
    """Copies them into ``genlab/site``."""

    def run(self):
        super().run()
        site = Path(self.build_lib) / "genlab" / "site"
        site.mkdir(parents=True, exist_ok=True)
        for name in CARRIED:
            if (HERE / name).is_dir():
                leave = shutil.ignore_patterns("__pycache__", "secrets.toml")
                shutil.copytree(HERE / name, site / name, dirs_exist_ok=True, ignore=leave)
            else:
                shutil.copy(HERE / name, site / name)


setup(cmdclass={"build_py": WithSite})
