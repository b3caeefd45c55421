"""The server's settings, declared once: the environment variable, the line of ``genlab.toml``, the validation and the
documents' table follow from the declaration.

To add one, add its line to :class:`ServerSettings` and use it: ``lab.settings.NAME``. Imports no torch.
"""

import errno
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from genlab.config import SettingError, shorten

FILE = "genlab.toml"
"""The file of settings in the home; what stands in the environment wins over it."""
AUTO = "auto"
"""How a setting is written that the lab chooses by itself."""


def _setting(default: Any, allowed: str, help: str, *, auto: str = "", **limits: Any) -> Any:
    """One declaration: ``auto`` says what the lab does where nothing is set, ``limits`` are pydantic's."""
    return Field(default, description=help, json_schema_extra={"allowed": allowed, "auto": auto}, **limits)


def _number(
    default: float | None, low: float, high: float, help: str,
    *, integer: bool = False, unit: str = "", auto: str = "",
) -> Any:  # fmt: skip
    whole = "a whole number from " if integer else ""
    allowed = f"{whole}{low:g} to {high:g}{unit and f' {unit}'}{auto and f', or {AUTO}'}"
    return _setting(default, allowed, help, auto=auto, ge=low, le=high)


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a switch is not a number")
    return value


def _auto(value: Any) -> Any:
    return None if value == AUTO else _no_switch(value)


Whole = Annotated[int, BeforeValidator(_no_switch)]
Number = Annotated[float, BeforeValidator(_no_switch), Field(allow_inf_nan=False)]
AutoWhole = Annotated[int | None, BeforeValidator(_auto)]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _origins(value: Any) -> Any:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return tuple(value) if isinstance(value, list) else value


def _are_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"https?://[\w.:\[\]-]+", origin, re.IGNORECASE) for origin in origins):
        raise ValueError("not an origin")
    return tuple(origin.lower() for origin in origins)


Origins = Annotated[tuple[str, ...], BeforeValidator(_origins), AfterValidator(_are_origins)]


def _are_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[a-z0-9._-]+|\*", host, re.IGNORECASE) for host in hosts):
        raise ValueError("not a host name")
    return tuple(host.lower() for host in hosts)


Hosts = Annotated[tuple[str, ...], BeforeValidator(_origins), AfterValidator(_are_hosts)]


def _is_device(text: str) -> str:
    name = r"(cpu|mps|cuda(:\d{1,2})?)"
    if not re.fullmatch(rf"auto|{name}( *, *{name})*", text):
        raise ValueError("not a device")
    return text


Device = Annotated[str, AfterValidator(_is_device)]


def _is_address(text: str) -> str:
    if text and not re.fullmatch(r"auto|[\w.-]+:\d{1,5}", text):
        raise ValueError("not an address")
    return text


