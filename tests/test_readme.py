"""The README agrees with the code. Run this file as a script to refresh its tables of settings."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

sys.path.insert(0, str(ROOT))

from genlab.config import settings_table  # noqa: E402
from genlab.runtime.settings import server_settings_table  # noqa: E402

TABLES = {"settings": settings_table(), "server settings": server_settings_table()}


def with_present_tables(text: str) -> str:
    for name, table in TABLES.items():
        text, count = re.subn(
            rf"(<!-- {name} -->\n).*(<!-- /{name} -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",
            text,
            flags=re.DOTALL,
        )
        assert count == 1, name
    return text


def commands() -> list[str]:
    """The one-line commands that install something."""
    return re.findall(r"^python3 -m venv .*$", README.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_tables_of_settings_are_those_that_the_declarations_give():
    text = README.read_text(encoding="utf-8")
    assert text == with_present_tables(text), "run: python tests/test_readme.py"


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
    README.write_text(with_present_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
