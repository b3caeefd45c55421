"""Who may import whom, what the web process keeps out of its memory, and the style of the code."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_go_downward_only():
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    assert "2 kept, 0 broken" in run(sys.executable, "-c", script)


@pytest.mark.parametrize(
    "module",
    [
        "app",
        "genlab.ui.runbar",
        "genlab.ui.controls",
        "genlab.live.component",
        "genlab.figures",
        "genlab.scenarios",
        "genlab.runtime.client",
        "genlab.config",
    ],
)
def test_importing_it_does_not_load_torch(module):
    script = f"import sys, {module}; print(sorted({{'torch', 'torchvision'}} & set(sys.modules)))"
    assert run(sys.executable, "-c", script).strip() == "[]"


def test_pages_import_neither_torch_nor_a_trainer():
    for page in (ROOT / "pages").glob("*.py"):
        words = page.read_text(encoding="utf-8")
        assert "torch" not in words and "genlab.training" not in words, page.name


def test_ruff_is_content():
    run(sys.executable, "-m", "ruff", "check", ".")
