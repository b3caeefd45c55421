"""Bad messages, addresses and files, by the thousand: each gets one line or is taken, and nobody else notices."""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from genlab.config import CONFIGS, GANConfig
from genlab.stress.figures import spread
from genlab.stress.site import Site
from genlab.stress.visitor import open_page, visitor
from genlab.stress.watcher import Watcher, gaps, until, watching

SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)
AT_ONCE = 16
LONGEST_LINE = 500


async def inputs(site: Site, messages: int, addresses: int, files: int, seed: int = 0) -> dict[str, Any]:
    """All three under a run that somebody watches."""
    address = await asyncio.to_thread(site.begin, SMALL)
    chance = random.Random(seed)
    async with watching([Watcher(site, address)]) as (watcher,):
        if trouble := await until(lambda: watcher.advances(0), "the run does not train", 90):
            return {"failed": trouble}
        pids = await asyncio.to_thread(site.workers)
        found = {
            "messages": await _messages(site, address, messages, chance),
            "addresses": await _addresses(site, addresses, chance),
            "files": await _files(site, address["run"], files, chance),
        }
        end = time.monotonic()
        trouble = await until(lambda: watcher.advances(end), "the run does not train any more", 60)
        return {
            **found,
            "runs_lost": int(bool(trouble)),
            "workers_lost": len(set(pids) - set(await asyncio.to_thread(site.workers))),
            "frame_gap_seconds": spread(gaps(watcher.sights)),
        }


