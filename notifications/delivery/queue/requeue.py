"""Failed deliveries in; in the queue again, because the fault was ours or a person says so, out.

Each move is fenced: by the notice, whose row is locked first and says whether it was withdrawn, by the state
and by the attempt. The rank stays, so that what a provider still says of that attempt counts. Both may be
done any number of times, by any number of processes, and go on where one died.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications.delivery import rate_limits, transitions
from notifications.delivery.database_time import not_ahead
from notifications.delivery.transitions import Act
from notifications.models import (
    Attempt,
    AttemptOutcome,
    Bucket,
    Delivery,
    Notice,
    Refusal,
    State,
    Tally,
    WaitsFor,
)

_SLICE: Final = 1_000
"""Deliveries of one transaction."""
_REPORTED_TRIES: Final = 3
"""Attempts of a delivery after which what is reported of our account leaves it failed, for a person to send
again: each of them was taken, and may be paid for, by a provider that reaches nobody."""


def put_back(*, now: datetime) -> int:
    """Queue again what failed for a refusal that has turned out to be ours; how many.

    That is what so many people in a row were refused for, and what the provider reported of our account;
    the latter goes back twice at most.
    """
    moved = 0
    reported = Exists(Refusal.objects.filter(bucket=OuterRef("pk"), reported=True))
    for bucket in Bucket.objects.filter(Q(refused__gte=settings.REFUSALS_IN_A_ROW) | reported):
        run = Refusal.objects.filter(bucket=bucket)
        ours = run.filter(Q(code__in=rate_limits.too_many(run)) | Q(reported=True))
        read = list(ours.values_list("pk", "delivery_id", "attempt", "reported"))
        attempts = {
            delivery: attempt
            for _, delivery, attempt, reported in read
            if not reported or attempt < _REPORTED_TRIES
        }
        failed = Delivery.objects.filter(pk__in=attempts, state=State.FAILED)
        for notice, ids in _by_notice(failed):
            moved += _put_back(notice, {pk: attempts[pk] for pk in ids}, now=now)
        _forget(bucket, {pk: attempt for pk, _, attempt, reported in read if reported})
    return moved


def send_again(notice: int, channel: str, code: str, *, until: datetime, by: str, now: datetime) -> int:
    """Queue again what failed on a channel for one reason by `until` and is still true; how many.

    Who has opted out meanwhile is found when it is sent, as always.
    """
    now = not_ahead(now)
    failed = _shown(channel, code, until).filter(notice=notice)
    moved, last = 0, 0
    while True:
        with transaction.atomic():
            rows = _held(notice, failed.filter(pk__gt=last), now=now)
            _queue(rows, _Return(Act.SEND_AGAIN, WaitsFor.NOTHING, now, f"sent again by {by}"), now=now)
        moved += len(rows)
        if len(rows) < _SLICE:
            return moved
        last = rows[-1].pk


def send_all_again(channel: str, code: str, *, until: datetime, by: str, now: datetime) -> int:
    """The same for every notice that is still true: one setting of ours fails on all of them."""
    now = not_ahead(now)
    live = Tally.objects.filter(channel=channel, state=State.FAILED, notice__true_until__gt=now)
    failed = _shown(channel, code, until).filter(notice__in=set(live.values_list("notice", flat=True)))
    notices = failed.order_by("notice").values_list("notice", flat=True).distinct()
    return sum(send_again(notice, channel, code, until=until, by=by, now=now) for notice in list(notices))


def _shown(channel: str, code: str, until: datetime) -> QuerySet[Delivery]:
    """What whoever looked at the failures at that time saw of them."""
    return Delivery.objects.filter(
        channel=channel, code=code, state=State.FAILED, settled_at__lte=until, demonstration=False
    )


def _by_notice(failed: QuerySet[Delivery]) -> Iterator[tuple[int, Sequence[int]]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for pk, notice in failed.order_by("pk").values_list("pk", "notice"):
        found[notice].append(pk)
    for notice, ids in sorted(found.items()):
        yield from ((notice, ids[start : start + _SLICE]) for start in range(0, len(ids), _SLICE))


def _put_back(notice: int, attempts: Mapping[int, int], *, now: datetime) -> int:
    """`attempts` are those that were refused: a later one is another question.

    They wait, so that it is others who try whether the sender is well again.
    """
    with transaction.atomic():
        rows = _held(notice, Delivery.objects.filter(pk__in=attempts, state=State.FAILED), now=now)
        rows = [row for row in rows if row.attempt == attempts[row.pk]]
        later: defaultdict[datetime, list[Delivery]] = defaultdict(list)
        for row in rows:
            later[now + _pause(row.attempt)].append(row)
        for not_before, group in later.items():
            words = "the fault was not the customer's"
            _queue(group, _Return(Act.PUT_BACK, WaitsFor.SENDER, not_before, words), now=now)
    return len(rows)


def _forget(bucket: Bucket, reported: Mapping[int, int]) -> None:
    """Refusals that were worked on, with the attempt they were read with: that of a later one stays."""
    ids = sorted(reported)
    for start in range(0, len(ids), _SLICE):
        part = ids[start : start + _SLICE]
        with transaction.atomic():
            Bucket.objects.select_for_update().get(pk=bucket.pk)  # as whoever lengthens the run
            now_there = Refusal.objects.filter(pk__in=part).order_by("pk").values_list("pk", "attempt")
            same = [pk for pk, attempt in now_there if attempt == reported[pk]]
            Refusal.objects.filter(pk__in=same).delete()


def _pause(attempt: int) -> timedelta:
    waits = settings.RETRY_SECONDS
    return timedelta(seconds=waits[min(max(attempt, 1), len(waits)) - 1])


def _held(notice: int, failed: QuerySet[Delivery], *, now: datetime) -> list[Delivery]:
    """Those that are still true, locked; none of a notice that was withdrawn."""
    stands = Notice.objects.select_for_update(no_key=True).filter(pk=notice, withdrawn=False)
    if not stands.exists():
        return []
    return list(failed.filter(expires_at__gt=now).select_for_update().order_by("pk")[:_SLICE])


@dataclass(frozen=True, slots=True)
class _Return:
    """Why something goes back to the queue, and what it then waits for until when."""

    act: Act
    waits_for: WaitsFor
    not_before: datetime
    words: str


def _queue(rows: Sequence[Delivery], back: _Return, *, now: datetime) -> None:
    for reason in {row.reason for row in rows}:
        same = Delivery.objects.filter(pk__in=[row.pk for row in rows if row.reason == reason])
        transitions.move(
            same,
            back.act,
            State.FAILED,
            State.QUEUED,
            not_before=back.not_before,
            waits_for=back.waits_for,
            settled_at=None,
            reason=f"{back.words}; before: {reason}"[:200],
        )
    Attempt.objects.bulk_create(
        Attempt(
            delivery_id=row.pk,
            number=row.attempt,
            at=now,
            outcome=AttemptOutcome.REQUEUED,
            code=row.code,
            detail=back.words[:300],
        )
        for row in rows
    )
