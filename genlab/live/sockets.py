"""One client of the live socket, from the first message to the last.

It validates and rate-limits whatever the client sends, and keeps one slot for the latest frame: who reads slowly loses
frames, and delays nobody.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from genlab.config import SettingError
from genlab.live.wire import SILENCE, wire_of
from genlab.runtime.access import Pass, Right, on_behalf_of
from genlab.runtime.client import Lab, UnknownRun, Watch
from genlab.runtime.hand import Hand
from genlab.runtime.messages import (
    COMMANDS,
    DEFAULT_HZ,
    MAX_CLIENT_BYTES,
    MAX_HZ,
    PING,
    Apply,
    ClientMessageError,
    Command,
    Decode,
    Encode,
    Examine,
    HeldOut,
    Look,
    Rate,
    Rehearse,
    Subscribe,
    answer,
    parse_client_message,
)

POLICY_VIOLATION, TOO_BIG, GONE_QUIET, FAILED = 1008, 1009, 1011, 1011
PING_EVERY = 12.0
MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 60.0, 240.0
LONGEST_REASON = 123
"""Bytes that a close frame has for its line (RFC 6455, section 5.5)."""
MOST_COMMANDS = 32
"""Commands of one client that may wait."""
PROMPT_FRAMES = 2
"""Frames that are sent at once after a command of this client, whatever its rate: one may be older than the command."""
HANDS = 16
"""Commands that the web process passes on at a time; each waits for a worker."""
PARTING = 1.0, 12.0
"""Seconds until a closed connection is ended by force: of a reader that has stopped, and of one that may still read."""

_hands = ThreadPoolExecutor(HANDS, thread_name_prefix="genlab-hand")
_log = logging.getLogger(__name__)


class Connection(StrEnum):
    """The life of a client, in order."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class ProtocolError(Exception):
    """A client broke the rules of the socket: the code and the line to close with."""

    def __init__(self, code: int, line: str):
        super().__init__(line)
        self.code = code


