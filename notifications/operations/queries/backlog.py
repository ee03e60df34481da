"""The tables in; what waits, and since when, out: each by its index, and counted no further than matters.

For whoever watches, again and again, while a million messages wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet, Sum

from notifications import channels
from notifications.models import IN_DOUBT, Delivery, Notice, Receipt, State, Tally

MOST: Final = 1_000
"""Nobody acts on more; a count that must be told from a larger bound goes just beyond that."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many wait, the first since then."""

    number: int
    since: datetime | None
    more: bool = False
    """Nobody counted further: there may be more."""


def due_since(
    channel: str, *, now: datetime, demonstrations: Sequence[bool] = (False, True)
) -> datetime | None:
    """Since when the oldest of the messages that could go now has been due; None where none is."""
    found = []
    for demonstration in demonstrations:
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


def has_queued(channel: str) -> bool:
    """Whether the channel's own sender has anything to hand over, now or later."""
    rows = Delivery.objects.filter(channel=channel, demonstration=False, state=State.QUEUED)
    return rows.exists()


def is_sending(channel: str) -> bool:
    """Whether it is handing something over at this moment."""
    return Delivery.objects.filter(channel=channel, demonstration=False, state=State.SENDING).exists()


def tolerated_doubts(channel: str) -> int:
    """So many in doubt are left by two processes that died; more of them die, or the provider cuts us off."""
    return 2 * channels.most_in_flight(channel)


def unknown_deliveries(channel: str) -> Waiting:
    """What nobody knows to have been sent, held or not, counted further than what is tolerated."""
    most = max(MOST, tolerated_doubts(channel) + 1)
    # one after the other: each state has its index
    found = [
        _waiting(Delivery.objects.filter(channel=channel, state=state), "intended_at", most)
        for state in IN_DOUBT
    ]
    number = sum(waiting.number for waiting in found)
    since = min((waiting.since for waiting in found if waiting.since), default=None)
    return Waiting(min(number, most), since, more=number >= most)


def waiting_receipts() -> Waiting:
    """Providers' words that nobody has worked on."""
    return _waiting(Receipt.objects.filter(processed_at__isnull=True), "received_at", MOST)


def _waiting(rows: QuerySet[Any], field: str, most: int) -> Waiting:
    number = rows.order_by(field)[:most].count()
    since = rows.order_by(field).values_list(field, flat=True).first() if number else None
    return Waiting(number, since, more=number >= most)


@dataclass(frozen=True, slots=True)
class StateCount:
    """So many deliveries of a notice stand in this state on a channel."""

    notice: int
    channel: str
    state: State
    deliveries: int


def state_counts(*, due_after: datetime, now: datetime) -> list[StateCount]:
    """What became of the notices of a span, from their counters."""
    notices = Notice.objects.filter(status__in=Notice.Status.values, due_at__gt=due_after, due_at__lte=now)
    return counts_of(notices.values_list("pk", flat=True))


def counts_of(notices: Iterable[int]) -> list[StateCount]:
    """What became of these."""
    rows = (
        Tally.objects.filter(notice__in=list(notices))
        .values("notice", "channel", "state")
        .annotate(number=Sum("deliveries"))
        .order_by("notice", "channel", "state")
    )
    return [StateCount(row["notice"], row["channel"], State(row["state"]), row["number"]) for row in rows]
