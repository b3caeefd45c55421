"""Who may import whom, what the web process keeps out of its memory, and the style of the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_go_downward_only_and_in_no_circle():
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    assert "3 kept, 0 broken" in run(sys.executable, "-c", script)


def test_the_web_process_does_not_load_torch():
    modules = "app, genlab.ui.stage, genlab.ui.inference, genlab.ui.library, genlab.ui.cards, genlab.theory"
    script = f"import sys, {modules}; print({{'torch', 'torchvision'}} & set(sys.modules) or 'without torch')"
    assert run(sys.executable, "-c", script).strip() == "without torch"


def test_pages_import_neither_torch_nor_a_trainer():
    for page in (ROOT / "pages").glob("*.py"):
        words = page.read_text(encoding="utf-8")
        assert "torch" not in words and "genlab.training" not in words, page.name


def test_ruff_is_content():
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")
