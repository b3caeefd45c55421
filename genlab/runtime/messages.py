"""The message format: what travels between worker, web process and browser, written down once.

*Packets* carry numbers to the browser and are made once, in a worker; the web process passes them on unopened.
*Records* wrap everything on the pipes between both. *Client messages* are the JSON texts that a browser may send.
"""

import base64
import binascii
import json
import struct
from enum import IntEnum, StrEnum
from typing import Annotated, Any, BinaryIO, Literal, get_args

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from genlab.maps import LONGEST_SIDE, MOST_SEEDS

STREAMS = (
    "history", "real", "generated", "field", "arrows", "mesh", "weights", "layers", "samples", "means", "latent", "kl",
    "reconstruction", "manifold", "components", "survey", "map", "density", "score", "pushforward", "bands", "slopes",
)  # fmt: skip
"""Everything that a watcher can subscribe to; streams that a model does not have stay empty."""

MAX_CLIENT_BYTES = 64 * 1024
MAX_HZ = 20.0
DEFAULT_HZ = 5.0
MOST_CELLS = LONGEST_SIDE * MOST_SEEDS
PIXELS, HELD_OUT = 28 * 28, 1000
"""What a browser may ask to encode: so many grey values, or one of so many held-out examples."""
MAX_VECTORS = 64
"""Latent or noise vectors in one request to decode: a strip, a path or a coarse map of a plane."""


class RunStatus(StrEnum):
    """What a run is doing; the values are what pages and the browser see."""

    STARTING = "starting"
    PAUSED = "paused"
    RUNNING = "running"
    IDLE = "idle"
    DIVERGED = "diverged"
    STOPPED = "stopped"
    FAILED = "failed"


# ---- packets -------------------------------------------------------------------------------------------------------
# uint32 little-endian H | H bytes of UTF-8 JSON, padded with spaces so that 4 + H is a multiple of 8 | arrays, each
# starting at a multiple of 8 counted from the end of the header, where header["arrays"][name] = {dtype, shape, offset}.

_DTYPES = {"f4": "<f4", "f8": "<f8", "u1": "u1", "i4": "<i4"}


class PacketError(ValueError):
    """Says in one line why some bytes are not a packet."""


