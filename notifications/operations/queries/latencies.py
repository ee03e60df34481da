"""A channel in; how long its messages of late took to be sent and to arrive, out, from a sample.

No index holds the times of deliveries: each would be written a million times for one figure. So
customers spread evenly over all are looked up in the last notices, each by the unique pair of notice
and customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max, Min

from maintenance.models import Customer
from notifications.models import Delivery, Notice, State

_NOTICES: Final = 5
_LATELY: Final = timedelta(days=2)
_SAMPLE: Final = 400
"""Customers looked up in each of the notices: the 95th percentile of them is known to about a percent."""


@dataclass(frozen=True, slots=True)
class LatencySample:
    """Seconds, the shortest first; of messages taken at their first try, whose due time is still known."""

    due_to_sent: list[float]
    sent_to_delivered: list[float]


def latency_sample(channel: str, *, now: datetime) -> LatencySample:
    """How long the messages of the last notices took."""
    notices = Notice.objects.filter(
        status__in=(Notice.Status.PREPARING, Notice.Status.PREPARED),
        due_at__gt=now - _LATELY,
        due_at__lte=now,
    ).order_by("-due_at")[:_NOTICES]
    rows = Delivery.objects.filter(
        notice__in=list(notices.values_list("pk", flat=True)),
        channel=channel,
        customer__in=_spread(),
        attempt=1,
        sent_at__isnull=False,
    ).values_list("not_before", "sent_at", "state", "settled_at")
    found = list(rows)
    return LatencySample(
        # the column is also the next turn of what is asked about, and then says nothing of when it was due
        sorted((sent - due).total_seconds() for due, sent, _, _ in found if sent and due <= sent),
        sorted(
            (settled - sent).total_seconds()
            for _, sent, state, settled in found
            if state == State.DELIVERED and sent and settled
        ),
    )


def _spread() -> list[int]:
    """Customers at even distances, some of whom are gone."""
    ends = Customer.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    step = max((ends["last"] - ends["first"]) / _SAMPLE, 1.0)
    number = int((ends["last"] - ends["first"]) / step) + 1
    return [round(ends["first"] + place * step) for place in range(number)]
