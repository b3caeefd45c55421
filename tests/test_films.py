"""Films as the server writes them: what a GIF holds, and in which words what is no film is refused."""

import asyncio
import io
import random
import struct
from types import SimpleNamespace
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image, ImageColor, ImageSequence
from starlette.requests import Request

from genlab.figures.palette import PALETTE
from genlab.live import films
from genlab.live.films import FilmError, write_gif


def png(number: int, width: int = 60, height: int = 40, mode: str = "RGB") -> bytes:
    """A picture that no other number has: a bar of another length."""
    picture = Image.new(mode, (width, height), "white")
    picture.paste(Image.new(mode, (1 + number, 10), "black"), (2, 2))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def sent(*pictures: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(one)) + one for one in pictures)


def test_a_gif_has_the_pictures_in_order_each_for_as_long_as_was_asked():
    film = Image.open(io.BytesIO(write_gif(sent(*(png(i) for i in range(12))), hold=400, last=1600)))
    assert film.format == "GIF" and film.size == (60, 40) and film.n_frames == 12 and film.info["loop"] == 0
    holds, bars = [], []
    for frame in ImageSequence.Iterator(film):
        holds.append(frame.info["duration"])
        bars.append(int((np.asarray(frame.convert("L"))[5] < 128).sum()))
    assert holds == [400] * 11 + [1600]
    assert bars == [1 + i for i in range(12)]


def test_colours_of_a_slide_stay_what_they_were():
    blue, vermilion = (0, 114, 178), (213, 94, 0)
    picture = Image.new("RGB", (40, 20), blue)
    picture.paste(vermilion, (20, 0, 40, 20))
    file = io.BytesIO()
    picture.save(file, "PNG")
    film = Image.open(io.BytesIO(write_gif(sent(file.getvalue(), png(1, 40, 20))))).convert("RGB")
    for place, colour in (((5, 5), blue), ((30, 5), vermilion)):
        assert np.abs(np.subtract(film.getpixel(place), colour)).max() <= 4


@pytest.mark.parametrize("theme", PALETTE)
def test_points_of_ten_classes_keep_their_colours_however_few_they_are(theme):
    """Small marks on a field of soft colours, with the grey edges of letters around them."""
    colours = [ImageColor.getrgb(PALETTE[theme][f"class{digit}"]) for digit in range(10)]
    shades = np.linspace(0, 255, 300)
    field = np.stack([np.tile(shades, (200, 1)), np.tile(shades[::-1], (200, 1)), np.full((200, 300), 230.0)], axis=2)
    picture = Image.fromarray(field.astype(np.uint8))
    for place, colour in enumerate(colours):
        picture.paste(colour, (20 + 25 * place, 90, 26 + 25 * place, 96))
    file = io.BytesIO()
    picture.save(file, "PNG")
    film = Image.open(io.BytesIO(write_gif(sent(file.getvalue(), png(1, 300, 200))))).convert("RGB")
    for place, colour in enumerate(colours):
        assert np.abs(np.subtract(film.getpixel((23 + 25 * place, 93)), colour)).max() <= 24, colour


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"", "there are no pictures"),
        (b"\x01", "picture 1 is cut off"),
        (struct.pack("<I", 0), "picture 1 is cut off"),
        (sent(png(0))[:-1], "picture 1 is cut off"),
        (sent(png(0)) + struct.pack("<I", 2**31) + png(1), "picture 2 is cut off"),
        (sent(png(0), b"no picture"), "picture 2 is damaged or no PNG"),
        (sent(png(0), png(1)[:80]), "picture 2 is damaged or no PNG"),
        (sent(png(0), png(0, 61)), "picture 2 is 61×40, the first one 60×40"),
        (sent(*[png(0)] * (films.MOST_PICTURES + 1)), f"there are more than {films.MOST_PICTURES} pictures"),
        (sent(png(0, 2000, 1000)), "picture 1 is 2000×1000: allowed are 1,500,000 pixels"),
    ],
)
def test_what_is_no_film_is_refused_in_one_line_that_names_the_picture(body, line):
    with pytest.raises(FilmError) as error:
        write_gif(body)
    assert str(error.value) == line


def test_a_picture_that_only_says_to_be_large_is_not_decoded():
    """A header of 50,000 × 50,000 pixels in a hundred bytes."""
    bomb = bytearray(png(0))
    bomb[16:24] = struct.pack(">II", 50_000, 50_000)
    with pytest.raises(FilmError, match="picture 1 is (damaged|50000×50000)"):
        write_gif(sent(bytes(bomb)))


