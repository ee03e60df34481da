"""Refusals in; those of a sender in a row, and the rest that begins where they are too many, out.

A run is all that a sender was refused since one of its messages was last taken, by all processes together.
One person's refusal may be her own; the same for many different people in a row is ours, whatever its code
is known to mean. It costs a taken message nothing: that a run is open is told with what a sender may send.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from notifications import sql
from notifications.delivery.rate_limits.backoff import LONGEST_REST, PATIENCE, REPORTS_LAST, begin_rest
from notifications.delivery.rate_limits.bucket import Sender, make_bucket, rested_senders, rows_of
from notifications.models import Bucket, Delivery, Refusal, State

_REST: Final = 2.0 * settings.REST_SECONDS
"""Seconds of the first rest: as long as after a wrong key."""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """One person's message that was refused, in the provider's words."""

    delivery: int
    customer: int
    attempt: int
    code: str
    words: str


def note_refusals(who: Sender, refused: Sequence[RefusedMessage]) -> None:
    """Lengthen the sender's run, as part of the caller's transaction; if it is too long the sender rests."""
    if not refused:
        return
    bucket = _locked(who)
    _keep(bucket, refused)
    many = too_many(Refusal.objects.filter(bucket=bucket))
    last = {one.code: one for one in refused}
    for code, people in many.items():
        if code in last:
            words = f"refused for {people:,} people in a row: {code} {last[code].words}".rstrip()
            begin_rest(who, _REST, words, failing=True, longest=LONGEST_REST)


def note_reported(who: Sender, refused: Sequence[RefusedMessage]) -> None:
    """The same for what is reported later and speaks of us: one is enough, and the sender rests."""
    if refused:
        _keep(_locked(who), refused, reported=True)
        rest_as_told(who, refused[-1].code)


def rest_as_told(who: Sender, words: str) -> None:
    """A failure that was reported later demands a rest. Part of the caller's transaction.

    Such rests grow though messages are taken between them: until an hour has passed without a report.
    """
    begin_rest(who, _REST, f"reported by the provider: {words}", failing=True, longest=LONGEST_REST)
    rows_of(who).update(reported_at=sql.now_there())


def too_many(run: QuerySet[Refusal]) -> dict[str, int]:
    """The codes that so many different people of a run got that they are ours, each with their number."""
    counted = run.filter(reported=False).values("code").annotate(people=Count("customer_id", distinct=True))
    found = counted.filter(people__gte=settings.REFUSALS_IN_A_ROW).values_list("code", "people")
    return dict(found.order_by("code"))


def end_run(who: Sender, *, now: datetime) -> None:
    """A message was taken: nothing is in a row any more.

    What was put off for a refusal that was ours waits no longer. Part of the caller's transaction.
    """
    run = Refusal.objects.filter(bucket__in=rows_of(who), reported=False)
    ours = too_many(run)
    if ours:
        put_off = list(run.filter(code__in=ours).values_list("delivery_id", flat=True))
        waiting = Delivery.objects.filter(pk__in=put_off, state=State.QUEUED, not_before__gt=now)
        held = waiting.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True)
        Delivery.objects.filter(pk__in=list(held)).update(not_before=now)
    run.delete()


def _locked(who: Sender) -> Bucket:
    """Two processes that count at the same moment must not each miss the other's."""
    make_bucket(who)
    return rows_of(who).select_for_update().get()


def _keep(bucket: Bucket, refused: Iterable[RefusedMessage], *, reported: bool = False) -> None:
    rows = [
        Refusal(
            bucket=bucket,
            delivery_id=one.delivery,
            customer_id=one.customer,
            attempt=one.attempt,
            code=one.code[:40],
            reported=reported,
        )
        for one in sorted(refused, key=lambda one: one.delivery)
    ]
    Refusal.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["delivery_id"],
        update_fields=["bucket", "attempt", "code", "reported"],
    )
    bucket.refused = Refusal.objects.filter(bucket=bucket, reported=False).count()
    bucket.save(update_fields=["refused"])


def note_taken(who: Sender, *, now: datetime) -> None:
    """A message was accepted: the sender is well. One that was under way before the rest says nothing."""
    sql.when_back(lambda: _taken(who, now), PATIENCE)


def _taken(who: Sender, now: datetime) -> None:
    grows = When(reported_at__gt=sql.now_there() - REPORTS_LAST, then=F("failures"))
    failures = Case(grows, default=Value(0))
    unwell = Q(failing_since__isnull=False) | Q(refused__gt=0)
    with transaction.atomic():
        ended = rested_senders(rows_of(who)).filter(unwell)
        if ended.update(failing_since=None, failures=failures, reason="", refused=0):
            end_run(who, now=now)
