"""Notices in; how many of their deliveries stand in which state, and what is still due, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q

from notifications.models import Delivery, State


@dataclass(frozen=True, slots=True)
class Progress:
    """So many deliveries of one notice on one channel stand in this state."""

    notice_id: int
    channel: str
    state: State
    people: int
    outbox: int
    """How many of them went to the outbox and so to nobody."""


def of(notices: Sequence[int]) -> list[Progress]:
    """How many deliveries of each notice stand in which state, per channel."""
    rows = (
        Delivery.objects.filter(notice_id__in=notices)
        .values("notice_id", "channel", "state")
        .annotate(people=Count("id"), outbox=Count("id", filter=Q(provider="outbox")))
        .order_by("notice_id", "channel", "state")
    )
    return [
        Progress(
            row["notice_id"],
            row["channel"],
            State(row["state"]),
            row["people"],
            row["outbox"],
        )
        for row in rows
    ]


def waiting(*, now: datetime) -> list[str]:
    """The channels on which something is due."""
    return [
        channel
        for channel in settings.CHANNELS
        if Delivery.objects.filter(
            channel=channel, state=State.QUEUED, not_before__lte=now, expires_at__gt=now
        ).exists()
    ]
