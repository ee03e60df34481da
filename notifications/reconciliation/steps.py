"""What becomes of unknown deliveries in; written and on record, unless a receipt was quicker, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from notifications import database
from notifications.database_time import not_ahead
from notifications.deliveries import RANK
from notifications.models import Attempt, AttemptOutcome, Delivery, State

_SLICE: Final = 1_000
"""Deliveries that a person's one decision moves in one transaction."""

_DELIVERY: Final = Delivery._meta.db_table
_MOVED: Final = {
    "id": "bigint",
    "attempt": "integer",
    "state": "smallint",
    "rank": "smallint",
    "reason": "text",
    "provider": "text",
    "provider_ref": "text",
    "not_before": "timestamptz",
    "sent_at": "timestamptz",
}
_WHERE_GIVEN: Final = ("provider", "provider_ref", "not_before", "sent_at")


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one delivery, and what of it stands on record. None leaves a column as it is."""

    row: Delivery
    state: State
    reason: str
    outcome: AttemptOutcome
    detail: str
    provider: str | None = None
    provider_ref: str | None = None
    not_before: datetime | None = None
    sent_at: datetime | None = None


def resent(notices: Iterable[int]) -> int:
    """How many messages of these notices were sent again by policy, not known to have arrived.

    Counted apart, because their customers may have the mail twice.
    """
    theirs = Delivery.objects.filter(notice__in=list(notices)).values("pk")
    return Attempt.objects.filter(outcome=AttemptOutcome.RESENT_BY_POLICY, delivery_id__in=theirs).count()


def release(row: Delivery, *, sent: bool, by: str, now: datetime) -> bool:
    """A person decides on an unknown delivery: it was sent, or it is to be sent again.

    False where a receipt, or another person, was quicker.
    """
    now = not_ahead(now)
    with transaction.atomic():
        return bool(take([_decided(row, sent=sent, by=by, now=now)], now=now))


def release_all(notice: int, channel: str, *, until: datetime, sent: bool, by: str, now: datetime) -> int:
    """The same for all of a notice on a channel whose attempt was made by `until`; how many it moved.

    A later attempt has a later intent, so it is another question and is left alone.
    """
    now, moved, last = not_ahead(now), 0, 0
    while True:
        with transaction.atomic():
            rows = list(
                Delivery.objects.select_for_update()
                .filter(
                    notice=notice, channel=channel, state=State.UNKNOWN, intended_at__lte=until, pk__gt=last
                )
                .order_by("pk")[:_SLICE]
            )
            moved += len(take([_decided(row, sent=sent, by=by, now=now) for row in rows], now=now))
        if len(rows) < _SLICE:
            return moved
        last = rows[-1].pk


def _decided(row: Delivery, *, sent: bool, by: str, now: datetime) -> Step:
    if sent:
        outcome = AttemptOutcome.TAKEN_AS_SENT
        return Step(row, State.SENT, f"{outcome.value} by {by}", outcome, f"by {by}", sent_at=now)
    outcome = AttemptOutcome.RESENT_BY_PERSON
    return Step(row, State.QUEUED, f"{outcome.value} by {by}", outcome, f"by {by}", not_before=now)


def take(steps: Sequence[Step], *, now: datetime) -> list[Step]:
    """Write them in one statement; those that were unknown until now, unless a receipt was quicker."""
    if not steps:
        return []
    given = database.rows(_MOVED, [_values(step) for step in steps])
    rows = database.in_order(sorted(step.row.pk for step in steps))
    # a sum, because the planner takes a small partial index by state for better than the primary key
    still = f"{_DELIVERY}.state + 0 = {State.UNKNOWN:d}"
    sets = ["state = given.state", "rank = given.rank", "reason = given.reason"]
    sets += [f"{name} = COALESCE(given.{name}, {_DELIVERY}.{name})" for name in _WHERE_GIVEN]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS MATERIALIZED ({given.sql}),"
            f" mine AS MATERIALIZED (SELECT id FROM {_DELIVERY} WHERE {still} AND {rows.sql})"
            f" UPDATE {_DELIVERY} SET {', '.join(sets)} FROM mine JOIN given ON given.id = mine.id"
            f" WHERE {_DELIVERY}.id = mine.id AND {_DELIVERY}.attempt = given.attempt AND {still}"
            f" RETURNING {_DELIVERY}.id",
            [*given.parameters, *rows.parameters],
        )
        moved = {row[0] for row in cursor.fetchall()}
    taken = [step for step in steps if step.row.pk in moved]
    Attempt.objects.bulk_create(attempt(step.row, step.outcome, step.detail, now=now) for step in taken)
    return taken


def _values(step: Step) -> tuple[object, ...]:
    values = {
        "id": step.row.pk,
        "attempt": step.row.attempt,
        "state": int(step.state),
        "rank": RANK.get(step.state, 0),
        "reason": step.reason[:200],
    }
    return tuple(values.get(name, getattr(step, name, None)) for name in _MOVED)


def attempt(row: Delivery, outcome: AttemptOutcome, detail: str, *, now: datetime) -> Attempt:
    """The record of a step, not yet written."""
    return Attempt(delivery_id=row.pk, number=row.attempt, at=now, outcome=outcome, detail=detail[:300])
