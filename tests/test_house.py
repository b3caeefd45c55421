"""What a reader of the code may rely on: no file is long, and what a function takes and gives is what its types say."""

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 400
"""Lines of a file of the product."""
WRITTEN = (".py", ".js", ".mjs", ".ts", ".css")


def test_no_file_of_the_product_is_longer_than_400_lines():
    files = [ROOT / "app.py", *(file for room in ("genlab", "pages") for file in (ROOT / room).rglob("*"))]
    written = [file for file in files if file.suffix in WRITTEN and "node_modules" not in file.parts]
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in written}
    assert len(lengths) > 100
    long = {str(file.relative_to(ROOT)): length for file, length in lengths.items() if length > LONGEST}
    assert not long, "split each where two ideas meet"


def test_no_page_looks_for_a_press_on_its_way():
    """A script that is broken off before it has come to the button has not heard of the press: a callback has."""
    found = []
    for path in [*ROOT.glob("pages/*.py"), *ROOT.glob("genlab/ui/**/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            pressed = isinstance(node, ast.Call) and getattr(node.func, "attr", "")
            if pressed in ("button", "form_submit_button") and id(node) not in alone:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_the_types_of_python_fit():
    environment = {**os.environ, "MYPY_FORCE_COLOR": "0"}
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
