"""Notices in; how many of their deliveries stand in which state, and what is due now or later, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum

from notifications import channels
from notifications.models import Delivery, Priority, State, Tally, WaitsFor

MANY: Final = 10_000
"""Nobody counts further who looks at a page."""
_FOLDED: Final = 10_000
"""Counters summed up at once."""


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
    """So many messages of a notice wait until their customers' night is over, the first till `starts_at`.

    MANY on a channel, of one urgency, stands for any more of them.
    """

    people: int
    starts_at: datetime


def progress_of(notices: Sequence[int]) -> list[Progress]:
    """How many deliveries of each notice stand in which state, per channel."""
    sums = (
        Tally.objects.filter(notice_id__in=notices)
        .values("notice_id", "channel", "state")
        .annotate(people=Sum("deliveries"), outbox=Sum("deliveries", filter=Q(outbox=True), default=0))
        .exclude(people=0)
        .order_by("notice_id", "channel", "state")
    )
    return [
        Progress(row["notice_id"], row["channel"], State(row["state"]), row["people"], row["outbox"])
        for row in sums
    ]


def fold_tallies() -> int:
    """Sum up what the counters were changed by; how many rows that saves. Safe anywhere, at any time.

    Only rows that this transaction has locked are summed and deleted: a row that is written meanwhile,
    or that somebody else sums up at this moment, stays for the next time.
    """
    key = ("notice_id", "channel", "state", "outbox", "minute_at")
    several = Tally.objects.values(*key).annotate(rows=Count("pk")).filter(rows__gt=1).order_by(*key)
    saved = 0
    for group in several:
        same = {name: group[name] for name in key}
        with transaction.atomic():
            locked = Tally.objects.select_for_update(skip_locked=True).filter(**same)
            rows = list(locked.values_list("pk", "deliveries", "segments")[:_FOLDED])
            if len(rows) < 2:
                continue
            Tally.objects.filter(pk__in=[pk for pk, _, _ in rows]).delete()
            deliveries, segments = (sum(row[place] for row in rows) for place in (1, 2))
            saved += len(rows)
            if deliveries or segments:  # a minute from which all have moved on need not be kept
                Tally.objects.create(**same, deliveries=deliveries, segments=segments)
                saved -= 1
    return saved


def mornings_of(notices: Sequence[int], *, now: datetime) -> dict[int, Morning]:
    """What waits for the customers' morning, by the notice's number; what is tried again later does not.

    Walked in the order of the queue, and no further than anybody wants to know.
    """
    queued: defaultdict[str, list[int]] = defaultdict(list)
    for one in progress_of(notices):
        if one.state == State.QUEUED and one.channel in channels.direct_names():
            queued[one.channel].append(one.notice_id)
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for channel, demonstration, priority in product(queued, (False, True), Priority):
        rows = Delivery.objects.filter(
            notice_id__in=queued[channel],
            channel=channel,
            demonstration=demonstration,
            priority=priority,
            state=State.QUEUED,
            not_before__gt=now,
            waits_for=WaitsFor.MORNING,
        )
        for notice, not_before in rows.order_by("not_before").values_list("notice_id", "not_before")[:MANY]:
            found[notice].append(not_before)
    return {notice: Morning(len(times), min(times)) for notice, times in found.items()}


def waiting_channels(among: Sequence[str] | None = None, *, now: datetime) -> list[str]:
    """Those of the channels on which something is due; of all that are switched on where none are named."""
    return [
        channel
        for channel in (settings.CHANNELS if among is None else among)
        if Delivery.objects.filter(
            channel=channel, state=State.QUEUED, not_before__lte=now, expires_at__gt=now
        ).exists()
    ]
