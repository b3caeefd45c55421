"""A code that states an attempt and its figures: short enough to be sent, and read without trust in who wrote it."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

from genlab.challenges.challenge import Attempt
from genlab.challenges.challenges import CHALLENGES
from genlab.config import SettingError, structural

PREFIX = "genlab1-"
LONGEST = 8000
"""Letters of a code."""
UNPACKED = 100_000
"""Bytes that it may hold."""
MOST_CHANGES = 200


class CodeError(ValueError):
    """A text is no code of a challenge; the message is one line."""


def write_code(name: str, attempt: Attempt, figures: Mapping[str, float]) -> str:
    """The code of an attempt at the challenge of this name, with the figures that were reached."""
    said = {
        "challenge": name,
        "start": attempt.config.to_query(),
        "changes": [[step, dict(settings)] for step, settings in attempt.changes],
        "step": attempt.step,
        "figures": {figure: float(f"{value:.6g}") for figure, value in figures.items()},
    }
    packed = zlib.compress(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_code(code: str) -> tuple[str, Attempt, dict[str, float]]:
    """The name of the challenge, the attempt and its figures; raises :class:`CodeError`."""
    code = "".join(code.split())
    if not code.startswith(PREFIX) or len(code) > LONGEST:
        raise CodeError(f"code = {code[:20]}…: it begins with {PREFIX} and has at most {LONGEST:,} letters")
    try:
        text = code.removeprefix(PREFIX)
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), UNPACKED)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError("it is not whole, or holds too much")
        return _read(json.loads(content))
    except SettingError as error:
        raise CodeError(f"code: {error}") from None
    except (binascii.Error, zlib.error, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CodeError(f"code: it is damaged ({str(error)[:80]}); copy it again, whole") from None


def _read(said: dict) -> tuple[str, Attempt, dict[str, float]]:
    name = said["challenge"]
    if name not in CHALLENGES:
        raise ValueError(f"there is no challenge {str(name)[:40]}")
    kind = type(CHALLENGES[name].start)
    config, problems = kind.from_query({str(key): str(value) for key, value in said["start"].items()})
    if problems:
        raise SettingError(problems[0])
    step, before, changes = said["step"], 0, []
    if not (isinstance(step, int) and 0 <= step <= CHALLENGES[name].most_steps):
        raise ValueError(f"step = {str(step)[:20]}: allowed is 0 to {CHALLENGES[name].most_steps:,}")
    if len(said["changes"]) > MOST_CHANGES:
        raise ValueError(f"it has more than {MOST_CHANGES} changes")
    now = config
    for at, settings in said["changes"]:
        new = now.replace(**settings)
        if not (isinstance(at, int) and before <= at <= step):
            raise ValueError("its changes are out of order")
        if names := structural(now, new):
            raise SettingError(f"{names[0]} = {str(settings[names[0]])[:40]}: a running model cannot change it")
        changes.append((at, dict(settings)))
        before, now = at, new
    figures = {str(figure)[:40]: float(value) for figure, value in said["figures"].items()}
    return name, Attempt(config, tuple(changes), step), figures
