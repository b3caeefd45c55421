"""A film as a GIF: a browser sends the pictures of a run, and gets the file back. Nothing is kept."""

import asyncio
import io
import struct
from collections.abc import Iterator

from PIL import Image
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from genlab.runtime.client import get_lab

MOST_PICTURES = 60
MOST_PIXELS = 1_500_000
"""Of one picture: a slide of 1,200 × 900 has 1,080,000."""
MOST_BYTES = 48 * 2**20
"""Of all pictures as they are sent."""
HOLD, LONGEST_HOLD = 400, 10_000
"""Milliseconds for which a picture stands, usually and at most."""
COLOURS = 256
"""Of each picture, as many as a GIF can have."""
MOST_WAITING = 8
"""Films that may wait while one is written: each holds its pictures in a browser meanwhile."""

READ_AT_ONCE = 4
"""Films whose pictures are taken in at a time: who sends slowly holds nobody up, and all of them fit into memory."""
SILENCE, LONGEST_READ = 10.0, 60.0
"""Seconds that are waited for the next bytes of pictures, and for all of them."""

_reading, _writing = asyncio.Semaphore(READ_AT_ONCE), asyncio.Semaphore(1)
_waiting = 0


class FilmError(ValueError):
    """Why there is no film, in one line."""

    def __init__(self, line: str, status: int = 400):
        super().__init__(line)
        self.status = status


async def film(request: Request) -> Response:
    """POST /live/film?run=ID&token=TOKEN&hold=MS&last=MS: pictures in PNG, each behind its length, as a GIF.

    A length is 4 bytes, little-endian. ``hold``: how long a picture stands, ``last``: how long the last one does.
    """
    global _waiting
    query = request.query_params
    try:
        if get_lab().admits(query.get("run", ""), query.get("token", "")) is None:
            raise FilmError("token: it does not fit this run", 403)
        hold, last = (_milliseconds(name, query.get(name, str(HOLD))) for name in ("hold", "last"))
        if _waiting >= MOST_WAITING:
            raise FilmError("other films are being written: try again in a moment", 429)
        _waiting += 1
        try:
            async with _reading:
                body = await _read(request)
                async with _writing:
                    written = await asyncio.to_thread(write_gif, body, hold, last)
        finally:
            _waiting -= 1
    except FilmError as error:
        return PlainTextResponse(str(error), error.status)
    except ClientDisconnect:
        # Nobody waits for it any more.
        return Response(status_code=400)
    return Response(written, media_type="image/gif", headers={"Cache-Control": "no-store"})


def _milliseconds(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 20 <= int(text) <= LONGEST_HOLD):
        raise FilmError(f"{name} = {text[:20]}: allowed is a whole number of milliseconds from 20 to {LONGEST_HOLD:,}")
    return int(text)


async def _read(request: Request) -> bytes:
    parts, size, now = [], 0, asyncio.get_running_loop().time
    end = now() + LONGEST_READ
    try:
        async with asyncio.timeout(SILENCE) as patience:
            async for part in request.stream():
                size += len(part)
                if size > MOST_BYTES:
                    raise FilmError(f"the pictures have more than {MOST_BYTES // 2**20} MB", 413)
                parts.append(part)
                patience.reschedule(min(end, now() + SILENCE))
    except TimeoutError:
        raise FilmError("the pictures did not arrive in time: try again", 408) from None
    return b"".join(parts)


def write_gif(body: bytes, hold: int = HOLD, last: int = HOLD) -> bytes:
    """Pictures in PNG of one size, each behind its length, as a GIF that is shown again and again.

    Raises FilmError in one line that names the picture.
    """
    pictures = list(_pictures(body))
    if not pictures:
        raise FilmError("there are no pictures")
    file = io.BytesIO()
    first, *more = pictures
    holds = [hold] * len(more) + [last]
    first.save(file, "GIF", save_all=True, append_images=more, duration=holds, loop=0, optimize=False)
    return file.getvalue()


def _pictures(body: bytes) -> Iterator[Image.Image]:
    place, number, size = 0, 0, None
    while place < len(body):
        number += 1
        if number > MOST_PICTURES:
            raise FilmError(f"there are more than {MOST_PICTURES} pictures", 413)
        length = struct.unpack_from("<I", body, place)[0] if len(body) - place >= 4 else 0
        start, place = place + 4, place + 4 + length
        if not length or place > len(body):
            raise FilmError(f"picture {number} is cut off")
        picture = _decoded(body[start:place], number)
        if picture.size != (size := size or picture.size):
            raise FilmError(f"picture {number} is {_told(picture.size)}, the first one {_told(size)}")
        yield picture


def _decoded(content: bytes, number: int) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(content), formats=("PNG",))
        if opened.width * opened.height > MOST_PIXELS:
            line = f"picture {number} is {_told(opened.size)}: allowed are {MOST_PIXELS:,} pixels"
            raise FilmError(line, 413)
        # A median cut goes by how many pixels have a colour: points of ten classes would become grey.
        return opened.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    except FilmError:
        raise
    except Exception:
        # Decoders of what is damaged raise nearly anything.
        raise FilmError(f"picture {number} is damaged or no PNG") from None


def _told(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
