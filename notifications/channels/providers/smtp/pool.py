"""Mails in; the lines that carry them, opened as needed and kept for the process, and their answers out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Container, Coroutine
from contextlib import suppress
from typing import Any, Final

from notifications.channels.providers.smtp.connection import Connection
from notifications.channels.providers.smtp.queued_mail import QueuedMail, SmtpAnswer
from notifications.channels.providers.smtp.timeouts import Timeouts
from notifications.channels.types import Verdict

_STALE_SECONDS: Final = 5.0
"""A line idle for longer is tried with NOOP before it is used."""
_PROBE_SECONDS: Final = 5.0
_FULL_SECONDS: Final = 5.0
"""No further line is asked for so long after the server refused one while others are open."""
_WAIT_SECONDS: Final = 25.0
"""A mail that finds no line for so long is given back: its lease must outlive the conversation."""


class Closed(Exception):
    """No line can be opened."""

    def __init__(self, result: Verdict, code: str, words: str) -> None:
        super().__init__(words)
        self.answer = SmtpAnswer(result, code, words)


Connect = Callable[[], Coroutine[Any, Any, tuple[asyncio.Transport, Container[str]]]]
"""Opens a line: its transport, and the extensions that the server named. Raises Closed."""


class ConnectionPool:
    """All lines of one loop to one server."""

    def __init__(self, connect: Connect, most: int, timeouts: Timeouts) -> None:
        """`most` are open at once."""
        self._connect, self._most, self._timeouts = connect, most, timeouts
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[QueuedMail] = deque()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._probed: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._full_until = 0.0

    async def carry(self, sender: bytes, recipient: bytes, content: bytes) -> SmtpAnswer:
        """Hand a mail over, when its turn has come."""
        mail = QueuedMail(sender, recipient, content, self._loop.time(), self._loop.create_future())
        self._waiting.append(mail)
        self._work()
        return await mail.answer

    async def close(self) -> None:
        """Say goodbye on every line."""
        self._give_back(SmtpAnswer(Verdict.NOT_PROCESSED, "no line", "closed by us"))
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        lines = list(self._open)
        for line in lines:
            line.hang_up()
        if lines:
            await asyncio.wait([line.closed for line in lines], timeout=1)
        for line in lines:
            line.abort()
        await asyncio.sleep(0)

    # --- what lines ask

    def next(self) -> QueuedMail | None:
        """The mail that has waited longest."""
        while self._waiting:
            mail = self._waiting.popleft()
            if mail.answer.done():  # nobody waits for it any longer
                continue
            if self._loop.time() - mail.since < _WAIT_SECONDS:
                return mail
            mail.settle(
                SmtpAnswer(Verdict.NOT_PROCESSED, "no line", "the server is too slow for so many mails")
            )
        return None

    def free(self, line: Connection) -> None:
        """Give it the next mail, or keep it."""
        self._probed.discard(line)
        mail = self.next() if line.usable else None
        if mail:
            line.carry(mail)
        elif line.usable:
            self._idle.append(line)

    def gone(self, line: Connection, again: QueuedMail | None) -> None:
        """Do without it."""
        self._open.discard(line)
        self._probed.discard(line)
        with suppress(ValueError):
            self._idle.remove(line)
        if again:
            self._waiting.appendleft(again)
        self._work()

    # --- lines for those that wait

    def _work(self) -> None:
        while len(self._waiting) > len(self._probed) and self._idle:
            line = self._idle.pop()
            if self._loop.time() - line.idle_since > _STALE_SECONDS:
                self._probed.add(line)
                line.probe(_PROBE_SECONDS)
            else:
                self.free(line)
        for _ in range(self._wanted()):
            task = self._loop.create_task(self._open_one())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _wanted(self) -> int:
        """How many more lines to open; of the first ones, one finds out whether the server lets us in."""
        most = self._most if self._open else 1
        if self._open and self._loop.time() < self._full_until:
            return 0
        without = len(self._waiting) - len(self._probed)
        return min(without, most - len(self._open)) - len(self._opening)

    async def _open_one(self) -> None:
        refusal: SmtpAnswer | None = None
        try:
            transport, extensions = await self._connect()
        except Closed as closed:
            refusal = closed.answer
        except Exception as error:  # noqa: BLE001  # those who wait must hear of it
            refusal = SmtpAnswer(Verdict.NOT_PROCESSED, "no connection", f"{type(error).__name__}: {error}")
        finally:
            # at once, for others may come to their end in the same turn of the loop
            if task := asyncio.current_task():
                self._opening.discard(task)
        if refusal:
            self._refused(refusal)
        else:
            line = Connection(transport, extensions, self._timeouts, self)
            transport.set_protocol(line)
            self._open.add(line)
            self.free(line)
        self._work()

    def _refused(self, answer: SmtpAnswer) -> None:
        self._full_until = self._loop.time() + _FULL_SECONDS
        if not (self._open or self._opening):  # nor is another on its way
            self._give_back(answer)

    def _give_back(self, answer: SmtpAnswer) -> None:
        waiting, self._waiting = self._waiting, deque()
        for mail in waiting:
            mail.settle(answer)