async def _crowd(work, count: int) -> None:
    """So many pieces of work, some at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            await work()

    await asyncio.gather(*(one() for _ in range(count)))


# ---- messages ------------------------------------------------------------------------------------------------------


def bad_message(chance: random.Random) -> str | bytes:
    """A message that no page sends."""
    number = chance.choice([-1, 2**70, 1e308, float("nan"), -0.5, "x" * 50, None, [], {}, True, "ℝ" * 80])
    return chance.choice(
        [
            lambda: "".join(chr(chance.randrange(32, 0x2FF)) for _ in range(chance.randrange(1, 300))),
            lambda: chance.randbytes(chance.randrange(1, 300)),
            lambda: "[" * chance.randrange(1, 60_000),
            lambda: json.dumps(
                {"type": chance.choice(["play", "decode", "encode", "look", "", 7]), "id": number, "z": number}
            ),
            lambda: json.dumps({"type": "decode", "id": 1, "z": [0.0] * chance.choice([1, 3, 64, 65, 10_000])}),
            lambda: json.dumps({"type": "streams", "streams": ["history"] * chance.randrange(17, 900)}),
            lambda: json.dumps({"type": "streams", "streams": [number]}),
            lambda: json.dumps({"type": "rate", "hz": number}),
            lambda: json.dumps({"type": "encode", "id": 1, "x": number}),
            lambda: json.dumps({"type": "examine", "id": 1, "cell": number}),
            lambda: '{"type":"pong"' + " " * chance.choice([65_536, 200_000]) + "}",
            lambda: '{"type":"decode","id":1,"z":[1e999,0]}',
        ]
    )()


async def _messages(site: Site, address: dict[str, str], count: int, chance: random.Random) -> dict[str, Any]:
    codes: Counter = Counter()
    seconds: list[float] = []

    async def one() -> None:
        url = f"ws://127.0.0.1:{site.port}/live/ws?run={address['run']}&token={address['token']}&hz=0.2"
        began = time.monotonic()
        try:
            async with asyncio.timeout(60), connect(url, origin=site.url, max_size=None, compression=None) as socket:
                await socket.send(bad_message(chance))
                while True:
                    await socket.recv()
        except ConnectionClosed as closed:
            codes[str(closed.rcvd.code if closed.rcvd else "no close frame")] += 1
        except TimeoutError:
            codes["not closed within 60 s"] += 1
        except (OSError, WebSocketException) as error:
            codes[type(error).__name__] += 1
        seconds.append(time.monotonic() - began)

    await _crowd(one, count)
    return {"count": count, "closed_with": dict(codes), "seconds": spread(seconds)}


# ---- addresses -----------------------------------------------------------------------------------------------------


def bad_address(chance: random.Random) -> tuple[str, str]:
    """A page and a query that no link of the lab has."""
    kind = chance.choice(list(CONFIGS))
    settings = list(CONFIGS[kind].settings())
    value = chance.choice(["", "-1", "1e999", "nan", "off", "x" * 3000, "<script>", "ℝ", "0x10", "true", "[1]", "\0"])
    return chance.choice(
        [
            (kind, urlencode({chance.choice(settings): value, chance.choice(settings): value})),
            (kind, urlencode({"run": value})),
            (kind, urlencode({"run": "abcdefgh", "beside": value})),
            (kind, "&".join(f"p{number}={number}" for number in range(300))),
            (kind, "%ff%fe=%00&&&==" + value[:20]),
            ("gallery", urlencode({"left": value, "right": value})),
            ("map", urlencode({"x": f"clip:{value}:1:10", "y": value})),
            ("generate", urlencode({"model": value, "view": value, "z": value})),
            ("runs", urlencode({"compare": value})),
            (value[:40] or "nowhere", ""),
        ]
    )


async def _addresses(site: Site, count: int, chance: random.Random) -> dict[str, Any]:
    seconds, failures = [], Counter()
    longest = errors = 0

    async def one() -> None:
        nonlocal longest, errors
        page, query = bad_address(chance)
        try:
            async with visitor(site.url) as socket:
                shown = await open_page(socket, page, query)
        except (OSError, TimeoutError, WebSocketException) as error:
            failures[type(error).__name__] += 1
            return
        seconds.append(shown.seconds)
        errors += len(shown.errors)
        longest = max([longest, *map(len, shown.errors)])
        for line in (*shown.exceptions, *(line for line in shown.errors if "This page failed" in line)):
            failures[line[:200]] += 1

    await _crowd(one, count)
    return {
        "count": count,
        "error_lines": errors,
        "longest_line": longest,
        **({"troubles": dict(failures)} if failures else {}),
        "seconds": spread(seconds),
    }


# ---- files ---------------------------------------------------------------------------------------------------------


def bad_file(good: bytes, chance: random.Random) -> bytes:
    """A checkpoint with a fault in the part that says what the rest is, or something else altogether."""
    head = 8 + int.from_bytes(good[:8], "little")

    def flipped() -> bytes:
        content = bytearray(good)
        for _ in range(chance.choice([1, 1, 2, 8])):
            content[chance.randrange(head)] ^= 1 << chance.randrange(8)
        return bytes(content)

    return chance.choice(
        [
            flipped,
            flipped,
            lambda: good[: chance.randrange(len(good))],
            lambda: good + chance.randbytes(chance.randrange(1, 50)),
            lambda: chance.randbytes(chance.randrange(2000)),
            lambda: (2**62).to_bytes(8, "little") + good[8:],
            lambda: good.replace(b'"F32"', chance.choice([b'"F64"', b'"I32"', b'"BF1"']), 1),
            lambda: b"",
        ]
    )()


async def _files(site: Site, run_id: str, count: int, chance: random.Random) -> dict[str, Any]:
    path = site.home / "checkpoints" / f"{run_id}.safetensors"
    await asyncio.to_thread(site.save, run_id)
    if trouble := await until(path.exists, "the run is not saved", 60):
        return {"failed": trouble}
    good, outcomes, longest = path.read_bytes(), Counter(), 0
    for _ in range(count):
        answer = None
        with suppress(OSError, ValueError):
            answer = await asyncio.to_thread(site.get, "/bench/adopt", bad_file(good, chance))
        outcomes["no answer" if answer is None else "refused" if "error" in answer else "taken"] += 1
        longest = max(longest, len((answer or {}).get("error", "")))
    return {"count": count, "outcomes": dict(outcomes), "longest_line": longest}
