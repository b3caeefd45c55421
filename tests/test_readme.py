"""The README agrees with the code. Run this file as a script to refresh its table of settings."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BETWEEN = re.compile(r"(<!-- settings -->\n).*(<!-- /settings -->)", re.DOTALL)

sys.path.insert(0, str(ROOT))

from genlab.config import settings_table  # noqa: E402


def with_present_table(text: str) -> str:
    return BETWEEN.sub(lambda found: f"{found[1]}{settings_table()}\n{found[2]}", text)


def commands() -> list[str]:
    """The one-line commands that install something."""
    return re.findall(r"^python3 -m venv .*$", README.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_table_of_settings_is_the_one_that_the_declarations_give():
    text = README.read_text(encoding="utf-8")
    assert BETWEEN.search(text)
    assert text == with_present_table(text), "run: python tests/test_readme.py"


def test_two_commands_do_everything():
    start, test = commands()
    assert start.endswith("streamlit run app.py")
    assert test.endswith("pytest")


def test_ci_runs_the_test_command_of_the_readme():
    assert commands()[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_dependency_has_a_reason_and_one_version():
    text = README.read_text(encoding="utf-8")
    for file in (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        for line in file.read_text().splitlines():
            if line.startswith("-r"):
                continue
            name, _, version = line.partition("==")
            assert version, f"{line} is not pinned"
            assert re.search(rf"^\| .*\b{name}\b.* \|", text, re.MULTILINE), f"{name} has no row in the README"


def test_every_build_of_torch_that_the_readme_names_is_the_pinned_one():
    pinned = set(re.findall(r"^(torch(?:vision)?==.*)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    named = re.findall(r"`pip install (torch.*) --index-url \S+`", README.read_text(encoding="utf-8"))
    assert len(pinned) == 2 and named and all(set(packages.split()) == pinned for packages in named)


if __name__ == "__main__":
    README.write_text(with_present_table(README.read_text(encoding="utf-8")), encoding="utf-8")
