"""A provider's answers in; which message is whose, and what happens to those nobody found, out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from maintenance.models import Customer
from notifications import sql
from notifications.channels import UNREADABLE, class_of, open_channel
from notifications.channels.types import Channel, Found, Unreachable
from notifications.delivery.reconciliation.lookup import (
    AT_ONCE,
    Answer,
    answers_of_provider,
    claimed_unknowns,
    note_unasked,
)
from notifications.delivery.reconciliation.steps import Decision, take_steps
from notifications.delivery.transitions import Act
from notifications.models import IN_DOUBT, AttemptOutcome, Delivery, Notice, State

_CLOCKS_APART: Final = timedelta(minutes=5)


_TURN_SECONDS: Final = 20
"""How long one run begins with further questions: with the longest call behind it, it ends in time."""


def reconcile(*, now: datetime) -> int:
    """Ask about the unknown deliveries whose turn it is; how many are unknown no more.

    Some of each channel after the other, each settled at once: a provider that answers slowly leaves the
    rest to the next run, and neither its own answers nor other channels are lost over it.
    """
    moved, stop = 0, time.monotonic() + _TURN_SECONDS
    roads = list(product(settings.CHANNELS, (False, True)))
    while roads:
        asked = {road: _some(*road, now=now) for road in roads}
        moved += sum(filter(None, asked.values()))
        roads = [road for road in roads if asked[road] is not None and time.monotonic() < stop]
    return moved


def _some(channel: str, demonstration: bool, *, now: datetime) -> int | None:
    """How many of the next ones are unknown no more; None where it is nobody's turn, or none can be asked."""
    rows = claimed_unknowns(channel, demonstration=demonstration, now=now)
    if not rows:
        return None
    try:
        opened = open_channel(channel, AT_ONCE, demonstration=demonstration)
    except UNREADABLE as error:
        note_unasked(rows, dict.fromkeys((row.pk for row in rows), Unreachable(str(error))), now=now)
        return None
    with contextlib.closing(opened) as wire:
        answers = answers_of_provider(wire, rows, now=now)
        note_unasked(rows, answers, now=now)
        with transaction.atomic():
            found, doubtful = _found(wire, rows, answers)
            settled = {step.row.pk for step in found} | doubtful
            left = [row for row in rows if row.pk not in settled]
            moved = take_steps(Act.ASK, [*found, *_by_policy(left, answers, now=now)], now=now)
    return sum(step.state not in IN_DOUBT for step in moved)


def _found(
    wire: Channel, rows: Sequence[Delivery], answers: Mapping[int, Answer]
) -> tuple[list[Decision], set[int]]:
    """Each with a message of its own; and those for which this cannot be said yet.

    Where several fit, the oldest of them belongs to the oldest delivery.
    """
    found = {row.pk: answer for row in rows if isinstance(answer := answers[row.pk], Found)}
    owned = [row for row in rows if row.pk in found]
    taken, busy = _others(owned, found)
    steps = []
    doubtful = {row.pk for row in owned if row.customer_id in busy}
    for row in sorted(owned, key=_age):
        fitting = (found[row.pk].provider_ref, *found[row.pk].others)
        reference = next((one for one in fitting if one not in taken), None)
        if reference is None or row.pk in doubtful:
            continue
        if reference and row.customer_id is not None:
            taken.add(reference)
        steps.append(
            Decision(
                row,
                State.SENT,
                reason="",
                outcome=AttemptOutcome.FOUND,
                detail=reference,
                provider=wire.provider,
                provider_ref=reference,
                sent_at=row.intended_at,
            )
        )
    return steps, doubtful


def _age(row: Delivery) -> tuple[float, int]:
    return row.intended_at.timestamp() if row.intended_at else 0.0, row.pk


def _others(rows: Sequence[Delivery], found: Mapping[int, Found]) -> tuple[set[str], set[int | None]]:
    """Which of the messages found belong to other deliveries of the same customers; and the customers
    to whom something is being sent at this moment, so that nobody knows yet whose message is whose.

    Looked for by notice and customer, for which there is an index, among notices that still were true.
    """
    customers = sorted({row.customer_id for row in rows if row.customer_id is not None})
    if not customers:
        return set(), set()
    # whoever reconciles another delivery of these customers at this moment waits
    locked = Customer.objects.select_for_update(no_key=True).filter(pk__in=customers).order_by("pk")
    list(locked.values_list("pk"))
    oldest = min(row.intended_at for row in rows if row.intended_at is not None)
    references = {one for answer in found.values() for one in (answer.provider_ref, *answer.others)} - {""}
    others = (
        Delivery.objects.filter(
            Q(provider_ref__in=references) | Q(state=State.SENDING),
            notice__in=Notice.objects.filter(true_until__gte=oldest - _CLOCKS_APART).values("pk"),
            channel=rows[0].channel,
            customer__in=customers,
        )
        .exclude(pk__in=found)
        .values_list("provider_ref", "state", "customer")
    )
    taken = {reference for reference, state, _ in others if state != State.SENDING}
    return taken, {customer for _, state, customer in others if state == State.SENDING}


def _by_policy(rows: Sequence[Delivery], answers: Mapping[int, Answer], *, now: datetime) -> list[Decision]:
    """What happens to those that nobody found, once they have waited long enough."""
    waited = sql.database_now() - timedelta(seconds=settings.UNKNOWN_WAIT_SECONDS)
    steps = []
    for row in rows:
        answer = answers[row.pk]
        if isinstance(answer, Exception) and not isinstance(answer, LookupError):
            continue  # it was not asked about, so nothing is known
        if row.intended_at is None or row.intended_at > waited:
            continue
        if class_of(row.channel).resends_unknown and row.expires_at > now:
            detail = "not found; the policy of the channel is to send again"
            reason = "sent again: not known to have arrived"
            steps.append(
                Decision(row, State.QUEUED, reason, AttemptOutcome.RESENT_BY_POLICY, detail, not_before=now)
            )
        else:
            detail = "not found; the policy of the channel is to hold"
            reason = "held: not known to have arrived; a person decides"
            steps.append(Decision(row, State.HELD, reason, AttemptOutcome.HELD, detail))
    return steps
