"""One watcher of a run, from the first message to the last: frames out; streams, rates, questions and commands in."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from starlette.websockets import WebSocket

from genlab.config import SettingError
from genlab.live.open_socket import POLICY_VIOLATION, Connection, OpenSocket, ProtocolError
from genlab.live.questions import Question, put, unanswered, why_not
from genlab.runtime.access import Pass, on_behalf_of
from genlab.runtime.client import Lab, Watch
from genlab.runtime.hand import Hand
from genlab.runtime.messages import (
    COMMANDS,
    DEFAULT_HZ,
    MAX_HZ,
    Apply,
    Command,
    Decode,
    Encode,
    Examine,
    Look,
    Rate,
    Rehearse,
    Subscribe,
    answer,
    parse_client_message,
)

MOST_COMMANDS = 32
"""Commands of one client that may wait."""
PROMPT_FRAMES = 2
"""Frames that are sent at once after a command of this client, whatever its rate: one may be older than the command."""
HANDS = 1000
"""Commands that the web process passes on at a time, a thread for each that waits for its worker: more than there are
clients, so that those who wait for a worker that hangs take no place from the others.
"""

_hands = ThreadPoolExecutor(HANDS, thread_name_prefix="genlab-hand")


class Client(OpenSocket):
    """A socket that watches a run: a slot each for event, changes, answers and frame."""

    _watch: Watch
    SLOTS = ("event", "changes", "decoded", "encoded", "examined", "rehearsed", "unanswered", "ping")

    def __init__(self, websocket: WebSocket, lab: Lab, run_id: str, holder: Pass):
        super().__init__(websocket)
        self.lab, self.run_id, self.holder = lab, run_id, holder
        self.hz, self._asked_hz = DEFAULT_HZ, str(DEFAULT_HZ)
        self._asked: dict[str, Question] = {}
        self._asking: set[str] = set()
        self._commands: deque[Command] = deque()
        self._commanded = asyncio.Event()
        self._prompt = 0
        self._looks: int | None = None
        self._looks_again = False
        self._next_frame = 0.0

    async def serve(self, hz: str) -> None:
        """Live until either side ends the connection; close it with a code and one line."""
        self._asked_hz = hz
        await self.live()

    async def _open(self) -> None:
        self.hz = _rate(self._asked_hz)
        who = self.holder.visitor or ""
        self._watch = await asyncio.to_thread(self.lab.watch, self.run_id, self._deliver, self.hz, who)
        self._parting.callback(self._watch.close)

    def _works(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return (self._act(),)

    # ---- out ----

    def _deliver(self, slot: str, packet: bytes) -> None:
        self._call(self._arrived, slot, packet)

    def _arrived(self, slot: str, packet: bytes) -> None:
        if slot != "frame" or self._looks is None:
            self._put(slot, packet)
        elif not self._looks_again:
            # The present has moved on, and with it the curves beside the past that is looked at.
            self._looks_again = True
            self._loop.call_later(max(0.0, self._next_frame - time.monotonic()), self._look_again)

    def _look_again(self) -> None:
        self._looks_again = False
        if self._looks is not None and self.connection == Connection.OPEN:
            self._asked.setdefault("look", Look(type="look", step=self._looks))
            self._ask_on("look")

    async def _send_more(self) -> None:
        if "frame" not in self._slots:
            return
        # The run may be watched by someone who wants more frames than this client.
        if (early := self._next_frame - time.monotonic()) > 0 and not self._prompt:
            self._loop.call_later(early, self._filled.set)
            return
        self._prompt = max(0, self._prompt - 1)
        self._next_frame = time.monotonic() + 0.9 / self.hz
        await self._send_packet(self._slots.pop("frame"))

    # ---- in ----

    def _obey(self, text: str) -> None:
        message, watch = parse_client_message(text), self._watch
        if isinstance(message, Subscribe):
            watch.subscribe(message.streams)
        elif isinstance(message, Rate):
            self.hz = message.hz
            watch.rate(message.hz)
        elif isinstance(message, COMMANDS):
            if len(self._commands) >= MOST_COMMANDS:
                raise ProtocolError(POLICY_VIOLATION, f"commands: allowed are {MOST_COMMANDS} that wait")
            self._commands.append(message)
            self._commanded.set()
        elif isinstance(message, Look) and message.step is None:
            self._looks = None
            watch.look_at_present()
        elif isinstance(message, Look):
            self._looks, self._prompt = message.step, self._prompt + 1
            self._asked["look"] = message
            self._ask_next("look")
        elif isinstance(message, Decode | Encode | Examine | Rehearse):
            self._asked[message.type] = message
            self._ask_next(message.type)

    async def _act(self) -> None:
        """Carry out the commands in their order; of a drag only the newest value that waits."""
        hand = Hand(self.lab, self.run_id, self._watch.visitor)
        while True:
            await self._commanded.wait()
            self._commanded.clear()
            while self._commands:
                command = self._commands.popleft()
                numbers = [command.number]
                while self._commands and (joined := _joined(command, self._commands[0])):
                    numbers.append(self._commands.popleft().number)
                    command = joined
                became = await self._loop.run_in_executor(_hands, self._obeyed, hand, command)
                self._answers += (answer(self.run_id, {"number": number, **became}) for number in numbers)
                self._prompt = PROMPT_FRAMES
                self._filled.set()

    def _obeyed(self, hand: Hand, command: Command) -> dict[str, Any]:
        with on_behalf_of(self.holder.visitor, self.holder.right):
            return hand.obey(command)

    def _ask_next(self, kind: str) -> None:
        """One request of each kind is at work; of those that arrive meanwhile only the latest is kept."""
        if kind in self._asking or kind not in self._asked:
            return
        asked = self._asked.pop(kind)
        try:
            future = put(self._watch, asked)
        except SettingError as error:
            raise ProtocolError(POLICY_VIOLATION, str(error)) from None
        self._asking.add(kind)
        future.add_done_callback(lambda done: self._call(self._answered, asked, done))

    def _answered(self, asked: Question, done: Future) -> None:
        kind = asked.type
        self._asking.discard(kind)
        if self.connection != Connection.OPEN or self._broken.done():
            return
        if line := why_not(asked, done):
            self._put("unanswered", unanswered(self.run_id, asked, line))
        packet = done.result() if done.exception() is None else None
        if kind == "look":
            self._looked(packet)
        elif isinstance(packet, bytes):
            self._put(f"{kind.removesuffix('e')}ed", packet)
        self._ask_on(kind)

    def _looked(self, packet: Any) -> None:
        if isinstance(packet, bytes) and self._looks is not None:
            self._put("frame", packet)
        elif isinstance(packet, dict) and self._looks is not None and "look" not in self._asked:
            # The run has not that past any more.
            self._looks = None
            self._watch.look_at_present()

    def _ask_on(self, kind: str) -> None:
        try:
            self._ask_next(kind)
        except Exception as error:
            # Nobody waits for a callback of the loop: the tasks of the client do.
            if not self._broken.done():
                self._broken.set_exception(error)


def _joined(command: Command, newer: Command) -> Apply | None:
    """One command in place of two values of the same drag; None for any others."""
    if isinstance(command, Apply) and isinstance(newer, Apply) and command.drag and command.drag == newer.drag:
        return newer.model_copy(update={"settings": {**command.settings, **newer.settings}})
    return None


def _rate(text: str) -> float:
    try:
        hz = float(text)
    except ValueError:
        hz = 0.0
    if not 0.2 <= hz <= MAX_HZ:
        raise ProtocolError(POLICY_VIOLATION, f"hz = {text[:20]}: allowed is 0.2 to {MAX_HZ:g}")
    return hz
