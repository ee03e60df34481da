"""A channel in; what stands in line at its sender, the first one first, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum

from maintenance.models import NoticeKind
from notifications.channels import class_of
from notifications.models import IN_DOUBT, Notice, State, Tally, Text
from notifications.wording import segments

_TO_GO: Final = (State.QUEUED, State.SENDING)
_GONE: Final = (State.SENT, State.DELIVERED, State.FAILED, *IN_DOUBT)
_LIVE: Final = (Notice.Status.PREPARING, Notice.Status.PREPARED)
_URGENT: Final = (NoticeKind.CANCELLED, NoticeKind.RESCHEDULED)

Pieces = Mapping[int, Mapping[str, int]]
"""Of each notice, by its number: how many SMS segments or mails it has on each channel."""


@dataclass(frozen=True, slots=True)
class Place:
    """One notice in line: what of it is still to go, and since or from when it may."""

    notice: Notice
    pieces: int
    ready_at: datetime


def queue_places(channel: str, notices: Sequence[Notice], coming: Pieces, *, now: datetime) -> list[Place]:
    """What is in the queue, these notices, and those of other windows that go out before them."""
    live = Notice.objects.filter(status__in=_LIVE, true_until__gt=now).select_related("window")
    running = {notice.pk: notice for notice in live}
    queued = [
        Place(running[pk], pieces, min(running[pk].due_at, now))
        for pk, pieces in _sums(channel, running, _TO_GO).items()
        if pieces
    ]
    own = [
        Place(notice, pieces, max(notice.due_at, now))
        for notice in notices
        if notice.pk not in running and (pieces := coming.get(notice.pk, {}).get(channel, 0))
    ]
    found = [*queued, *own, *_others(channel, own, now)]
    return sorted(found, key=lambda place: _order(place, now))


def handed_over(channel: str, notices: Iterable[int]) -> dict[int, int]:
    """How many pieces of each notice have been handed to a provider."""
    return _sums(channel, notices, _GONE)


def _order(place: Place, now: datetime) -> tuple[bool, bool, datetime, int]:
    """What waits already goes first, and of that what is urgent."""
    waits = place.ready_at <= now
    return not waits, not (waits and place.notice.kind in _URGENT), place.ready_at, place.notice.pk


def _others(channel: str, own: Sequence[Place], now: datetime) -> list[Place]:
    """Plans of other windows that are due before the last of ours: they may reach everybody expected."""
    if not own:
        return []
    until = max(place.ready_at for place in own)
    ours = {place.notice.window_id for place in own}
    plans = Notice.objects.filter(status=Notice.Status.PLANNED, due_at__lte=until, true_until__gt=now)
    planned = [
        notice
        for notice in plans.exclude(window__in=ours).select_related("window")
        if channel in notice.channels and notice.window.expected_customers
    ]
    sizes: dict[int, int] = defaultdict(lambda: 1)
    if class_of(channel).counts_segments:
        written = Text.objects.filter(notice__in=planned, channel=channel, variant="")
        for pk, body in written.values_list("notice_id", "body"):
            sizes[pk] = max(sizes[pk], segments.counted_segments(body).segments)
    return [
        Place(notice, (notice.window.expected_customers or 0) * sizes[notice.pk], max(notice.due_at, now))
        for notice in planned
    ]


def _sums(channel: str, notices: Iterable[int], states: Sequence[State]) -> dict[int, int]:
    """Pieces by notice; a message whose segments are not counted yet is one."""
    rows = Tally.objects.filter(notice__in=list(notices), channel=channel, state__in=states, outbox=False)
    sums = rows.order_by().values("notice_id").annotate(pieces=Sum("segments"), messages=Sum("deliveries"))
    return {row["notice_id"]: max(row["pieces"], row["messages"]) for row in sums}
