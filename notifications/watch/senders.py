"""Senders and what became of their messages in; who fails, rests or is refused out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from notifications import backlog, database, heartbeats
from notifications.models import Bucket, Notice, State
from notifications.watch.words import Wrong, label, length_of

_LATELY: Final = timedelta(hours=6)
"""The notices of which failures are told: what a longer run needs, and nobody mends an older one."""

_MANY: Final = 50
_SHARE: Final = 0.2
"""So many deliveries that failed for good, and such a share, are no longer single wrong numbers."""

_LONG_REST: Final = timedelta(minutes=1)
"""A shorter rest is the ordinary way to keep to a provider's pace."""


def resting() -> Iterator[Wrong]:
    """The provider's own words are left out: they may name a customer."""
    moment = database.clock()
    for bucket in Bucket.objects.order_by("provider", "sender"):
        name = f"{bucket.sender} at {bucket.provider}" if bucket.sender else bucket.provider
        rest = (bucket.resting_until or moment) - moment
        if bucket.failing_since and moment - bucket.failing_since >= heartbeats.silence():
            yield Wrong(
                f"failing {bucket.provider} {bucket.sender}",
                f"Sending as {name} has failed for {length_of(moment - bucket.failing_since)}. Its messages "
                "wait, none is lost, and it is tried again by itself. The first page of the admin shows the "
                "provider's reason: mend the account, the key or the way there.",
            )
        elif rest >= _LONG_REST:
            yield Wrong(
                f"resting {bucket.provider} {bucket.sender}",
                f"Sending as {name} rests for {length_of(rest)} more, as the provider asked or its answer "
                "demanded. The first page of the admin shows its reason.",
            )


def failures(now: datetime) -> Iterator[Wrong]:
    """Per notice and channel: an average over all would hide the one that goes wrong."""
    failed: dict[tuple[int, str], int] = {}
    tried: dict[tuple[int, str], int] = {}
    for count in backlog.counts(due_after=now - _LATELY, now=now):
        key = count.notice, count.channel
        if count.state in _TRIED:
            tried[key] = tried.get(key, 0) + count.deliveries
        if count.state == State.FAILED:
            failed[key] = count.deliveries
    bad = {key: number for key, number in failed.items() if number >= max(_MANY, _SHARE * tried[key])}
    windows = dict(Notice.objects.filter(pk__in={pk for pk, _ in bad}).values_list("pk", "window"))
    for (notice, channel), number in bad.items():
        yield Wrong(
            f"failures {notice} {channel}",
            f"{label(channel)} of a notice of window {windows[notice]}: {number:,} of "
            f"{tried[notice, channel]:,} failed for good. Their reasons stand in the admin under Deliveries.",
        )


_TRIED: Final = frozenset({State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN})
