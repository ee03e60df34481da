"""Notices in; when the last message of each is expected to have gone out, on each channel, out.

What is still to go of a notice, and of all that stands in line before it at the same sender, over the
sender's rate or the pace that was measured, while customers may be disturbed. What fails and is tried
again is not foreseen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import Final

from django.conf import settings

from maintenance import policies
from maintenance.models import NoticeKind, Service
from notifications.channels import UNREADABLE, direct_names, open_channel
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import SenderStanding
from notifications.models import Notice
from notifications.reporting.eta import queue, waking_hours
from notifications.reporting.eta.queue import Pieces, Place

__all__ = ["Finish", "Late", "Pieces", "expected_finishes"]

_PROMISED: Final = (NoticeKind.ANNOUNCED, NoticeKind.RESCHEDULED)
"""Kinds by which customers get the notice that they are promised."""
_ENOUGH: Final = 100
"""Pieces that must have gone before their pace says anything."""


class Late(Enum):
    """What is wrong with an end that is expected."""

    NO = "no"
    PROMISE = "promise"
    """Those who hear last have less notice than the bank promises."""
    LEAST = "least"
    """And less than it must give."""
    UNTRUE = "untrue"
    """Some wait until the words are no longer true, and hear nothing."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What is expected of one notice on one channel."""

    channel: str
    pieces: int
    """SMS segments, or mails, that are still to go."""
    before: int
    """Pieces of other notices that go first."""
    rate: float | None
    measured: float | None
    """Pieces a second that went so far, where that can be said."""
    pace: float | None
    """The one of both that is taken to last."""
    starts_at: datetime
    lasts: timedelta
    """So long it takes, without any night; from the outbox, so long as it would take."""
    ends_at: datetime | None
    """None where the provider alone decides how fast they go."""
    endless: bool
    """The end is so far away that it is not worked out."""
    outbox: bool
    """They go to nobody."""
    standing: SenderStanding | None
    late: Late

    @property
    def sleeps(self) -> bool:
        """Whether a night lies between."""
        return (
            not self.endless
            and self.ends_at is not None
            and self.ends_at > self.starts_at + self.lasts + timedelta(minutes=1)
        )


def expected_finishes(notices: Sequence[Notice], coming: Pieces, *, now: datetime) -> dict[int, list[Finish]]:
    """What is expected of each notice, by its number, and of `coming` before it is prepared.

    Of a channel whose settings cannot be read nothing is.
    """
    asked = {notice.pk for notice in notices}
    found: dict[int, list[Finish]] = {pk: [] for pk in asked}
    invented = set(Service.objects.filter(demonstration=True).values_list("windows__pk", flat=True))
    for channel in direct_names():
        places = queue.queue_places(channel, notices, coming, now=now) if channel in settings.CHANNELS else []
        for demonstration in (False, True):
            mine = [place for place in places if (place.notice.window_id in invented) == demonstration]
            if not any(place.notice.pk in asked for place in mine):
                continue
            with contextlib.suppress(*UNREADABLE):
                expected = _Line(channel, mine, demonstration=demonstration, now=now)
                for place, finish in expected.walk():
                    if place.notice.pk in asked:
                        found[place.notice.pk].append(finish)
    return found


class _Line:
    """One sender, and what stands in line at it."""

    def __init__(self, channel: str, places: Sequence[Place], *, demonstration: bool, now: datetime) -> None:
        self.channel, self.places, self.now = channel, places, now
        with contextlib.closing(open_channel(channel, 1, demonstration=demonstration)) as wire:
            self.who = rate_limits.sender(channel, provider=wire.provider, name=wire.sender)
        self.outbox = self.who.provider == "outbox"
        self.rate: float | None = settings.RATES.get(channel) or None
        self.standing = None if self.outbox else rate_limits.sender_standing(self.who)
        self.gone = {} if self.outbox else queue.handed_over(channel, [place.notice.pk for place in places])

    def walk(self) -> Iterator[tuple[Place, Finish]]:
        """Each in its turn: it starts when it may and everything before it is through."""
        free, sum_before, pace = self.now + self._rests(), 0, self.rate
        for place in self.places:
            measured = None if sum_before else self._measured(place.notice)
            pace = min(filter(None, (self.rate, measured)), default=pace)
            starts = waking_hours.waking_moment(max(free, place.ready_at))
            lasts = (
                timedelta(seconds=min(place.pieces / pace, waking_hours.FARTHEST.total_seconds()))
                if pace
                else timedelta()
            )
            ends = waking_hours.end_of_sending(starts, lasts) if pace and not self.outbox else None
            before = sum_before
            if place.ready_at > self.now:
                left = (
                    waking_hours.waking_time_between(place.ready_at, free).total_seconds()
                    if sum_before
                    else 0
                )
                before = min(round(left * (pace or 0)), sum_before)
            yield (
                place,
                Finish(
                    channel=self.channel,
                    pieces=place.pieces,
                    before=before,
                    rate=self.rate,
                    measured=measured,
                    pace=pace,
                    starts_at=starts,
                    lasts=lasts,
                    ends_at=ends,
                    endless=ends is not None and ends >= self.now + waking_hours.FARTHEST,
                    outbox=self.outbox,
                    standing=self.standing,
                    late=self._late(place.notice, starts, ends) if ends else Late.NO,
                ),
            )
            sum_before += place.pieces
            free = max(free, ends or free)

    def _rests(self) -> timedelta:
        if self.standing is None or self.standing.resting_until is None:
            return timedelta()
        return self.standing.resting_until - self.standing.at

    def _measured(self, notice: Notice) -> float | None:
        """How fast it has gone since it was prepared, nights left out."""
        gone = self.gone.get(notice.pk, 0)
        if notice.prepared_at is None or gone < _ENOUGH:
            return None
        seconds = waking_hours.waking_time_between(notice.prepared_at, self.now).total_seconds()
        return gone / seconds if seconds > 0 else None

    @cached_property
    def _promise(self) -> policies.Promise:
        return policies.promise()

    def _late(self, notice: Notice, starts: datetime, ends: datetime) -> Late:
        if ends > notice.true_until:
            return Late.UNTRUE
        window = notice.window
        if notice.kind not in _PROMISED or self._promise.frees(window.exemption):
            return Late.NO
        if starts <= self._promise.last_moment(window.starts_at) < ends:
            return Late.LEAST
        kept = self._promise.kept(starts, window.starts_at)
        return Late.PROMISE if kept and not self._promise.kept(ends, window.starts_at) else Late.NO
