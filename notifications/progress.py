"""Notices in; how many of their deliveries stand in which state, and what is due now or later, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Count, Min, Q

from notifications.models import DIRECT, Delivery, State

QUIET_HOURS: Final = "quiet hours of the customer"
"""Why a message was put back that came to its turn while its customer sleeps."""


@dataclass(frozen=True, slots=True)
class Progress:
    """So many deliveries of one notice on one channel stand in this state."""

    notice_id: int
    channel: str
    state: State
    people: int
    outbox: int
    """How many of them went to the outbox and so to nobody."""


@dataclass(frozen=True, slots=True)
class Morning:
    """So many messages of a notice wait until their customers' night is over, the first till `starts_at`."""

    people: int
    starts_at: datetime


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


def mornings(notices: Sequence[int], *, now: datetime) -> dict[int, Morning]:
    """What waits for the customers' morning, by the notice's number; what is tried again later does not."""
    rows = (
        Delivery.objects.filter(
            notice_id__in=notices,
            channel__in=DIRECT,
            state=State.QUEUED,
            not_before__gt=now,
            reason__in=("", QUIET_HOURS),
        )
        .values("notice_id")
        .annotate(people=Count("id"), starts_at=Min("not_before"))
        .order_by("notice_id")
    )
    return {row["notice_id"]: Morning(row["people"], row["starts_at"]) for row in rows}


def waiting(*, now: datetime) -> list[str]:
    """The channels on which something is due."""
    return [
        channel
        for channel in settings.CHANNELS
        if Delivery.objects.filter(
            channel=channel, state=State.QUEUED, not_before__lte=now, expires_at__gt=now
        ).exists()
    ]
