"""Notices in; when their messages went out, and how many did or will on one day, out. By the counters alone.

A message went out when its provider took it, whatever became of it there; one in the outbox went to nobody.
Times are UTC and of whole minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet, Sum

from notifications.models import State, Tally

_WENT: Final = (State.SENT, State.DELIVERED, State.FAILED)
_ON_THE_WAY: Final = (State.QUEUED, State.SENDING, State.UNKNOWN)


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


def of(notices: Sequence[int]) -> dict[int, SentTimes]:
    """By the notice's number; of those without any delivery there is none."""
    rows = _sums(Tally.objects.filter(notice_id__in=notices, state__in=(*_WENT, *_ON_THE_WAY)))
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["notice_id"], []).append(row)
    return {notice: _times(parts) for notice, parts in found.items()}


def on_day(start: datetime, end: datetime) -> dict[int, DayCount]:
    """Of the day from `start` up to `end`, by the notice's number, where anything went or is to go."""
    sent = Q(state__in=_WENT, minute_at__gte=start, minute_at__lt=end)
    to_go = Q(state=State.QUEUED, minute_at__lt=end) | Q(state=State.SENDING)
    found: dict[int, DayCount] = {}
    for row in _sums(Tally.objects.filter(sent | to_go)):
        before = found.get(row["notice_id"], DayCount(0, 0, 0))
        went = row["state"] in _WENT
        found[row["notice_id"]] = DayCount(
            sent=before.sent + went * row["number"],
            outbox=before.outbox + (went and row["outbox"]) * row["number"],
            to_go=before.to_go + (not went) * row["number"],
        )
    return found


def _sums(rows: QuerySet[Tally]) -> Sequence[dict[str, Any]]:
    """Only what there is in the end: who has moved on is counted off where she stood before."""
    parts = rows.order_by().values("notice_id", "state", "outbox", "minute_at")
    return list(parts.annotate(number=Sum("deliveries")).filter(number__gt=0))


def _times(parts: Sequence[dict[str, Any]]) -> SentTimes:
    went = [part for part in parts if part["state"] in _WENT and part["minute_at"]]
    minutes = [part["minute_at"] for part in went]
    return SentTimes(
        first_at=min(minutes, default=None),
        last_at=max(minutes, default=None),
        outbox=all(part["outbox"] for part in went),
        more=any(part["state"] in _ON_THE_WAY for part in parts),
    )
