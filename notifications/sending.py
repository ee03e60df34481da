"""Claimed deliveries in; through their channel, as outcomes settled, out.

At no moment are more than settings.IN_FLIGHT messages of a channel of this process between the
commit of their intent and the commit of their outcome: that is the most a kill can leave unknown.
One transaction writes the outcomes that are known and the intents of as many messages as follow them.
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

from notifications import audience, composition, deliveries, pacing, settlement
from notifications.channels import open_channel
from notifications.composition import Composed, Material
from notifications.contract import Channel, Class, Message, Outcome, Pause
from notifications.settlement import Settled

log = logging.getLogger(__name__)

TURN_SECONDS: Final = 10.0
"""How long one drain works before it hands the worker back: other channels' wake-ups may wait behind it."""

_IDLE: Final = 0.2
"""Seconds after which a queue that was empty is looked at again, and outcomes that are known are written."""
_AHEAD: Final = 0.5
"""Seconds of work that are claimed ahead: what is urgent waits no longer behind what is held already."""
_MOST: Final = 512
"""Rows of one claim; more cost as much for each."""
_SLEEPERS_SECONDS: Final = 1.0
"""How long is looked for somebody who is awake before what is under way gets its turn."""

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
    after `stopping` says so, with every outcome written.
    """
    busy = _busy[channel]
    if not busy.acquire(blocking=False):
        return 0
    try:
        in_flight = settings.IN_FLIGHT.get(channel, settings.DELIVERIES_IN_FLIGHT)
        with contextlib.closing(open_channel(channel, in_flight, demonstration=demonstration)) as wire:
            return _Run(wire, channel, demonstration=demonstration, clock=clock, stopping=stopping).go()
    finally:
        busy.release()


class _Run:
    """One drain: what it holds, what it has handed out, and what came back."""

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
        self.sender = pacing.sender(channel, provider=wire.provider, name=wire.sender)
        self.until = time.monotonic() + TURN_SECONDS
        self.stopping = stopping
        self.limit = wire.in_flight
        self.token = uuid.uuid4()
        self.material = Material()
        self.ready: list[Composed] = []
        """Claimed and composed, the most urgent first."""
        self.out: dict[tuple[UUID, int], Composed] = {}
        """Intended and not yet settled, by delivery and attempt."""
        self.back: list[Settled] = []
        self.settled = 0
        self.claimed_at = 0.0
        self.claims = self.limit
        """Rows of the next claim: grows while they are used up at once."""
        self.asked_at = 0.0
        """When a sender without a rate was last seen not to rest."""
        self.heed = pacing.Heed(self.sender)

    def go(self) -> int:
        """Pump until the queue is empty, the turn is over or the provider refuses us altogether."""
        if pacing.resting(self.sender) > _IDLE:
            return 0
        try:
            for outcome in self.wire.send(self._messages()):
                self._take(outcome)
        finally:
            self._settle()
            deliveries.release([composed.held for composed in self.ready])
        return self.settled

    def _messages(self) -> Iterator[Message | Pause]:
        """Composed messages, each yielded only after its intent is committed."""
        while True:
            group, wait = self._next()
            ours = self._exchange(group)
            for composed in ours:
                yield composed.message
            if not group:
                if not self.out and (self._over() or not _IDLE >= wait > 0):
                    return
                yield Pause(min(wait or _IDLE, _IDLE))

    def _over(self) -> bool:
        return self.heed.rests or self.stopping() or time.monotonic() >= self.until

    def _next(self) -> tuple[list[Composed], float]:
        """What may be handed out now; where that is nothing, the seconds after which the sender may again."""
        room = self.limit - len(self.out) + len(self.back)
        if room <= 0 or self._over():
            return [], 0.0
        if len(self.ready) < room and (self.sender.rate is None or 2 * len(self.ready) < self.claims):
            self._claim()
        self._put_back_late()
        if not self.ready:
            return [], 0.0
        urgent = self.ready[0].held.priority < audience.ROUTINE
        group = [one for one in self.ready[:room] if (one.held.priority < audience.ROUTINE) == urgent]
        if self.sender.rate is None and time.monotonic() - self.asked_at < _IDLE:
            granted, wait = len(group), 0.0
        else:
            grant = pacing.take(self.sender, [one.message.segments for one in group], urgent=urgent)
            granted, wait = grant.messages, grant.wait
            self.asked_at = time.monotonic() if granted == len(group) else 0.0
        del self.ready[:granted]
        return group[:granted], wait

    def _put_back_late(self) -> None:
        """The customer's evening has begun, or the words are no longer true: composing again decides."""
        now = self.clock()
        late = [one.held for one in self.ready if one.message.expires_at <= now]
        if late:
            deliveries.release(late)
            self.ready = [one for one in self.ready if one.message.expires_at > now]

    def _claim(self) -> None:
        """Hold a little more than is handed out at once, as much as is used up in half a second."""
        now = time.monotonic()
        quick = now - self.claimed_at < _AHEAD
        self.claims = min(self.claims * 2, _MOST) if quick else max(self.claims // 2, self.limit)
        bound = 2 * max(int(self.sender.rate or 0), pacing.LONGEST)
        if self.sender.rate is not None:
            self.claims = min(self.claims, bound // 2)
        self.claimed_at = now
        while held := deliveries.claim(
            self.channel,
            demonstration=self.demonstration,
            limit=self.claims,
            token=self.token,
            now=self.clock(),
        ):
            anew = {row.id for row in held}  # where a clock was set, ours were swept and are held twice
            self.ready = [one for one in self.ready if one.held.id not in anew]
            self.ready += composition.compose(held, now=self.clock(), material=self.material)
            if self.ready or self._over() or time.monotonic() - now > _SLEEPERS_SECONDS:
                break
            self.claims = _MOST  # all of them sleep or cannot be reached: on to the next
        self.ready.sort(key=lambda composed: composed.held.priority)
        if self.sender.rate is not None and len(self.ready) > bound:
            # more than goes out soon would keep what is urgent waiting behind it
            deliveries.release([one.held for one in self.ready[bound:]])
            del self.ready[bound:]

    def _exchange(self, group: Sequence[Composed]) -> list[Composed]:
        """Write what came back and commit what goes out, at once; those of the group that are still ours."""
        if not group:
            self._settle()
            return []
        begun = self.clock()
        held = [composed.held for composed in group]
        said = {composed.held.id: (composed.text_hash, composed.message.segments) for composed in group}
        try:
            with transaction.atomic():
                taken = settlement.write(self.back, now=self.clock())
                ours = deliveries.intend(held, said)
            self._written(taken)
        except settlement.UNWRITABLE:
            log.warning("outcomes and intents could not be written together", exc_info=True)
            self._settle()
            ours = deliveries.intended(held, said)
        kept = [composed for composed in group if composed.held.id in ours]
        for composed in kept:
            self.out[composed.message.delivery, composed.message.attempt] = composed
        for composed in group:
            if composed.held.id not in ours:
                pacing.give_back(self.sender, composed.message.segments)
        if self.clock() - begun > timedelta(seconds=settings.LEASE_SECONDS / 2):
            # this process was stopped meanwhile and may be taken for dead: somebody may have decided on them
            for composed in kept:
                self._take(_too_late(composed, self.wire.provider))
            return []
        return kept

    def _take(self, outcome: Outcome) -> None:
        composed = self.out.get((outcome.delivery, outcome.attempt))
        if composed is None:
            log.error("%s answered for a message it was not given", self.channel)
            return
        self.back.append(Settled(composed.held, outcome))
        self.heed.hear(outcome)

    def _settle(self) -> None:
        if self.back:
            self._written(settlement.settle(self.back, now=self.clock()))

    def _written(self, taken: int) -> None:
        self.settled += taken
        for result in self.back:
            self.out.pop((result.outcome.delivery, result.outcome.attempt), None)
        self.back = []


def _too_late(composed: Composed, provider: str) -> Outcome:
    message = composed.message
    words = "not handed over: the process stood still"
    return Outcome(
        message.delivery, message.attempt, Class.NOT_PROCESSED, provider, code="late", detail=words
    )