class Client:
    """One open socket: a slot each for event, changes, answers and frame, each with the latest packet alone."""

    def __init__(self, websocket: WebSocket, lab: Lab, run_id: str, holder: Pass):
        self.websocket, self.lab, self.run_id, self.holder = websocket, lab, run_id, holder
        self.connection = Connection.OPEN
        self.hz = DEFAULT_HZ
        self._loop = asyncio.get_running_loop()
        self._slots: dict[str, bytes] = {}
        self._filled = asyncio.Event()
        self._heard = time.monotonic()
        self._tokens, self._tokens_at = MESSAGES_AT_ONCE, time.monotonic()
        self._asked: dict[str, Decode | Encode | Examine | Rehearse | Look] = {}
        self._asking: set[str] = set()
        self._commands: deque[Command] = deque()
        self._commanded = asyncio.Event()
        self._answers: deque[bytes] = deque()
        self._prompt = 0
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._wire = wire_of(websocket.scope)

    async def serve(self, hz: str) -> None:
        """Live until either side ends the connection; close it with a code and one line."""
        code, line, watch = 1000, "", None
        self._wire.limit(MAX_CLIENT_BYTES)
        try:
            self.hz = _rate(hz)
            who = self.holder.visitor or ""
            watch = await asyncio.to_thread(self.lab.watch, self.run_id, self._deliver, self.hz, who)
            await self._work(watch)
        except ProtocolError as error:
            code, line = error.code, str(error)
        except UnknownRun as error:
            code, line = POLICY_VIOLATION, str(error)
        except Exception:
            _log.exception("A live socket failed")
            code, line = FAILED, "the server failed; its log says more"
        finally:
            if watch:
                watch.close()
            await self._close(code, line)

    async def _work(self, watch: Watch) -> None:
        tasks: list[asyncio.Future[None]] = [asyncio.create_task(work) for work in self._works(watch)]
        try:
            done, _ = await asyncio.wait([*tasks, self._broken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            error = task.exception()
            if error and not isinstance(error, WebSocketDisconnect):
                raise error

    def _works(self, watch: Watch) -> tuple[Coroutine[Any, Any, None], ...]:
        return self._receive(watch), self._act(watch), self._send(), self._keep_alive()

    async def _close(self, code: int, line: str) -> None:
        self.connection = Connection.CLOSING
        if self.websocket.client_state == WebSocketState.CONNECTED:
            # A client that does not read takes no close frame either.
            with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(1):
                    await self.websocket.close(code, reason(line))
        # What was written to a reader that has stopped would wait for it for ever, and keep the socket.
        self._loop.call_later(PARTING[0] if code == GONE_QUIET else PARTING[1], self._wire.abort)
        self.connection = Connection.CLOSED

    # ---- out ----

    def _deliver(self, slot: str, packet: bytes) -> None:
        self._call(self._put, slot, packet)

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        # From the runtime's threads; the loop is closed when the server has ended.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *arguments)

    def _put(self, slot: str, packet: bytes) -> None:
        self._slots[slot] = packet
        self._filled.set()

    async def _send(self) -> None:
        next_frame = 0.0
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._answers:
                await self._send_packet(self._answers.popleft())
            for slot in ("event", "changes", "decoded", "encoded", "examined", "rehearsed", "ping"):
                if packet := self._slots.pop(slot, None):
                    await self._send_packet(packet)
            if "frame" in self._slots:
                # The run may be watched by someone who wants more frames than this client.
                if (early := next_frame - time.monotonic()) > 0 and not self._prompt:
                    self._loop.call_later(early, self._filled.set)
                    continue
                self._prompt = max(0, self._prompt - 1)
                next_frame = time.monotonic() + 0.9 / self.hz
                await self._send_packet(self._slots.pop("frame"))

    async def _send_packet(self, packet: bytes) -> None:
        try:
            # Not wait_for, which in Python 3.11 may swallow a cancellation.
            async with asyncio.timeout(SILENCE):
                await self.websocket.send_bytes(packet)
        except TimeoutError:
            raise ProtocolError(GONE_QUIET, f"nothing was read for {SILENCE:g} s") from None
        except RuntimeError:
            # The protocol below has closed the connection, for a message that is too big for example.
            raise WebSocketDisconnect from None

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY / 4)
            silence = time.monotonic() - self._heard
            if silence > SILENCE:
                raise ProtocolError(GONE_QUIET, f"no answer for {SILENCE:g} s")
            if silence > PING_EVERY:
                self._put("ping", PING)

    # ---- in ----

    async def _receive(self, watch: Watch) -> None:
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._heard = time.monotonic()
            self._count()
            text = message.get("text")
            if text is None:
                raise ProtocolError(POLICY_VIOLATION, "message: JSON text is allowed, not bytes")
            if len(text) > MAX_CLIENT_BYTES or len(text.encode()) > MAX_CLIENT_BYTES:
                raise ProtocolError(TOO_BIG, f"message: allowed are {MAX_CLIENT_BYTES} bytes")
            self._obey(watch, text)

    def _count(self) -> None:
        """Take one token out of a bucket that fills at the allowed rate."""
        now = time.monotonic()
        filled = self._tokens + (now - self._tokens_at) * MESSAGES_PER_SECOND
        self._tokens, self._tokens_at = min(MESSAGES_AT_ONCE, filled) - 1, now
        if self._tokens < 0:
            raise ProtocolError(POLICY_VIOLATION, f"messages: allowed are {MESSAGES_PER_SECOND:g} in a second")

    def _obey(self, watch: Watch, text: str) -> None:
        try:
            message = parse_client_message(text)
        except ClientMessageError as error:
            raise ProtocolError(POLICY_VIOLATION, str(error)) from None
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
        elif isinstance(message, Look) and not self._may_steer():
            # What everybody sees is moved by who leads.
            return
        elif isinstance(message, Decode | Encode | Examine | Rehearse | Look):
            self._asked[message.type] = message
            self._ask_next(watch, message.type)

    def _may_steer(self) -> bool:
        with on_behalf_of(self.holder.visitor, self.holder.right):
            return self.lab.right(self.run_id) >= Right.STEER

    async def _act(self, watch: Watch) -> None:
        """Carry out the commands in their order; of a drag only the newest value that waits."""
        hand = Hand(self.lab, self.run_id, watch.visitor)
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

    def _ask_next(self, watch: Watch, kind: str) -> None:
        """One request of each kind is at work; of those that arrive meanwhile only the latest is kept."""
        if kind in self._asking or kind not in self._asked:
            return
        asked = self._asked.pop(kind)
        try:
            future = _ask(watch, asked)
        except SettingError as error:
            raise ProtocolError(POLICY_VIOLATION, str(error)) from None
        self._asking.add(kind)
        future.add_done_callback(lambda done: self._call(self._answered, watch, kind, done))

    def _answered(self, watch: Watch, kind: str, done) -> None:
        self._asking.discard(kind)
        if self.connection != Connection.OPEN or self._broken.done():
            return
        if done.exception() is None and isinstance(done.result(), bytes):
            self._put(f"{kind.removesuffix('e')}ed", done.result())
        try:
            self._ask_next(watch, kind)
        except Exception as error:
            # Nobody waits for a callback of the loop: the tasks of the client do.
            self._broken.set_exception(error)


def _joined(command: Command, newer: Command) -> Apply | None:
    """One command in place of two values of the same drag; None for any others."""
    if isinstance(command, Apply) and isinstance(newer, Apply) and command.drag and command.drag == newer.drag:
        return newer.model_copy(update={"settings": {**command.settings, **newer.settings}})
    return None


def _ask(watch: Watch, asked: Decode | Encode | Examine | Rehearse | Look) -> Future:
    if isinstance(asked, Look):
        return watch.look(asked.step)
    if isinstance(asked, Decode):
        return watch.decode(asked.id, asked.z)
    if isinstance(asked, Rehearse):
        return watch.rehearse(asked.id)
    if isinstance(asked, Examine):
        return watch.examine(asked.id, asked.cell)
    return watch.encode(asked.id, asked.x.model_dump() if isinstance(asked.x, HeldOut) else asked.x, asked.bound)


def _rate(text: str) -> float:
    try:
        hz = float(text)
    except ValueError:
        hz = 0.0
    if not 0.2 <= hz <= MAX_HZ:
        raise ProtocolError(POLICY_VIOLATION, f"hz = {text[:20]}: allowed is 0.2 to {MAX_HZ:g}")
    return hz


def reason(line: str) -> str:
    """As much of a line as a close frame holds, whole characters."""
    whole = line.encode(errors="replace")
    return line if len(whole) <= LONGEST_REASON else whole[: LONGEST_REASON - 3].decode(errors="ignore") + "…"
