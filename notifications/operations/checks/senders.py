"""Senders and what became of their messages in; who fails, rests or is refused out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from notifications import channels, sql
from notifications.delivery import rate_limits
from notifications.models import IN_DOUBT, Bucket, Notice, State
from notifications.operations import heartbeats
from notifications.operations.checks.findings import Finding, length_of
from notifications.operations.queries import backlog

_LATELY: Final = timedelta(hours=6)
"""For so long after it was due failures of a notice are told of which nothing is left to send."""

_MANY: Final = 50
_SHARE: Final = 0.2
"""So many deliveries that failed for good, and such a share, are no longer single wrong numbers."""

_NOT_TRIED: Final = timedelta(seconds=rate_limits.PATIENCE) + timedelta(minutes=1)
"""A rest that is over for longer was not followed by a try: what is due has only just come."""

_LONG_REST: Final = timedelta(minutes=1)
"""A shorter rest is the ordinary way to keep to a provider's pace."""


def resting_senders(now: datetime) -> Iterator[Finding]:
    """Of the senders in use, those that keep messages waiting.

    Where nothing waits nobody is kept waiting, and nothing is tried that could show that all is well again:
    the next message does. The provider's own words are left out: they may name a customer.
    """
    found = {wrong.what: wrong for channel in settings.CHANNELS for wrong in _hindered(channel, now)}
    yield from found.values()


def sender_stands(channel: str, *, now: datetime) -> bool:
    """Whether a channel's queue stands because its sender rests or fails."""
    bucket, moment = _bucket(channel), sql.database_now()
    if bucket is None:
        return False
    return _rest(bucket, moment) > timedelta(0) or _fails(bucket, channel, moment, now)


def _hindered(channel: str, now: datetime) -> Iterator[Finding]:
    bucket, moment = _bucket(channel), sql.database_now()
    if bucket is None:
        return
    name = f"{bucket.sender} at {bucket.provider}" if bucket.sender else bucket.provider
    rest = _rest(bucket, moment)
    if bucket.failing_since and _fails(bucket, channel, moment, now):
        yield Finding(
            f"failing {bucket.provider} {bucket.sender}",
            f"Sending as {name} has failed for {length_of(moment - bucket.failing_since)}. Its messages "
            "wait, none is lost, and it is tried again by itself. The first page of the admin shows the "
            "provider's reason: mend the account, the key or the way there.",
        )
    elif rest >= _LONG_REST and backlog.has_queued(channel):
        yield Finding(
            f"resting {bucket.provider} {bucket.sender}",
            f"Sending as {name} rests for {length_of(rest)} more, as the provider asked or its answer "
            "demanded. The first page of the admin shows its reason.",
        )


def _bucket(channel: str) -> Bucket | None:
    who = rate_limits.sender_of(channel)
    return Bucket.objects.filter(provider=who.provider, sender=who.name).first() if who else None


def _rest(bucket: Bucket, moment: datetime) -> timedelta:
    return (bucket.resting_until or moment) - moment


def _fails(bucket: Bucket, channel: str, moment: datetime, now: datetime) -> bool:
    """For what it has to send: by its last try, where something is due and so tried, else by what waits."""
    if bucket.failing_since is None or moment - bucket.failing_since < heartbeats.silence_limit():
        return False
    due = backlog.due_since(channel, now=now, demonstrations=[False]) is not None
    if due or backlog.is_sending(channel):
        return _rest(bucket, moment) > -_NOT_TRIED
    return backlog.has_queued(channel)


def sender_failures(now: datetime) -> Iterator[Finding]:
    """Per notice and channel: an average over all would hide the one that goes wrong.

    As long as it goes on, or has just been sent; what was withdrawn or is true no longer nobody can mend.
    """
    live = Notice.objects.filter(
        status__in=(Notice.Status.PREPARING, Notice.Status.PREPARED), due_at__lte=now, true_until__gt=now
    )
    notices = {notice.pk: notice for notice in live}
    numbers: defaultdict[tuple[int, str], Counter[State]] = defaultdict(Counter)
    for count in backlog.counts_of(notices):
        numbers[count.notice, count.channel][count.state] += count.deliveries
    for (pk, channel), states in numbers.items():
        failed, tried = states[State.FAILED], sum(states[state] for state in _TRIED)
        goes_on = sum(states[state] for state in _TO_GO) > 0 or notices[pk].due_at > now - _LATELY
        if goes_on and failed >= max(_MANY, _SHARE * tried):
            yield Finding(
                f"failures {pk} {channel}",
                f"{channels.label_of(channel)} of a notice of window {notices[pk].window_id}: {failed:,} of "
                f"{tried:,} failed for good. Their reasons stand in the admin under Failed, "
                "where they can be sent again once the reason is mended.",
            )


_TO_GO: Final = (State.QUEUED, State.SENDING, State.BY_HAND)
_TRIED: Final = frozenset({State.SENT, State.DELIVERED, State.FAILED, *IN_DOUBT})
