"""A page's place in the class: what everybody looks at and is asked goes out, what this page does comes in."""

import asyncio
import secrets
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from starlette.websockets import WebSocket

from genlab.live.open_socket import OpenSocket
from genlab.live.questions import failed
from genlab.maps import MapConfig
from genlab.runtime.access import on_behalf_of
from genlab.runtime.class_messages import (
    Answer,
    Call,
    ClassMessage,
    Follow,
    GoOn,
    LeadOn,
    Move,
    Reveal,
    Wall,
    class_packet,
    parse_class_message,
)
from genlab.runtime.client import Lab
from genlab.runtime.leading import Place, Question
from genlab.runtime.messages import encode
from genlab.runtime.records import RunState
from genlab.runtime.refusals import NotAllowed, UnknownRun
from genlab.runtime.visitors import animal

EVERY = 0.2
"""Seconds between two packets about the class at least: many move at once."""
WALL_EVERY = 1.0
MOST_RUNS = 300
"""Runs that the wall shows at most."""
UNASKED = 2.0
"""Seconds after which it is looked whether something changed that nobody told, as how many are here."""


@cache
def _orders() -> ThreadPoolExecutor:
    # One thread: what one page does after another is done in that order, and the file of the class is written there.
    return ThreadPoolExecutor(1, thread_name_prefix="genlab-class")


class Seat(OpenSocket):
    """One page of one visitor."""

    SLOTS = ("class", "wall", "ping")

    def __init__(self, websocket: WebSocket, lab: Lab, visitor: str):
        super().__init__(websocket)
        self.lab, self.visitor = lab, visitor
        self._news = asyncio.Event()
        self._seen: dict[str, Any] = {}
        self._wall = asyncio.Event()
        self._key = f"wall-{secrets.token_hex(4)}"
        self._glances: dict[str, bytes] = {}
        self._glanced: dict[str, Any] = {}
        self._asking: set[str] = set()

    async def _open(self) -> None:
        self._parting.enter_context(self.lab.classroom.telling(lambda: self._call(self._news.set)))
        self._parting.callback(self.lab.classroom.depart, self)
        _orders().submit(self._attend)

    def _attend(self) -> None:
        with on_behalf_of(self.visitor):
            self.lab.classroom.attend()

    def _works(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return self._tell(), self._show_runs()

    # ---- out ----

    async def _tell(self) -> None:
        """Send what this page knows of the class whenever it is something else."""
        while True:
            self._news.clear()
            with on_behalf_of(self.visitor):
                seen = self.lab.classroom.seen()
            if seen != self._seen:
                self._seen = seen
                self._put("class", class_packet(seen))
            await asyncio.sleep(EVERY)
            try:
                async with asyncio.timeout(UNASKED):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _show_runs(self) -> None:
        """While it is wanted, and for who leads: every student's run, and a small picture of each that has moved."""
        while True:
            await self._wall.wait()
            try:
                with on_behalf_of(self.visitor):
                    runs = self.lab.classroom.runs()[:MOST_RUNS]
            except NotAllowed:
                self._wall.clear()
                continue
            names = self.lab.visitors
            rows = [row_of(state, names.name(owner := state.access.owner), animal(owner)) for state in runs]
            self._put("wall", encode({"kind": "wall", "runs": rows}))
            there = {state.run_id for state in runs}
            self._glanced = {run_id: was for run_id, was in self._glanced.items() if run_id in there}
            for state in runs:
                self._glance(state)
            await asyncio.sleep(WALL_EVERY)

    def _glance(self, state: RunState) -> None:
        """Ask for a picture of a run that has moved since the last one; a run on disk stays there."""
        now = (state.status, state.step, state.config)
        if state.run_id in self._asking or self._glanced.get(state.run_id) == now:
            return
        self._asking.add(state.run_id)
        try:
            asked = self.lab.ask(state.run_id, "glance", visitor=self._key, who=self.visitor, number=0)
        except UnknownRun:
            return self._asking.discard(state.run_id)
        asked.add_done_callback(lambda done: self._call(self._take, state.run_id, now, done))

    def _take(self, run_id: str, was: Any, done: Future) -> None:
        self._asking.discard(run_id)
        packet = done.result() if done.exception() is None else None
        if isinstance(packet, dict) and packet["kind"] == "failed":
            # It would fail again until the run has moved.
            about = {"run": run_id, "step": was[1], "extent": 1.0, "diagnosis": failed(packet["error"])}
            packet = encode({"kind": "glanced", **about})
        if isinstance(packet, bytes):
            self._glanced[run_id] = was
            self._glances[run_id] = packet
            self._filled.set()

    async def _send_more(self) -> None:
        while self._glances:
            await self._send_packet(self._glances.pop(next(iter(self._glances))))

    # ---- in ----

    def _obey(self, text: str) -> None:
        message = parse_class_message(text)
        if isinstance(message, Wall):
            # What was shown before is to be shown again to a page that asks anew.
            self._glanced = {}
            return self._wall.set() if message.on else self._wall.clear()
        _orders().submit(self._do, message)

    def _do(self, message: ClassMessage) -> None:
        room = self.lab.classroom
        try:
            with on_behalf_of(self.visitor):
                match message:
                    case LeadOn(tab=tab):
                        room.lead(tab) if tab else room.let_go()
                    case GoOn(tab=tab):
                        room.lead_on(tab, self)
                    case Move():
                        room.move(message.tab, _place(message), self._asks(message.query), self)
                    case Follow(follows=follows):
                        room.follow(self, follows)
                    case Call(name=name):
                        self.lab.visitors.call(self.visitor, name)
                        self._call(self._news.set)
                    case Answer(choice=choice):
                        room.answer(choice)
                    case Reveal():
                        room.reveal()
        except NotAllowed:
            # It led until a moment ago: what it shows now tells its page.
            return

    def _asks(self, query: str) -> Question | None:
        """The question of the station that an address names."""
        # Lessons bring the demonstrations, and those scipy: a server that only starts need not load it.
        from genlab.lessons import shelf

        told = {name: values[-1] for name, values in parse_qs(query).items()}
        if "lesson" not in told or "station" not in told:
            return None
        lesson = shelf(self.lab.settings.home).lessons.get(told["lesson"])
        at = lesson.place(told["station"]) if lesson else None
        question = lesson.station[at].question if lesson and at is not None else None
        if not question:
            return None
        return Question(
            " ".join(question.ask.split()), tuple(question.choices), question.answer - 1, question.because,
            station=f"{told['lesson']}.{told['station']}",
        )  # fmt: skip


def row_of(state: RunState, name: str, animal: str) -> dict[str, Any]:
    """What the wall says of a run, as JSON values."""
    config = state.config
    return {
        "run": state.run_id, "name": name, "animal": animal, "page": config.model,
        "trains": "Map" if isinstance(config, MapConfig) else f"{config.model.upper()} · {config.data}",
        "status": state.status, "step": state.step, "note": state.message,
    }  # fmt: skip


def _place(message: Move) -> Place:
    return Place(message.page, message.query, tuple(message.panels), message.look)