Address = Annotated[str, AfterValidator(_is_address)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class ServerSettings(BaseModel):
    """What holds for the whole server and all its runs; :func:`read_settings` collects it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = _setting(Path(".genlab"), "a folder", "Where runs, their saves, this file and the log are kept.")
    workers: AutoWhole = _number(
        None, 1, 64, "Processes that train.", integer=True,
        auto="one for each core but one, two where there are two cores, at most 4",
    )  # fmt: skip
    step_seconds: Number = _number(
        1.0, 0.05, 20, "How long one training step may take on the CPU while others use the lab: settings with longer "
        "steps are refused before they start. Who is alone is only warned, up to 20 seconds.", unit="seconds",
    )  # fmt: skip
    worker_memory: AutoWhole = _number(
        None, 100, 1_000_000, "Memory that the runs of each worker may take: beyond, the largest of those that rest go "
        "to disk until somebody opens them.", integer=True, unit="MB", auto="half of the machine's, divided among them",
    )  # fmt: skip
    device: Device = _setting(
        AUTO, "auto, cpu, mps, cuda, cuda:1 or several of them with commas between them",
        "Where models train. auto: on the CPU or a GPU, whichever is measured to be faster for a shape of model; GPUs "
        "of a list are dealt out among the workers.",
    )  # fmt: skip
    ray: Address = _setting(
        "", "auto for the cluster that this machine belongs to, or HOST:PORT",
        "The Ray cluster whose machines train for this lab, as many processes on each as workers says, or one for each "
        "CPU. Without it only this machine trains.",
    )  # fmt: skip
    idle_seconds: Number = _number(
        60.0, 0.1, 86400, "After how long a run that nobody watches pauses.", unit="seconds",
    )  # fmt: skip
    origins: Origins = _setting(
        (), "https://HOST or http://HOST:PORT, several with commas between them",
        "Origins from which browsers may open the lab's sockets, beside the server's own address: behind a proxy that "
        "gives it another name.",
    )  # fmt: skip

    frames: Origins = _setting(
        (), "https://HOST or http://HOST:PORT, several with commas between them",
        "Origins whose pages may show the lab in a frame, beside the lab's own.",
    )  # fmt: skip
    hosts: Hosts = _setting(
        (), "host names without a port, several with commas between them, or * for any",
        "Names by which browsers or a proxy may ask for the lab, beside IP addresses, localhost, this machine's own "
        "name and the hosts of origins: so no page of another site reaches it through a name of its own.",
    )  # fmt: skip

    disk_reserve: Number = _number(
        500.0, 0, 1e7, "Space that saves leave free on the disk; below, they wait until there is room, at the longest "
        "until the server ends.", unit="MB",
    )  # fmt: skip
    stored_size: Number = _number(
        5000.0, 1, 1e9, "Space for all in the home; beyond, cleared runs go for good, then new ones are not saved.",
        unit="MB",
    )  # fmt: skip
    upload_size: Number = _number(
        1000.0, 1, 1e9, "Space for files that visitors bring; beyond, the oldest go.", unit="MB",
    )  # fmt: skip
    kept_days: Whole = _number(
        14, 1, 3650, "An unnamed run is cleared when it was not touched on so many days on which the lab was used.",
        integer=True, unit="days",
    )  # fmt: skip
    bin_days: Whole = _number(
        7, 1, 3650, "A cleared run can be brought back on so many more days of use.", integer=True, unit="days",
    )  # fmt: skip

    visitor_playing: Whole = _number(
        3, 1, 1000, "Runs of one visitor that play at once. This limit and those below hold while several visitors are "
        "in the lab.", integer=True, unit="runs",
    )  # fmt: skip
    visitor_held: Whole = _number(
        8, 1, 1000, "Runs of one visitor in memory; beyond, those that rest go to disk until somebody opens them.",
        integer=True, unit="runs",
    )  # fmt: skip
    visitor_stored: Whole = _number(
        50, 1, 100_000, "Runs of one visitor that are kept; beyond, no further one of theirs trains until some are "
        "deleted.", integer=True, unit="runs",
    )  # fmt: skip
    visitor_stored_size: Number = _number(
        1000.0, 1, 1e9, "Space for the saves of one visitor's runs; the same holds beyond.", unit="MB",
    )  # fmt: skip
    visitor_cells: Whole = _number(
        1200, 1, 1_000_000, "Models in the maps of one visitor that play at once.", integer=True, unit="models",
    )  # fmt: skip
    visitor_uploads: Whole = _number(
        10, 1, 10_000, "Files that one visitor may bring in a minute.", integer=True, unit="files",
    )  # fmt: skip
    lecturer: str = _setting(
        "", "a passphrase, or the accounts of lecturers with commas between them where sign-in is configured",
        "Who knows it leads the class on the page Class; without it there is no such page.",
    )  # fmt: skip
    class_code: str = _setting(
        "", "at most 6 letters A to Z", "How the codes of this server's classes begin: by it a proxy before several "
        "servers sends a student to the one that has the class.", pattern=r"^[A-Z]{0,6}$",
    )  # fmt: skip
    lecturer_share: Number = _number(
        2.0, 1, 20, "How much more of the time than a student's the runs of who leads the class get.", unit="times",
    )  # fmt: skip
    address_sockets: Whole = _number(
        600, 1, 1_000_000, "Pages and pictures that may be open at once from one address of the network: a whole class "
        "may come from one.", integer=True, unit="sockets",
    )  # fmt: skip
    address_pages: Number = _number(
        30.0, 0.1, 1e6, "Pages that one address of the network may open in a second, over ten seconds.", unit="pages",
    )  # fmt: skip

    log_level: Level = _setting(
        "info", "debug, info, warning, error", "From which weight on the log in the home has the lab's own lines.",
    )  # fmt: skip

    def worker_count(self) -> int:
        """How many workers this machine has: the web process needs little, and one death must not hit everybody.

        Where others train, one makes pictures from files, and is there when no other machine is.
        """
        if self.ray:
            return 1
        cores = os.cpu_count() or 1
        return self.workers or max(1, min(cores, 2), min(cores - 1, 4))

    def to_environment(self) -> dict[str, str]:
        """The variables that say the same, for a process of one's own."""
        # A process that trains needs no passphrase.
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "lecturer"}
        return {
            variable(name): AUTO if value is None else ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in values.items()
        }

    @classmethod
    def allowed(cls, name: str) -> str:
        """The allowed values of a setting in words."""
        return str(_extra(cls.model_fields[name])["allowed"])