def encode(header: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> bytes:
    """One packet of a JSON header and named arrays (float32, float64, uint8 or int32).

    Numbers of the header that are not finite become null, so that any JSON parser reads it.
    """
    described, parts, offset = {}, [], 0
    for name, array in (arrays or {}).items():
        code = f"{array.dtype.kind}{array.dtype.itemsize}"
        if code not in _DTYPES:
            raise PacketError(f"array {name} has dtype {array.dtype}: allowed is {', '.join(_DTYPES)}")
        raw = np.ascontiguousarray(array, dtype=_DTYPES[code]).tobytes()
        described[name] = {"dtype": code, "shape": list(array.shape), "offset": offset}
        parts.append(raw + bytes(-len(raw) % 8))
        offset += len(parts[-1])
    text = json_bytes({**header, "arrays": described})
    text += b" " * (-(4 + len(text)) % 8)
    return b"".join((struct.pack("<I", len(text)), text, *parts))


def decode(packet: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a packet; raises :class:`PacketError` in one line when it is damaged."""
    try:
        (length,) = struct.unpack_from("<I", packet)
        header = json.loads(packet[4 : 4 + length])
        arrays = {}
        for name, about in header["arrays"].items():
            count = int(np.prod(about["shape"]))
            flat = np.frombuffer(packet, _DTYPES[about["dtype"]], count, 4 + length + about["offset"])
            arrays[name] = flat.reshape(about["shape"])
        return header, arrays
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PacketError(f"not a packet: {str(error).splitlines()[0]}") from None


def json_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON in which NaN and infinities are null."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def event(run_id: str, status: RunStatus, step: int, message: str) -> bytes:
    """A packet without arrays: what happened to a run while no worker could speak for it, and where it stood."""
    return encode({"kind": "event", "run": run_id, "status": status, "step": step, "message": message})


def changes_packet(run_id: str, changes: list[dict[str, Any]]) -> bytes:
    """A packet without arrays: all changes of a run's live settings, sent whenever they are others than before."""
    return encode({"kind": "changes", "run": run_id, "changes": changes})


def answer(run_id: str, about: dict[str, Any]) -> bytes:
    """A packet without arrays for the one client whose command it answers.

    ``number``: the client's own; ``command``: the lab's number of it, which frames carry once it has acted; ``step`` at
    which it acted; ``error``: why it was refused, "" if it was not; ``note``: what it did, in words; ``run``: the new
    run that it made, if any.
    """
    return encode({"kind": "answer", "run": run_id, **about})


PING = encode({"kind": "ping"})
"""Sent to every client now and then; a client answers with {"type": "pong"} or is closed."""


# ---- records on the pipes ------------------------------------------------------------------------------------------


class Record(IntEnum):
    """What a record on a pipe holds. COMMAND goes to the worker, the others come from it."""

    COMMAND = 1  # JSON {"id", "do", ...}
    REPLY = 2  # JSON {"id", "error", "kind", "state"}, of what nobody foresaw its "trace" too
    ANSWER = 3  # uint32 id of the command, then a packet for the one client that asked
    FRAME = 4  # a packet for every watcher of the run
    STATE = 5  # JSON of the run's state
    HEARTBEAT = 6  # JSON {"ready", "age"}: seconds since the training loop last turned
    CHANGES = 7  # a packet for every watcher of the run, those too that come later: all changes of its live settings
    SAVE = 8  # a file for the store of another machine, see lease.py; answered by a command "kept"
    END = 9  # JSON {"how", "run", "proven"}: a worker on another machine has ended, and what was at work there last


_RECORD = struct.Struct(">IB16s")
RUN_ID_LENGTH, PROVEN = 16, "proven"
"""What stands behind a run's id in a worker's mark once the run has trained well there."""
PROVING = 1.0
"""Seconds of training after which it has: what kills a worker of itself does so in the first steps."""


def write_record(pipe: BinaryIO, kind: Record, run_id: str, payload: bytes) -> None:
    """Write one record: uint32 length, uint8 kind, 16 bytes run id, payload."""
    pipe.write(_RECORD.pack(len(payload), kind, run_id.encode("ascii")) + payload)
    pipe.flush()


def read_record(pipe: BinaryIO) -> tuple[Record, str, bytes] | None:
    """The next record, or None at the end of the pipe."""
    head = pipe.read(_RECORD.size)
    if len(head) < _RECORD.size:
        return None
    length, kind, run_id = _RECORD.unpack(head)
    payload = pipe.read(length)
    return None if len(payload) < length else (Record(kind), run_id.rstrip(b"\0").decode("ascii"), payload)


# ---- what a browser may send ---------------------------------------------------------------------------------------


class Message(BaseModel):
    """What a browser sends: nothing is turned into something else, and nothing more is allowed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Subscribe(Message):
    """Replaces the streams that this client watches."""

    type: Literal["streams"]
    streams: list[Literal[STREAMS]] = Field(max_length=len(STREAMS))  # type: ignore[valid-type]


class Rate(Message):
    """Frames per second that this client wants at most."""

    type: Literal["rate"]
    hz: float = Field(ge=0.2, le=MAX_HZ, allow_inf_nan=False)


Vector = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=1, max_length=64)]
Vectors = Annotated[list[Vector], Field(min_length=1, max_length=MAX_VECTORS)]


def _how_many(z: Any) -> str:
    return "many" if isinstance(z, list) and z and isinstance(z[0], list) else "one"


class Decode(Message):
    """Asks for the picture of one latent or noise vector, or of several at once; the newest request wins."""

    type: Literal["decode"]
    id: int = Field(ge=0, le=2**53)
    z: Annotated[
        Annotated[Vector, Tag("one")] | Annotated[Vectors, Tag("many")],
        Discriminator(_how_many),
    ]


def _pixels(text: str) -> str:
    try:
        found = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise ValueError("not base64") from None
    if found != PIXELS:
        raise ValueError(f"{found} bytes: {PIXELS} are needed, one for each pixel")
    return text


class HeldOut(Message):
    """The row of a held-out example."""

    held_out: int = Field(ge=0, lt=HELD_OUT)


Point = Annotated[
    list[Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]], Field(min_length=2, max_length=2)
]
Picture = Annotated[str, Field(max_length=2 * PIXELS), AfterValidator(_pixels)]


def _what(x: Any) -> str:
    return "picture" if isinstance(x, str) else "point" if isinstance(x, list) else "held_out"


class Encode(Message):
    """Asks for the posterior of this client's own x (grey bytes in base64, a point, a row), perhaps with the bound.

    The answer repeats the id. Asked again, it tells what has become of the same x by then.
    """

    type: Literal["encode"]
    id: int = Field(ge=0, le=2**53)
    bound: bool = False
    x: Annotated[
        Annotated[Picture, Tag("picture")] | Annotated[Point, Tag("point")] | Annotated[HeldOut, Tag("held_out")],
        Discriminator(_what),
    ]


class Examine(Message):
    """Asks for the curves and samples of one cell of a map."""

    type: Literal["examine"]
    id: int = Field(ge=0, le=2**53)
    cell: int = Field(ge=0, lt=MOST_CELLS)


class Rehearse(Message):
    """Asks what the next step of the run will do, stage by stage; nothing changes in the run."""

    type: Literal["rehearse"]
    id: int = Field(ge=0, le=2**53)


class Look(Message):
    """Shows this client the run as it stood at the snapshot nearest to a step; null shows it as it is again."""

    type: Literal["look"]
    step: Annotated[int, Field(ge=0, le=2**53)] | None


class Pong(Message):
    """Answers a ping: the client is still there."""

    type: Literal["pong"]


Step = Annotated[int, Field(ge=0, le=2**53)]
Value = bool | int | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=100)] | None


class _Command(Message):
    """What a hand does to a run; ``number`` is the client's own count, which the answer repeats."""

    type: Literal["command"]
    number: int = Field(ge=1, le=2**53)


class Play(_Command):
    """Let it train, without an end or until it reaches a step."""

    do: Literal["play"]
    until: Step | None = None


class Pause(_Command):
    """Let it rest."""

    do: Literal["pause"]


class OneStep(_Command):
    """Train exactly one step, then rest."""

    do: Literal["step"]


class Apply(_Command):
    """Change settings: live ones in the running model, others by a fresh run.

    Those of one ``drag``, numbered by the client, are one change; of those that wait the newest value wins.
    """

    do: Literal["apply"]
    settings: Annotated[dict[Annotated[str, Field(max_length=40)], Value], Field(min_length=1, max_length=40)]
    drag: int | None = Field(default=None, ge=1, le=2**53)


class Reset(_Command):
    """Back to step 0 with the same settings and seed; what plays plays on, perhaps until a step."""

    do: Literal["reset"]
    until: Step | None = None


class NewSeed(_Command):
    """A fresh run with another seed; what plays plays on, perhaps until a step."""

    do: Literal["new_seed"]
    until: Step | None = None


class Rewind(_Command):
    """Back to the snapshot of a step, or to the last finite one."""

    do: Literal["rewind"]
    step: Step | None = None


class Branch(_Command):
    """A new run from the snapshot of a step; the answer names it."""

    do: Literal["branch"]
    step: Step


class Move(_Command):
    """Train on another device from here on."""

    do: Literal["move"]
    device: Annotated[str, Field(max_length=40)]


class Copy(_Command):
    """A run of one's own that goes on from where this one stands; the answer names it."""

    do: Literal["copy"]


Command = Play | Pause | OneStep | Apply | Reset | NewSeed | Rewind | Branch | Move | Copy
COMMANDS = get_args(Command)

ClientMessage = (
    Subscribe
    | Rate
    | Decode
    | Encode
    | Examine
    | Rehearse
    | Look
    | Pong
    | Annotated[Command, Field(discriminator="do")]
)
_CLIENT_MESSAGE = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


class ClientMessageError(ValueError):
    """Says in one line what is wrong with a client's message."""

    @classmethod
    def of(cls, error: ValidationError) -> "ClientMessageError":
        """The first thing that is wrong."""
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return cls(f"{where or 'message'}: {first['msg']}")


def parse_client_message(text: str) -> ClientMessage:
    """The validated message of a client; raises :class:`ClientMessageError` in one line."""
    try:
        return _CLIENT_MESSAGE.validate_json(text)
    except ValidationError as error:
        raise ClientMessageError.of(error) from None
