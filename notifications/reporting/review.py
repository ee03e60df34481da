"""A window in; how well it was told and how it went, in numbers that sum to all, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from maintenance import policies, slots
from maintenance.models import Window
from notifications.channels import channel_names
from notifications.delivery import reconciliation
from notifications.models import Delivery, Notice, State
from notifications.reporting import notice_given, progress
from notifications.reporting.notice_given import NoticeGiven

_ENDED: Final = (Window.Status.FINISHED, Window.Status.CANCELLED, Window.Status.REJECTED)
_DELIVERY: Final = Delivery._meta.db_table
_GOT: Final = 7
_OUTBOX: Final = 6
_OPEN: Final = 5
_DOUBT: Final = 4
_LOST: Final = 3
_LATE: Final = 2
_RANKS: Final = {
    State.DELIVERED: _GOT,
    State.SENT: _GOT,
    State.QUEUED: _OPEN,
    State.SENDING: _OPEN,
    State.BY_HAND: _OPEN,
    State.UNKNOWN: _DOUBT,
    State.HELD: _DOUBT,
    State.FAILED: _LOST,
    State.EXPIRED: _LATE,
    State.WITHDRAWN: _LATE,
    State.SUPPRESSED: 1,
    State.NO_ADDRESS: 1,
}
"""A customer counts by the best that became of any message: one that arrived is enough."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Customers who should have heard of the window, each in exactly one of the parts."""

    reached: int
    outbox: int
    """Kept in the outbox, and so reached nobody."""
    waiting: int
    unknown: int
    failed: int
    expired: int
    """Never sent, because the words were no longer true when their turn came, or were taken back before."""
    not_reachable: int

    @property
    def all(self) -> int:
        """Everybody."""
        reached = self.reached + self.outbox
        return reached + self.waiting + self.unknown + self.failed + self.expired + self.not_reachable


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel: how many deliveries ended in which state, and their sum."""

    channel: str
    states: Mapping[State, int]

    @property
    def all(self) -> int:
        """Every delivery of the channel."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Review:
    """What is learnt from a window. Times are UTC; None is what has not happened."""

    window: Window
    notice: NoticeGiven
    overrun: timedelta | None
    reach: Reach
    rows: tuple[ChannelRow, ...]
    resent: int
    """Messages sent again by policy, not known to have arrived: their customers may have them twice."""
    lost: tuple[Notice, ...]
    """Notices that expired, each with its reason; of them nothing went out."""
    traffic: slots.Outcome
    """What was promised of it when it was booked, beside what came."""
    over: bool
    """Nobody is told of it ahead any more: its planned end has passed, or it ended or was given up before."""

    @property
    def promised(self) -> str:
        """What customers were promised, in words."""
        return policies.lead_words(self.notice.promise.policy.promised, self.notice.promise.policy.unit)

    @property
    def least(self) -> str:
        """Less than this is refused, in words."""
        return policies.lead_words(self.notice.promise.policy.least, self.notice.promise.policy.unit)

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept for everybody who was told; None where nobody was."""
        return not self.notice.late if self.notice.told else None


def review_of(window: Window, *, now: datetime) -> Review:
    """Look back on a window; before its end, on what there is so far."""
    notices = list(window.notices.order_by("due_at", "id"))
    return Review(
        window=window,
        notice=notice_given.notice_given(window),
        overrun=_overrun(window, now),
        reach=_reach([notice.pk for notice in notices]),
        rows=_rows([notice.pk for notice in notices]),
        resent=reconciliation.resent([notice.pk for notice in notices]),
        lost=tuple(notice for notice in notices if notice.status == Notice.Status.EXPIRED),
        traffic=slots.outcome(window, now=now),
        over=now >= window.ends_at or window.status in _ENDED,
    )


def _overrun(window: Window, now: datetime) -> timedelta | None:
    """How long after its planned end it was over, or is not yet; None where it was in time."""
    if window.status not in (Window.Status.STARTED, Window.Status.FINISHED):
        return None
    late = (window.finished_at or now) - window.ends_at
    return late if late > timedelta(0) else None


def _reach(notices: Sequence[int]) -> Reach:
    marks = ", ".join(["%s"] * len(notices)) or "NULL"
    ranks = " ".join(f"WHEN state = {state:d} THEN {rank}" for state, rank in _RANKS.items() if rank != _GOT)
    sql = f"""
        SELECT best, COUNT(*) FROM (
            SELECT customer_id, MAX(
                CASE WHEN state IN ({State.SENT:d}, {State.DELIVERED:d}) AND provider = 'outbox'
                     THEN {_OUTBOX} {ranks} ELSE {_GOT} END) AS best
              FROM {_DELIVERY} WHERE notice_id IN ({marks}) AND customer_id IS NOT NULL
             GROUP BY customer_id) AS person
         GROUP BY best"""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(notices))
        people = {int(best): int(number) for best, number in cursor.fetchall()}
    return Reach(
        reached=people.get(_GOT, 0),
        outbox=people.get(_OUTBOX, 0),
        waiting=people.get(_OPEN, 0),
        unknown=people.get(_DOUBT, 0),
        failed=people.get(_LOST, 0),
        expired=people.get(_LATE, 0),
        not_reachable=people.get(1, 0),
    )


def _rows(notices: Sequence[int]) -> tuple[ChannelRow, ...]:
    states: dict[str, dict[State, int]] = {}
    for part in progress.progress_of(notices):
        of_channel = states.setdefault(part.channel, {})
        of_channel[part.state] = of_channel.get(part.state, 0) + part.people
    return tuple(ChannelRow(channel, states[channel]) for channel in channel_names() if channel in states)
