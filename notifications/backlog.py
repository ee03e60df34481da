"""The tables in; what waits, and since when, out: each by its index, and counted no further than MOST.

For whoever watches, again and again, while a million messages wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet, Sum

from notifications.models import Delivery, Notice, Receipt, State, Tally

MOST: Final = 1_000
"""A count that reaches it means: at least so many."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many wait, at most MOST of them counted, the first since then."""

    number: int
    since: datetime | None


def due_since(channel: str, *, now: datetime) -> datetime | None:
    """Since when the oldest of the messages that could go now has been due; None where none is."""
    found = []
    for demonstration in (False, True):
        queue = (
            Delivery.objects.filter(channel=channel, demonstration=demonstration, state=State.QUEUED)
            .order_by("priority", "not_before", "pk")
            .values_list("priority", "not_before")
        )
        # from one urgency to the next: there are few, and each begins with its oldest
        first = queue.first()
        while first is not None:
            priority, not_before = first
            if not_before <= now:
                found.append(not_before)
            first = queue.filter(priority__gt=priority).first()
    return min(found, default=None)


def unknown(channel: str) -> Waiting:
    """What nobody knows to have been sent."""
    return _waiting(Delivery.objects.filter(channel=channel, state=State.UNKNOWN), "intended_at")


def receipts() -> Waiting:
    """Providers' words that nobody has worked on."""
    return _waiting(Receipt.objects.filter(processed_at__isnull=True), "received_at")


def _waiting(rows: QuerySet[Any], field: str) -> Waiting:
    number = rows.order_by(field)[:MOST].count()
    since = rows.order_by(field).values_list(field, flat=True).first() if number else None
    return Waiting(number, since)


@dataclass(frozen=True, slots=True)
class Count:
    """So many deliveries of a notice stand in this state on a channel."""

    notice: int
    channel: str
    state: State
    deliveries: int


def counts(*, due_after: datetime, now: datetime) -> list[Count]:
    """What became of the notices of a span, from their counters."""
    notices = Notice.objects.filter(status__in=Notice.Status.values, due_at__gt=due_after, due_at__lte=now)
    rows = (
        Tally.objects.filter(notice__in=list(notices.values_list("pk", flat=True)))
        .values("notice", "channel", "state")
        .annotate(number=Sum("deliveries"))
        .order_by("notice", "channel", "state")
    )
    return [Count(row["notice"], row["channel"], State(row["state"]), row["number"]) for row in rows]