def read_settings(environment: Mapping[str, str] = os.environ, **given: Any) -> ServerSettings:
    """The settings: what is ``given`` and not None, then $GENLAB_NAME, then ``genlab.toml`` in the home.

    Raises :class:`SettingError` in one line that says which setting has which value, and what is allowed.
    """
    found = {name: (value, name) for name, value in given.items() if value is not None}
    for name in ServerSettings.model_fields:
        if value := environment.get(variable(name), "").strip():
            found.setdefault(name, (value, variable(name)))
    named, where = found.get("home", (ServerSettings.model_fields["home"].default, "home"))
    home = _folder(named, where)
    found["home"] = home, where
    for name, value in _read_file(home / FILE).items():
        found.setdefault(name, (value, f"{FILE}: {name}"))
    return _validate(found)


def _folder(named: Path | str, where: str) -> Path:
    try:
        return Path(named).expanduser().resolve()
    except (RuntimeError, ValueError, OSError) as error:
        # A user behind ~ who is not there, a null byte, links in a circle.
        why = shorten(" ".join(str(error).split()).rstrip("."))
        raise SettingError(f"{where} = {shorten(str(named))}: {why}; allowed is a folder") from None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"GENLAB_{name.upper()}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        # Editors of Windows begin a file with a mark of its encoding.
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{path}: is not TOML: {' '.join(str(error).split())[:200]}") from None
    for name in values:
        if name == "home":
            raise SettingError(f"{FILE}: home: it says where this file is; allowed is {variable('home')}")
        if name not in ServerSettings.model_fields:
            near = get_close_matches(name, ServerSettings.model_fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_in_file())}"
            raise SettingError(f"{FILE}: {name[:60]}: there is no such setting; {hint}")
    return values


def _extra(field: FieldInfo) -> dict[str, Any]:
    return cast(dict[str, Any], field.json_schema_extra)


def _in_file() -> list[str]:
    return [name for name in ServerSettings.model_fields if name != "home"]


def _validate(found: dict[str, tuple[Any, str]]) -> ServerSettings:
    try:
        return ServerSettings(**{name: value for name, (value, _) in found.items()})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        value, where = found[name]
        raise SettingError(f"{where} = {shorten(value)}: allowed is {ServerSettings.allowed(name)}") from None


def prepare_home(home: Path) -> None:
    """Make the folder where there is none; raises :class:`SettingError` in one line where nothing can be kept."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(dir=home, prefix=".probe-")
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        # What lies in a full home can still be opened, and room be made.
        if error.errno != errno.ENOSPC:
            why = "is a file" if home.is_file() else f"cannot be written: {error.strerror}"
            raise SettingError(f"home = {home}: {why}; allowed is a folder, named by {variable('home')}") from None


def server_settings_table() -> str:
    """The Markdown table of the server's settings that the documents show."""
    rows = ["| setting | variable | what | allowed | default |", "|---|---|---|---|---|"]
    for name, field in ServerSettings.model_fields.items():
        extra = _extra(field)
        default = f"{AUTO}: {extra['auto']}" if field.default is None else _text(field.default)
        rows.append(f"| `{name}` | `{variable(name)}` | {field.description} | {extra['allowed']} | {default} |")
    return "\n".join(rows)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