def test_any_bytes_are_answered_by_a_film_or_by_one_line():
    chance = random.Random(0)
    whole = sent(*(png(i) for i in range(3)))
    for _ in range(300):
        body = bytearray(whole[: chance.randrange(len(whole) + 1)])
        for _ in range(chance.randrange(6)):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            assert write_gif(bytes(body)).startswith(b"GIF8")
        except FilmError as error:
            assert "\n" not in str(error) and len(str(error)) < 120


# ---- the route -------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def lab(monkeypatch):
    monkeypatch.setattr(films, "get_lab", lambda: SimpleNamespace(admits=lambda run, token: token == "fits" or None))


def in_parts(body: bytes):
    """A client that sends these bytes in parts."""
    parts = [body[start : start + 500] for start in range(0, len(body), 500)] or [b""]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]

    async def receive():
        return messages.pop(0)

    return receive


def asked(receive, **query: str):
    """The request of a client for a film."""
    told = urlencode({"run": "r", "token": "fits", **query}).encode()
    scope = {"type": "http", "method": "POST", "path": "/live/film", "headers": [], "query_string": told}
    return films.film(Request(scope, receive))


def run(monkeypatch, scene):
    async def whole():
        # A semaphore belongs to the loop that it was waited for in.
        monkeypatch.setattr(films, "_reading", asyncio.Semaphore(films.READ_AT_ONCE))
        monkeypatch.setattr(films, "_writing", asyncio.Semaphore(1))
        return await scene

    return asyncio.run(whole())


def post(monkeypatch, body: bytes, **query: str) -> tuple[int, bytes]:
    """What the lab answers to these bytes."""
    reply = run(monkeypatch, asked(in_parts(body), **query))
    return reply.status_code, reply.body


def test_the_route_answers_with_the_film(monkeypatch):
    status, body = post(monkeypatch, sent(*(png(i) for i in range(4))), hold="100", last="200")
    assert status == 200 and Image.open(io.BytesIO(body)).n_frames == 4


@pytest.mark.parametrize(
    ("body", "query", "status", "line"),
    [
        (sent(png(0)), {"token": "stolen"}, 403, "token: it does not fit this run"),
        (sent(png(0)), {"hold": "soon"}, 400, "hold = soon: allowed is a whole number of milliseconds from 20 to"),
        (sent(png(0)), {"last": "999999999999"}, 400, "last = 999999999999: allowed is"),
        (sent(png(0)), {"hold": "٣٠٠"}, 400, "hold = ٣٠٠: allowed is"),
        (sent(png(0)), {"hold": "0000001009999"}, 400, "hold = 0000001009999: allowed is"),
        (sent(png(0)), {"hold": "000000100" + "9" * 5000}, 400, "hold = 00000010099999999999: allowed is"),
        (b"xyz", {}, 400, "picture 1 is cut off"),
    ],
)
def test_the_route_says_in_one_line_why_there_is_no_film(monkeypatch, body, query, status, line):
    found, said = post(monkeypatch, body, **query)
    assert found == status and said.decode().startswith(line) and b"\n" not in said


def test_more_bytes_than_are_allowed_are_not_read_to_their_end(monkeypatch):
    monkeypatch.setattr(films, "MOST_BYTES", 1000)
    status, said = post(monkeypatch, b"\0" * 10_000)
    assert (status, said) == (413, b"the pictures have more than 0 MB")


def test_one_who_comes_while_many_wait_is_asked_to_come_again(monkeypatch):
    monkeypatch.setattr(films, "_waiting", films.MOST_WAITING)
    status, said = post(monkeypatch, sent(png(0)))
    assert status == 429 and said.startswith(b"other films are being written")
    assert films._waiting == films.MOST_WAITING


async def never():
    """A client that sends no more: its computer sleeps, or has left the room."""
    await asyncio.Event().wait()


def test_pictures_that_do_not_come_hold_up_no_other_film(monkeypatch):
    async def scene():
        stuck = asyncio.create_task(asked(never))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            reply = await asked(in_parts(sent(png(0), png(1))))
        stuck.cancel()
        return reply

    assert run(monkeypatch, scene()).status_code == 200


def test_pictures_that_do_not_come_are_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(films, "SILENCE", 0.05)

    async def scene():
        async with asyncio.timeout(20):
            return await asked(never)

    reply = run(monkeypatch, scene())
    assert (reply.status_code, reply.body) == (408, b"the pictures did not arrive in time: try again")
    assert films._waiting == 0


def test_one_who_leaves_before_the_pictures_have_arrived_is_no_failure(monkeypatch):
    async def left():
        return {"type": "http.disconnect"}

    assert run(monkeypatch, asked(left)).status_code == 400 and films._waiting == 0
