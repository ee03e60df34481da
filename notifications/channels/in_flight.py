"""Messages and a wire in; their outcomes as they become known, out.

Calls are tasks of the event loop that this thread keeps. The loop runs only while this file waits
for outcomes: the iterator of messages is asked between, because behind it the messages are claimed
and marked as being sent, and their outcomes written.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from notifications.channels import types
from notifications.channels.providers import Provider, outcome_of
from notifications.channels.providers.http import loops
from notifications.channels.types import Found, Message, Outcome, Pause, Verdict

_log = logging.getLogger(__name__)

_GRACE: Final = 0.002
"""Seconds that a first outcome waits for others: they then share one commit, and its successors another."""
_QUICK: Final = 0.02
"""Seconds within which answers come so fast that to write them takes longer than to wait for more."""
_GRACE_IF_QUICK: Final = 0.01
_LONG: Final = 0.2
"""Seconds after which the source is asked for however few: it hears of what is known, and slow calls keep
no place empty."""

Call: TypeAlias = Callable[[Sequence[Message]], Coroutine[Any, Any, Sequence[Outcome]]]


def carry(
    messages: Iterator[Message | Pause], call: Call, *, in_flight: int, in_one_call: int = 1, provider: str
) -> Iterator[Outcome]:
    """Keep up to `in_flight` messages under way and yield each outcome when it is known.

    An error of the iterator is raised once everything already handed out is answered. Whoever stops
    listening before the end leaves calls behind that are ended, and in doubt.
    """
    return _Calls(messages, call, in_flight, in_one_call, provider).carry()


class _Calls:
    def __init__(
        self, messages: Iterator[Message | Pause], call: Call, in_flight: int, in_one_call: int, provider: str
    ) -> None:
        self.messages, self.call, self.provider = messages, call, provider
        self.in_flight, self.in_one_call = in_flight, min(in_one_call, in_flight)
        self.refill = max(in_flight // 4, self.in_one_call)
        """So many free places are filled together, or the source would commit once for each."""
        self.loop = loops.current_loop()
        self.start: asyncio.Handle | None = None
        self.tasks: set[asyncio.Task[Sequence[Outcome]]] = set()
        self.under_way = 0
        self.answered: list[Outcome] = []
        self.waiter: asyncio.Future[None] | None = None
        self.wanted = 1
        self.quick = False
        self.not_before = 0.0
        self.asked_at = self.filled_at = 0.0
        self.more = True
        self.failed: Exception | None = None

    def carry(self) -> Iterator[Outcome]:
        try:
            while self.more or self.under_way:
                if self._next() <= time.monotonic():
                    self._fill(self.in_flight - self.under_way)
                self._wait()
                answered, self.answered = self.answered, []
                yield from answered
            if self.failed:
                raise self.failed
        finally:
            self._end()

    def _next(self) -> float:
        """When the source is asked again, by the monotonic clock, if no outcome comes before."""
        free = self.in_flight - self.under_way
        if not (self.more and free):
            return math.inf
        few = self.under_way and free < self.refill
        return max(self.not_before, self.asked_at + _LONG if few else 0.0)

    def _fill(self, free: int) -> None:
        """Hand out messages until the places are taken or the source has none for now."""
        groups: list[list[Message]] = []
        self.asked_at = time.monotonic()
        while free:
            try:
                message = next(self.messages)
            except StopIteration:
                self.more = False
                break
            except Exception as error:  # noqa: BLE001  # whatever it is, raised by carry
                self.more, self.failed = False, error
                break
            if isinstance(message, Pause):
                self.not_before = time.monotonic() + message.seconds
                break
            if not groups or len(groups[-1]) >= self.in_one_call:
                groups.append([])
            groups[-1].append(message)
            self.under_way += 1
            free -= 1
        self.filled_at = time.monotonic()
        # the loop stood still: before the first call it hears which lines were closed meanwhile
        self.start = self.loop.call_soon(self._hand_over, groups)

    def _hand_over(self, groups: Sequence[Sequence[Message]]) -> None:
        for group in groups:
            task = self.loop.create_task(_guarded(self.call, group, self.provider))
            task.add_done_callback(self._finished)
            self.tasks.add(task)

    def _finished(self, task: asyncio.Task[Sequence[Outcome]]) -> None:
        self.tasks.discard(task)
        if task.cancelled():
            return
        outcomes = task.result()
        self.under_way -= len(outcomes)
        self.answered.extend(outcomes)
        self.not_before = 0.0  # an outcome is news for a source that paused
        if self.waiter is not None and not self.waiter.done():
            if len(self.answered) >= self.wanted:
                self.waiter.set_result(None)
            elif len(self.answered) == len(outcomes):
                self.loop.call_later(_GRACE_IF_QUICK if self.quick else _GRACE, _wake, self.waiter)

    def _wait(self) -> None:
        """Run the loop until enough outcomes are known, or the source may be asked again."""
        if not (self.under_way or self.more):
            return
        enough = self.in_flight * 3 // 4 if self.quick and self.in_one_call == 1 else self.refill
        self.wanted = min(enough, max(self.under_way, 1))
        self.waiter = self.loop.create_future()
        left, timer = self._next() - time.monotonic(), None
        if left < math.inf:
            timer = self.loop.call_later(max(left, 0.0), _wake, self.waiter)
        try:
            loops.run_on_loop(self.waiter)
        finally:
            self.waiter = None
            if timer:
                timer.cancel()
        self.quick = time.monotonic() - self.filled_at < _QUICK

    def _end(self) -> None:
        if self.start:
            self.start.cancel()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            loops.run_on_loop(asyncio.wait(self.tasks))


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def _guarded(call: Call, group: Sequence[Message], provider: str) -> Sequence[Outcome]:
    """A fault of ours in one call must not take the others along; and it may have been sent."""
    try:
        outcomes = await call(group)
        if len(outcomes) == len(group):
            return outcomes
        words = f"{len(outcomes)} outcomes for {len(group)} messages"
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        words = "given up from within"
    except Exception as error:  # noqa: BLE001  # told as unknown
        _log.exception("a fault while delivery %s and %d others were sent", group[0].delivery, len(group) - 1)
        words = f"{type(error).__name__}: {error}"
    return [outcome_of(message, Verdict.UNKNOWN, provider, code="fault", detail=words) for message in group]


class Channel(types.Channel):
    """A channel with one wire behind it."""

    def __init__(self, in_flight: int, wire: Provider) -> None:
        """`wire` may hold the window smaller than `in_flight`."""
        super().__init__(min(in_flight, wire.at_once or in_flight))
        self._wire = wire
        self.provider, self.sender = wire.name, wire.sender
        self.has_receipts = wire.has_receipts

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        """As `types.Channel`."""
        wire = self._wire
        return carry(
            messages, wire.send, in_flight=self.in_flight, in_one_call=wire.in_one_call, provider=wire.name
        )

    def find(self, message: Message, since: datetime) -> Found | None:
        """As `types.Channel`."""
        return self._wire.find(message, since)

    def close(self) -> None:
        """As `types.Channel`."""
        self._wire.close()
