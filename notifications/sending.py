"""Claimed deliveries in; through their channel, as outcomes settled, out.

At no moment are more than settings.DELIVERIES_IN_FLIGHT messages of this process between the
commit of their intent and the commit of their outcome: that is the most a kill can leave unknown.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from notifications import composition, deliveries, settlement
from notifications.channels import open_channel
from notifications.composition import Composed
from notifications.contract import Channel, Class, Outcome
from notifications.settlement import Settled

log = logging.getLogger(__name__)

TURN: Final = timedelta(seconds=8)
"""How long one drain works before it hands the worker back: wake-ups behind it must not wait."""

_PATIENCE: Final = timedelta(milliseconds=500)
"""How long an outcome waits for others to share its commit."""

_busy: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def drain(channel: str, *, demonstration: bool, clock: Callable[[], datetime]) -> int:
    """Send what is due on a channel until nothing is left or the turn is over; how many were settled.

    Demonstration deliveries go through a channel of their own that knows no provider. One drain per
    channel and process: the threads of one process share its bound on messages in doubt.
    """
    busy = _busy[channel]
    if not busy.acquire(blocking=False):
        return 0
    try:
        with contextlib.closing(
            open_channel(channel, settings.DELIVERIES_IN_FLIGHT, demonstration=demonstration)
        ) as wire:
            return _Run(wire, channel, demonstration=demonstration, clock=clock).go()
    finally:
        busy.release()


class _Run:
    """One drain: what it holds, what it has handed out, and what came back."""

    def __init__(
        self, wire: Channel, channel: str, *, demonstration: bool, clock: Callable[[], datetime]
    ) -> None:
        self.wire, self.channel, self.demonstration, self.clock = wire, channel, demonstration, clock
        self.until = clock() + TURN
        self.limit = settings.DELIVERIES_IN_FLIGHT
        self.out: dict[tuple[UUID, int], Composed] = {}
        """Intended and not yet settled, by delivery and attempt."""
        self.back: list[Settled] = []
        self.settled = 0
        self.settled_at = clock()
        self.stopped = False
        self.last = False
        """Nothing more is claimed: nobody else is coming to share a commit."""

    def go(self) -> int:
        """Pump until the queue is empty, the turn is over or the provider refuses us altogether."""
        try:
            for outcome in self.wire.send(composed.message for composed in self._intended()):
                self._take(outcome)
        finally:
            self._settle()
        return self.settled

    def _intended(self) -> Iterator[Composed]:
        """Composed messages, each yielded only after its intent is committed."""
        yield from self._claimed()
        self.last = True
        self._settle()

    def _claimed(self) -> Iterator[Composed]:
        while self._goes_on() and self.clock() < self.until:
            held = deliveries.claim(
                self.channel, demonstration=self.demonstration, limit=self.limit, now=self.clock()
            )
            if not held:
                return
            waiting = composition.compose(held, now=self.clock())
            while waiting:
                if not self._goes_on():
                    deliveries.release([composed.held for composed in waiting])
                    return
                if len(self.out) >= self.limit:
                    self._settle()
                # a quarter at a time: intents share a commit, and the window is refilled before it is empty
                room = min(max(self.limit - len(self.out), 1), max(self.limit // 4, 1))
                group, waiting = waiting[:room], waiting[room:]
                ours = deliveries.intend([composed.held for composed in group])
                for composed in group:
                    if composed.held.id in ours:
                        self.out[composed.message.delivery, composed.message.attempt] = composed
                for composed in group:
                    if composed.held.id in ours:
                        yield composed

    def _goes_on(self) -> bool:
        return not self.stopped

    def _take(self, outcome: Outcome) -> None:
        composed = self.out.get((outcome.delivery, outcome.attempt))
        if composed is None:
            log.error("%s answered for a message it was not given", self.channel)
            return
        self.back.append(Settled(composed.held, outcome, composed.text_hash, composed.segments))
        if outcome.result is Class.CONFIGURATION:
            self.stopped = True  # our own fault: no further customer's message is burnt on it
        if (
            self.last
            or len(self.back) >= max(self.limit // 4, 1)
            or self.clock() - self.settled_at > _PATIENCE
        ):
            self._settle()

    def _settle(self) -> None:
        if not self.back:
            return
        self.settled += settlement.settle(self.back, now=self.clock())
        for result in self.back:
            del self.out[result.outcome.delivery, result.outcome.attempt]
        self.back.clear()
        self.settled_at = self.clock()
