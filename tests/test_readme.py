"""The documents agree with the code. Run this file as a script to refresh their tables and the picture of the house."""

import argparse
import ast
import html
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README, CONTRIBUTING, DOCS = ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs"

sys.path.insert(0, str(ROOT))

from genlab.commands import parser  # noqa: E402
from genlab.config import setting_text, settings_table  # noqa: E402
from genlab.runtime.settings import server_settings_table  # noqa: E402
from genlab.scenarios import SCENARIOS  # noqa: E402
from genlab.training import make_trainer  # noqa: E402


def house() -> str:
    """The floors of the import contract from top to bottom, as a Mermaid diagram."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    floors = [["app.py", "pages/"], *([room.strip() for room in floor.split("|")] for floor in layers)]
    lines = ["```mermaid", "flowchart TB"]
    for number, rooms in enumerate(floors):
        lines.append(f'    floor{number}["{"<br/>".join(map(about, rooms))}"]')
    lines += [f"    floor{number} --> floor{number + 1}" for number in range(len(floors) - 1)]
    return "\n".join([*lines, "```"])


def about(room: str) -> str:
    """A room with the first sentence of its docstring."""
    path = ROOT / room.replace(".", "/") if room.startswith("genlab") else ROOT / room
    file = next((file for file in (path / "__init__.py", path.with_suffix(".py"), path) if file.is_file()), None)
    words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file else "One file for each page."
    sentence = re.split(r"(?<=\.)\s|[:;,]\s| \(", " ".join(words.split()))[0].rstrip(".").replace("`", "")
    return f"<b>{room}</b><br/>{html.escape(sentence)}"


def commands_table() -> str:
    """The commands of the command line, each with its help."""
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    rows = [f"| `python -m genlab {action.dest}` | {action.help} |" for action in commands._choices_actions]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def demonstrations_table() -> str:
    """Every demonstration with its claim, the step at which it is judged, and its cure."""
    rows = ["| name | what is claimed | at step | its cure | what the twin does |", "|---|---|--:|---|---|"]
    for scenario in SCENARIOS.values():
        cure = ", ".join(f"`{name} = {setting_text(value)}`" for name, value in scenario.cure.items())
        claim = f"**{scenario.title}.** {scenario.claim} {scenario.later}".strip()
        cured = f"{scenario.cured_claim} {scenario.cured_later}".strip()
        words = (f"`{scenario.name}`", claim, f"{scenario.steps:,}", cure, cured)
        rows.append("| " + " | ".join(word.replace("|", "\\|") for word in words) + " |")
    return "\n".join(rows)


TABLES = {
    DOCS / "settings.md": {"settings": settings_table()},
    DOCS / "server.md": {"server settings": server_settings_table()},
    DOCS / "commands.md": {"commands": commands_table()},
    DOCS / "demonstrations.md": {"demonstrations": demonstrations_table()},
    CONTRIBUTING: {"house": house()},
}


def with_present_tables(document: Path) -> str:
    text = document.read_text(encoding="utf-8")
    for name, table in TABLES[document].items():
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


@pytest.mark.parametrize("document", TABLES, ids=lambda document: document.name)
def test_tables_and_pictures_are_those_that_the_declarations_give(document):
    assert document.read_text(encoding="utf-8") == with_present_tables(document), "run: python tests/test_readme.py"


def test_of_every_demonstration_it_is_told_on_how_many_seeds_it_was_seen_to_hold():
    seeds = (DOCS / "demonstrations.md").read_text(encoding="utf-8").partition("## On how many seeds")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in seeds.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == list(SCENARIOS)
    for name, at_once, later, twin, twin_later in rows:
        assert bool(twin) == bool(twin_later) == bool(SCENARIOS[name.strip("`")].cure), name
        told = [re.fullmatch(r"(\d+) of (\d+)", cell) for cell in (at_once, later, twin, twin_later) if cell]
        assert all(told) and all(int(one[1]) <= int(one[2]) for one in told), name
        # What is claimed, and what is claimed of its twin, has to hold on nine of ten.
        assert all(int(one[1]) >= 0.9 * int(one[2]) for one in told[::2]), name


def test_every_command_and_file_that_the_guide_for_contributors_names_is_there():
    text = CONTRIBUTING.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:genlab|tests|pages|\.ci)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path
    for command in re.findall(r"`python -m genlab (\w+)", text):
        assert command in parser().format_help(), command


def test_every_command_that_the_documents_name_is_understood():
    texts = [document.read_text(encoding="utf-8") for document in (README, CONTRIBUTING, *DOCS.glob("*.md"))]
    named = [line for text in texts for line in re.findall(r"(?:^|`)python -m genlab ([a-z][^`#\n]*)", text, re.M)]
    assert len(named) > 12
    for words in map(str.split, named):
        assert f" {words[0]} " in parser().format_help(), words
        if len(words) > 1 and not set(words) & {"NAME", "…"}:
            options, unknown = parser().parse_known_args(words)
            assert options.run and not unknown, words


@pytest.mark.parametrize("document", (README, *DOCS.glob("*.md")), ids=lambda document: document.name)
def test_every_link_and_picture_of_a_document_is_there(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_what_the_tour_promises_of_two_sliders_happens():
    hopping = make_trainer(SCENARIOS["gan_hops"].config)
    hopping.advance(500)
    assert hopping.history()["effective_modes"][-1] < 4
    hopping.apply(generator_learning_rate=0.001)
    hopping.advance(400)
    assert hopping.history()["effective_modes"][-1] > 7
    collapsed = make_trainer(SCENARIOS["vae_collapsed"].config)
    collapsed.advance(300)
    assert collapsed.history()["active_units"][-1] == 0
    collapsed.apply(beta=1)
    collapsed.advance(200)
    assert collapsed.history()["active_units"][-1] == 2


def test_two_commands_do_everything():
    start, test = commands()
    assert start.endswith("streamlit run app.py")
    assert test.endswith("pytest")


def test_ci_runs_the_test_command_of_the_readme():
    assert commands()[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_dependency_has_a_reason_and_one_version():
    text = README.read_text(encoding="utf-8")
    for file in (ROOT / "requirements.txt", ROOT / "requirements-cluster.txt", ROOT / "tests" / "requirements.txt"):
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
    for document in TABLES:
        document.write_text(with_present_tables(document), encoding="utf-8")
