"""The moment in; what is wrong now, each in words that say what to do, out.

Asked every few seconds beside a running million, so each question is bounded and goes by an index. The
words name no customer and quote no provider: they are mailed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from notifications import backlog, database, heartbeats, notices
from notifications.backlog import MOST
from notifications.channels import open_channel
from notifications.heartbeats import CLOCK, SENDING, Pulse
from notifications.models import Bucket, ChannelName, Notice, State
from notifications.timetable import HANDS, Hand

LATE: Final = timedelta(minutes=3)
"""How long a channel with something due may send nothing; a slow sender still sends within it."""

UNSETTLED: Final = timedelta(minutes=30)
"""How long reconciliation may take: twice its longest wait."""

UNREAD: Final = timedelta(minutes=10)
"""How long a receipt may wait: its delivery was committed before the provider heard of it."""

_LATELY: Final = timedelta(hours=6)
"""The notices of which failures are told: what a longer run needs, and nobody mends an older one."""

_MANY: Final = 50
_SHARE: Final = 0.2
"""So many deliveries that failed for good, and such a share, are no longer single wrong numbers."""

_LONG_REST: Final = timedelta(minutes=1)
"""A shorter rest is the ordinary way to keep to a provider's pace."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong. `what` stays the same while it is."""

    what: str
    words: str


def wrong(*, now: datetime) -> list[Wrong]:
    """All that a person must see to."""
    pulses = heartbeats.pulses()
    return [
        *clock(pulses),
        *_workers(pulses),
        *_notices(now),
        *_due(pulses, now),
        *_senders(),
        *_failures(now),
        *_unknown(),
        *_receipts(now),
    ]


def clock(pulses: Mapping[str, Pulse]) -> Iterator[Wrong]:
    """Asked by the probes too: a dead clock raises no alarm of its own."""
    pulse = pulses.get(CLOCK)
    if pulse is None:
        yield Wrong(CLOCK, f"The clock has not ticked for an hour or more. {_CLOCK}")
    elif pulse.age > heartbeats.silence():
        yield Wrong(CLOCK, f"The clock has not ticked for {_for(pulse.age)}. {_CLOCK}")


_CLOCK: Final = (
    "Nothing is planned, prepared or sent. Start it (celery -A config beat); "
    "where it runs, see whether Redis answers it."
)


def _workers(pulses: Mapping[str, Pulse]) -> Iterator[Wrong]:
    """Only under a clock that has ticked long enough for its orders to be missed."""
    ticking = pulses.get(CLOCK)
    if ticking is None or ticking.steady < heartbeats.silence():
        return
    working = [pulse.age for hand, pulse in pulses.items() if hand != CLOCK]
    if not working or min(working) > heartbeats.silence():
        since = f"for {_for(min(working))}" if working else "for an hour or more"
        yield Wrong(
            "worker",
            f"No worker has done anything {since}. Nothing is prepared or sent, and nothing is lost. "
            "Start one (celery -A config worker); where one runs, see its log, and whether Redis answers it.",
        )
        return
    for hand in HANDS:
        pulse = pulses.get(hand.name)
        age = ticking.steady if pulse is None else pulse.age
        if age > _patience(hand):
            yield Wrong(
                f"hand {hand.name}",
                f"“{hand.name}” has not come to its end for {_for(age)}, while other work goes on. "
                "The workers' log says why.",
            )


def _patience(hand: Hand) -> timedelta:
    """It may be missed twice, and while all workers are busy sending."""
    return max(timedelta(seconds=3 * hand.seconds), 2 * heartbeats.silence())


def _notices(now: datetime) -> Iterator[Wrong]:
    if notices.stuck(now=now):
        yield Wrong(
            "notices",
            "Notices are due and not prepared, or changes have no notices yet. "
            "Where a worker runs, its log says what stops them.",
        )


def _due(pulses: Mapping[str, Pulse], now: datetime) -> Iterator[Wrong]:
    """A queue is no fault while it moves, or while its sender rests: that is told by itself."""
    ticking = pulses.get(CLOCK)
    if ticking is None or ticking.steady <= LATE:
        return
    for channel in settings.CHANNELS:
        since = backlog.due_since(channel, now=now)
        if since is None or now - since <= LATE:
            continue
        sending = pulses.get(f"{SENDING}{channel}")
        if sending and sending.idle is not None and sending.idle <= LATE:
            continue
        if not _rests(channel):
            yield Wrong(
                f"due {channel}",
                f"{_label(channel)}: the oldest message has been due for {_for(now - since)}, and none has "
                f"gone for {_for(LATE)}. See whether a worker serves this channel, and what its log says.",
            )


def _rests(channel: str) -> bool:
    with contextlib.closing(open_channel(channel, 1, demonstration=False)) as wire:
        resting = Bucket.objects.filter(provider=wire.provider, resting_until__gt=database.clock())
        return resting.filter(sender=wire.sender).exists()


def _senders() -> Iterator[Wrong]:
    moment = database.clock()
    for bucket in Bucket.objects.order_by("provider", "sender"):
        name = f"{bucket.sender} at {bucket.provider}" if bucket.sender else bucket.provider
        rest = (bucket.resting_until or moment) - moment
        if bucket.failing_since and moment - bucket.failing_since >= heartbeats.silence():
            yield Wrong(
                f"failing {bucket.provider} {bucket.sender}",
                f"Sending as {name} has failed for {_for(moment - bucket.failing_since)}. Its messages wait, "
                "none is lost, and it is tried again by itself. The first page of the admin shows the "
                "provider's reason: mend the account, the key or the way there.",
            )
        elif rest >= _LONG_REST:
            yield Wrong(
                f"resting {bucket.provider} {bucket.sender}",
                f"Sending as {name} rests for {_for(rest)} more, as the provider asked or its answer "
                "demanded. The first page of the admin shows its reason.",
            )


def _failures(now: datetime) -> Iterator[Wrong]:
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
            f"{_label(channel)} of a notice of window {windows[notice]}: {number:,} of "
            f"{tried[notice, channel]:,} failed for good. Their reasons stand in the admin under Deliveries.",
        )


_TRIED: Final = frozenset({State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN})


def _unknown() -> Iterator[Wrong]:
    moment = database.clock()
    for channel in settings.CHANNELS:
        waiting = backlog.unknown(channel)
        old = waiting.since is not None and moment - waiting.since > UNSETTLED
        # so many are left by two processes that died; more of them die, or the provider cuts us off
        if waiting.since is not None and (old or waiting.number > 2 * settings.DELIVERIES_IN_FLIGHT):
            yield Wrong(
                f"unknown {channel}",
                f"{_label(channel)}: of {_number(waiting.number)} nobody knows whether they were sent, the "
                f"oldest for {_for(moment - waiting.since)}. Receipts and the provider are asked by "
                "themselves; what they leave is decided in the admin under Unknown.",
            )


def _receipts(now: datetime) -> Iterator[Wrong]:
    waiting = backlog.receipts()
    if waiting.since is not None and now - waiting.since > UNREAD:
        yield Wrong(
            "receipts",
            f"Receipts wait ({_number(waiting.number)}), the oldest for {_for(now - waiting.since)}. Nobody "
            "works on them, or they name deliveries that are not there: was the database put back to an "
            "earlier state?",
        )


def _label(channel: str) -> str:
    return str(ChannelName(channel).label) if channel in ChannelName.values else channel


def _number(number: int) -> str:
    return f"{number:,} or more" if number >= MOST else f"{number:,}"


def _for(length: timedelta) -> str:
    """Whole seconds, minutes or hours: nobody acts on more."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 2 * 3_600 else f"{seconds // 3_600} h"
