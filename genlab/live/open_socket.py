"""One open socket, whatever it is about: what both ends must keep to.

It validates and rate-limits whatever the client sends, and keeps one slot for the latest packet of each kind: who reads
slowly loses packets, and delays nobody.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from enum import StrEnum
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from genlab.live.wire import SILENCE, wire_of
from genlab.runtime.messages import MAX_CLIENT_BYTES, PING, ClientMessageError
from genlab.runtime.refusals import UnknownRun

POLICY_VIOLATION, TOO_BIG, GONE_QUIET, FAILED = 1008, 1009, 1011, 1011
PING_EVERY = 12.0
MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 60.0, 240.0
LONGEST_REASON = 123
"""Bytes that a close frame has for its line (RFC 6455, section 5.5)."""
PARTING = 1.0, 12.0
"""Seconds until a closed connection is ended by force: of a reader that has stopped, and of one that may still read."""

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


class OpenSocket(ABC):
    """One open socket: a slot for each kind of packet, with the latest alone, sent in the order of ``SLOTS``.

    A subclass says what it does while it is open, and what a message of the client means; what is to be done when the
    client has gone, however it went, it leaves to ``_parting``.
    """

    SLOTS: tuple[str, ...] = ("ping",)

    def __init__(self, websocket: WebSocket):
        self.websocket = websocket
        self.connection = Connection.OPEN
        self._loop = asyncio.get_running_loop()
        self._slots: dict[str, bytes] = {}
        self._filled = asyncio.Event()
        self._heard = time.monotonic()
        self._tokens, self._tokens_at = MESSAGES_AT_ONCE, time.monotonic()
        self._answers: deque[bytes] = deque()
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._parting = ExitStack()
        self._wire = wire_of(websocket.scope)

    async def _open(self) -> None:
        """What comes before anything is sent or heard."""
        return

    @abstractmethod
    def _works(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What it does beside hearing, sending and pinging."""

    @abstractmethod
    def _obey(self, text: str) -> None:
        """Do what a message says; raises :class:`ClientMessageError` in one line for what is none."""

    async def live(self) -> None:
        """Live until either side ends the connection; close it with a code and one line."""
        code, line = 1000, ""
        self._wire.limit(MAX_CLIENT_BYTES)
        try:
            await self._open()
            await self._work()
        except ProtocolError as error:
            code, line = error.code, str(error)
        except UnknownRun as error:
            code, line = POLICY_VIOLATION, str(error)
        except Exception:
            _log.exception("A live socket failed")
            code, line = FAILED, "the server failed; its log says more"
        finally:
            self._parting.close()
            await self._close(code, line)

    async def _work(self) -> None:
        works = (self._receive(), self._send(), self._keep_alive(), *self._works())
        tasks: list[asyncio.Future[None]] = [asyncio.create_task(work) for work in works]
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

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        # From the runtime's threads; the loop is closed when the server has ended.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *arguments)

    def _put(self, slot: str, packet: bytes) -> None:
        self._slots[slot] = packet
        self._filled.set()

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._answers:
                await self._send_packet(self._answers.popleft())
            for slot in self.SLOTS:
                if packet := self._slots.pop(slot, None):
                    await self._send_packet(packet)
            await self._send_more()

    async def _send_more(self) -> None:
        """Send what has a pace of its own."""
        return

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

    async def _receive(self) -> None:
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
            try:
                self._obey(text)
            except ClientMessageError as error:
                raise ProtocolError(POLICY_VIOLATION, str(error)) from None

    def _count(self) -> None:
        """Take one token out of a bucket that fills at the allowed rate."""
        now = time.monotonic()
        filled = self._tokens + (now - self._tokens_at) * MESSAGES_PER_SECOND
        self._tokens, self._tokens_at = min(MESSAGES_AT_ONCE, filled) - 1, now
        if self._tokens < 0:
            raise ProtocolError(POLICY_VIOLATION, f"messages: allowed are {MESSAGES_PER_SECOND:g} in a second")


def reason(line: str) -> str:
    """As much of a line as a close frame holds, whole characters."""
    whole = line.encode(errors="replace")
    return line if len(whole) <= LONGEST_REASON else whole[: LONGEST_REASON - 3].decode(errors="ignore") + "…"
