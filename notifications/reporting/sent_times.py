"""Notices in; when their messages went out, and how many did or will on one day, out. By the counters alone.

A message went out when its provider took it, whatever became of it there; one in the outbox went to nobody.
Times are UTC and of whole minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Q, QuerySet, Sum

from notifications.models import IN_DOUBT, State, Tally

_WENT: Final = (State.SENT, State.DELIVERED, State.FAILED)
_TO_GO: Final = (State.QUEUED, State.SENDING, State.BY_HAND)
_ON_THE_WAY: Final = (*_TO_GO, *IN_DOUBT)


@dataclass(frozen=True, slots=True)
class SentTimes:
    """From when to when the messages of a notice went out; None where none did."""

    first_at: datetime | None
    last_at: datetime | None
    outbox: bool
    """All of them went to the outbox."""
    more: bool
    """Some have not come to their end."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many messages of a notice went out on a day, and how many are still to go."""

    sent: int
    outbox: int
    """Of those that went out, the ones that went to nobody."""
    to_go: int
    """Their turn is that day, or was before."""
    later: int = 0
    """Their turn is on a day after it."""


class _Sum(NamedTuple):
    """So many deliveries of a notice stand in a state since, or until, one minute."""

    notice: int
    state: int
    outbox: bool
    minute_at: datetime | None
    number: int


def sent_times_of(notices: Sequence[int]) -> dict[int, SentTimes]:
    """By the notice's number; of those without any delivery there is none."""
    found: dict[int, list[_Sum]] = {}
    for one in _sums(Tally.objects.filter(notice_id__in=notices, state__in=(*_WENT, *_ON_THE_WAY))):
        found.setdefault(one.notice, []).append(one)
    return {notice: _times(sums) for notice, sums in found.items()}


def on_day(start: datetime, end: datetime) -> dict[int, DayCount]:
    """Of the day from `start` up to `end`, by the notice's number, where anything went or is still to go."""
    sent = Q(state__in=_WENT, minute_at__gte=start, minute_at__lt=end)
    found: dict[int, DayCount] = {}
    for one in _sums(Tally.objects.filter(sent | Q(state__in=_TO_GO))):
        before, went = found.get(one.notice, DayCount(0, 0, 0)), one.state in _WENT
        later = one.state == State.QUEUED and one.minute_at is not None and one.minute_at >= end
        found[one.notice] = DayCount(
            sent=before.sent + (one.number if went else 0),
            outbox=before.outbox + (one.number if went and one.outbox else 0),
            to_go=before.to_go + (0 if went or later else one.number),
            later=before.later + (one.number if later else 0),
        )
    return found


def _sums(rows: QuerySet[Tally]) -> list[_Sum]:
    """Only what there is in the end: who has moved on is counted off where she stood before."""
    parts = rows.order_by().values_list("notice_id", "state", "outbox", "minute_at")
    return [_Sum(*row) for row in parts.annotate(number=Sum("deliveries")).filter(number__gt=0)]


def _times(sums: Sequence[_Sum]) -> SentTimes:
    went = [one for one in sums if one.state in _WENT and one.minute_at]
    minutes = [one.minute_at for one in went if one.minute_at]
    return SentTimes(
        first_at=min(minutes, default=None),
        last_at=max(minutes, default=None),
        outbox=all(one.outbox for one in went),
        more=any(one.state in _ON_THE_WAY for one in sums),
    )
