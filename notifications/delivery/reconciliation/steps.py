"""What becomes of unknown deliveries in; written and on record, unless a receipt was quicker, out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from notifications.delivery import transitions
from notifications.delivery.database_time import not_ahead
from notifications.delivery.transitions import RANK, Act, Step
from notifications.models import Attempt, AttemptOutcome, Delivery, State

_SLICE: Final = 1_000
"""Deliveries that a person's one decision moves in one transaction."""


@dataclass(frozen=True, slots=True)
class Decision:
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
        return bool(take_steps(Act.DECIDE, [_decided(row, sent=sent, by=by, now=now)], now=now))


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
                    Q(state=State.UNKNOWN) | Q(state=State.HELD),  # each has its index
                    notice=notice,
                    channel=channel,
                    intended_at__lte=until,
                    pk__gt=last,
                )
                .order_by("pk")[:_SLICE]
            )
            decided = [_decided(row, sent=sent, by=by, now=now) for row in rows]
            moved += len(take_steps(Act.DECIDE, decided, now=now))
        if len(rows) < _SLICE:
            return moved
        last = rows[-1].pk


def _decided(row: Delivery, *, sent: bool, by: str, now: datetime) -> Decision:
    if sent:
        outcome = AttemptOutcome.TAKEN_AS_SENT
        return Decision(row, State.SENT, f"{outcome.value} by {by}", outcome, f"by {by}", sent_at=now)
    outcome = AttemptOutcome.RESENT_BY_PERSON
    return Decision(row, State.QUEUED, f"{outcome.value} by {by}", outcome, f"by {by}", not_before=now)


def take_steps(act: Act, decisions: Sequence[Decision], *, now: datetime) -> list[Decision]:
    """Write them in one statement; those that were in doubt until now, unless a receipt was quicker."""
    moved = transitions.move_each(act, [_step(one) for one in decisions])
    taken = [one for one in decisions if one.row.pk in moved]
    Attempt.objects.bulk_create(step_attempt(one.row, one.outcome, one.detail, now=now) for one in taken)
    return taken


def _step(one: Decision) -> Step:
    return Step(
        one.row.pk,
        one.state,
        one.row.attempt,
        rank=RANK.get(one.state, 0),
        reason=one.reason[:200],
        not_before=one.not_before,
        provider=one.provider,
        provider_ref=one.provider_ref,
        sent_at=one.sent_at,
    )


def step_attempt(row: Delivery, outcome: AttemptOutcome, detail: str, *, now: datetime) -> Attempt:
    """The record of a step, not yet written."""
    return Attempt(delivery_id=row.pk, number=row.attempt, at=now, outcome=outcome, detail=detail[:300])
