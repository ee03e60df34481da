"""Queued deliveries in; through their channel, as outcomes settled, out.

At no moment are more than channels.in_flight messages of a channel of this process between the
commit of their intent and the commit of their outcome: that is the most a kill can leave unknown.
One transaction writes the outcomes that are known, claims as many messages as may follow them, composes
these, and writes their intents.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from notifications import sql
from notifications.channels import UNREADABLE, most_in_flight, open_channel
from notifications.channels.types import Channel, Message, Outcome, Pause, Verdict
from notifications.delivery import composition, queue, rate_limits, settlement
from notifications.delivery.composition import Composed, Material
from notifications.delivery.queue import Claimed
from notifications.delivery.settlement import Settled
from notifications.models.priorities import is_urgent

log = logging.getLogger(__name__)

TURN_SECONDS: Final = 10.0
"""How long one drain works before it hands the worker back: other channels' wake-ups may wait behind it."""

_IDLE: Final = 0.2
"""Seconds after which a queue that was empty is looked at again, and outcomes that are known are written."""
_MOST: Final = 512
"""Rows of one claim where those of the last one all sleep or cannot be reached."""
_SLEEPERS_SECONDS: Final = 1.0
"""How long is looked for somebody who is awake before what is under way gets its turn."""
_HEAD_SECONDS: Final = 1.0
"""How often the queue is read from its head, behind which another sender may have given something back."""
_STALLED_SECONDS: Final = 5.0
"""A process that stands still in mid-transaction for so long loses it: others wait for what it has locked."""

_busy: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def drain(
    channel: str,
    *,
    demonstration: bool,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due on a channel until nothing is left or the turn is over; how many were settled.

    Demonstration deliveries go through a channel of their own that knows no provider. One drain per
    channel and process: the threads of one process share its bound on messages in doubt. It ends soon
    after `stopping` says so, with every outcome written. Nothing is sent on a channel whose settings cannot
    be read.
    """
    busy = _busy[channel]
    if not busy.acquire(blocking=False):
        return 0
    try:
        most = most_in_flight(channel)
        try:
            opened = open_channel(channel, most, demonstration=demonstration)
        except UNREADABLE as error:
            log.error("%s cannot be sent on until its settings are mended: %s", channel, error)
            return 0
        with contextlib.closing(opened) as wire:
            return _Run(wire, channel, demonstration=demonstration, clock=clock, stopping=stopping).go()
    finally:
        busy.release()


class _Run:
    """One drain: what it has handed out, and what came back."""

    def __init__(
        self,
        wire: Channel,
        channel: str,
        *,
        demonstration: bool,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.wire, self.channel, self.demonstration, self.clock = wire, channel, demonstration, clock
        self.sender = rate_limits.sender(channel, provider=wire.provider, name=wire.sender)
        self.until = time.monotonic() + TURN_SECONDS
        self.stopping = stopping
        self.limit = wire.in_flight
        self.token = uuid.uuid4()
        self.material = Material()
        self.out: dict[tuple[UUID, int], Composed] = {}
        """Intended and not yet settled, by delivery and attempt."""
        self.back: list[Settled] = []
        self.settled = 0
        self.asked_at = 0.0
        """When a sender without a rate was last seen not to rest."""
        self.last: Claimed | None = None
        """What was handed out last: the queue goes on behind it."""
        self.head_at = 0.0
        self.breaker = rate_limits.Breaker(self.sender, clock)

    def go(self) -> int:
        """Pump until the queue is empty, the turn is over or the provider refuses us altogether."""
        if rate_limits.resting_seconds(self.sender) > _IDLE:
            return 0
        sql.end_stalled(_STALLED_SECONDS)
        try:
            for outcome in self.wire.send(self._messages()):
                self._take(outcome)
        finally:
            self._settle()
        return self.settled

    def _messages(self) -> Iterator[Message | Pause]:
        """Composed messages, each yielded only after its intent is committed."""
        while True:
            group, wait = self._exchange()
            for composed in group:
                yield composed.message
            if wait is None:
                continue
            if not self.out and (self._over() or not _IDLE >= wait > 0):
                return
            yield Pause(min(wait or _IDLE, _IDLE))

    def _over(self) -> bool:
        return self.breaker.rests or self.stopping() or time.monotonic() >= self.until

    def _exchange(self) -> tuple[list[Composed], float | None]:
        """Write what came back and commit what goes out, at once.

        With it the seconds after which the sender may again, where nothing was to go out now.
        """
        room = self.limit - len(self.out) + len(self.back)
        if room <= 0 or self._over():
            self._settle()
            return [], 0.0
        begun = self.clock()
        group: list[Composed] = []
        wait: float | None = _IDLE
        try:
            with transaction.atomic():
                taken = settlement.write_outcomes(self.back, now=begun, sender=self.sender)
                group, pause = self._choose(room)
                ours = self._intend(group)
            self._written(taken)
            wait = None if group else pause
            self.last = group[-1].held if group else self.last
        except settlement.UNWRITABLE:
            log.warning("outcomes and intents could not be written together", exc_info=True)
            self._settle()
            self.last = None
            held = [composed.held for composed in group]
            ours = settlement.kept_until_back(lambda: queue.intended(held))
            sql.end_stalled(_STALLED_SECONDS)  # it may be another connection now
        kept = [composed for composed in group if composed.held.id in ours]
        for composed in kept:
            self.out[composed.message.delivery, composed.message.attempt] = composed
        if self.clock() - begun > timedelta(seconds=settings.LEASE_SECONDS / 2):
            # this process was stopped meanwhile and may be taken for dead: somebody may have decided on them
            for composed in kept:
                self._take(_too_late(composed, self.wire.provider))
            kept = []
        return kept, wait

    def _choose(self, room: int) -> tuple[list[Composed], float]:
        """What is to go out now; where that is nothing, the seconds after which the sender may again."""
        ready = self._claim(room)[:room]
        if not ready:
            return [], 0.0
        urgent = is_urgent(ready[0].held.priority)
        group = [one for one in ready if is_urgent(one.held.priority) == urgent]
        if self.sender.rate is None and time.monotonic() - self.asked_at < _IDLE:
            return group, 0.0
        grant = rate_limits.granted(self.sender, [one.message.segments for one in group], urgent=urgent)
        self.asked_at = time.monotonic() if grant.messages == len(group) else 0.0
        if grant.refused:
            self.breaker.doubt()
        return group[: grant.messages], grant.wait

    def _claim(self, room: int) -> list[Composed]:
        """Claimed and composed, the most urgent first; of a slow sender what a full bucket lets out."""
        limit = room if self.sender.rate is None else min(room, int(self.sender.burst))
        begun = time.monotonic()
        if begun - self.head_at > _HEAD_SECONDS:
            self.last, self.head_at = None, begun
        while claimed := queue.claimed_deliveries(
            self.channel,
            demonstration=self.demonstration,
            limit=limit,
            token=self.token,
            now=self.clock(),
            after=self.last,
        ):
            ready = composition.composed_messages(claimed, now=self.clock(), material=self.material)
            if ready or time.monotonic() - begun > _SLEEPERS_SECONDS:
                return ready
            limit = _MOST
        return []

    def _intend(self, group: Sequence[Composed]) -> set[int]:
        """The ids of those of the group that may be handed out once this transaction is committed."""
        said = {composed.held.id: (composed.text_hash, composed.message.segments) for composed in group}
        ours = queue.intended_ids([composed.held for composed in group], said)
        for composed in group:
            if composed.held.id not in ours:
                rate_limits.give_back(self.sender, composed.message.segments)
        return ours

    def _take(self, outcome: Outcome) -> None:
        composed = self.out.get((outcome.delivery, outcome.attempt))
        if composed is None:
            log.error("%s answered for a message it was not given", self.channel)
            return
        self.back.append(Settled(composed.held, outcome))
        self.breaker.hear(outcome)

    def _settle(self) -> None:
        if self.back:
            self._written(settlement.settle(self.back, now=self.clock(), sender=self.sender))

    def _written(self, taken: int) -> None:
        self.settled += taken
        for result in self.back:
            self.out.pop((result.outcome.delivery, result.outcome.attempt), None)
        if any(result.outcome.result in rate_limits.REFUSALS for result in self.back):
            self.asked_at = 0.0  # they may have sent it to rest
            queue.put_back(now=self.clock())
        self.back = []


def _too_late(composed: Composed, provider: str) -> Outcome:
    message = composed.message
    words = "not handed over: the process stood still"
    return Outcome(
        message.delivery, message.attempt, Verdict.NOT_PROCESSED, provider, code="late", detail=words
    )
