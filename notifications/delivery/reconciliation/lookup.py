"""Unknown deliveries whose turn it is in; what their provider answers, many at once, out.

One question for each: a list by time would leave out what still waits at the provider, and to take
a message for never sent is the one fault that may not happen here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from django.conf import settings
from django.db import transaction

from notifications import sql
from notifications.channels.types import Channel, Found, Message, Unreachable
from notifications.delivery import composition
from notifications.delivery.reconciliation.steps import step_attempt
from notifications.models import Attempt, AttemptOutcome, Delivery, State

log = logging.getLogger(__name__)

AT_ONCE: Final = 16

_BATCH: Final = AT_ONCE
"""Questions whose answers are settled together: what one that hangs keeps waiting."""

_TURNS: Final = 8
"""How often each is asked about until its policy decides."""

Answer: TypeAlias = Found | Exception | None


def claimed_unknowns(channel: str, *, demonstration: bool, now: datetime) -> list[Delivery]:
    """Those that are asked about now. Their next turn is set first: one that cannot be settled, or a
    process that dies over it, must not keep the others from being asked about.
    """
    with transaction.atomic():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(
                channel=channel,
                state=State.UNKNOWN,
                demonstration=demonstration,
                intended_at__lte=sql.database_now() - timedelta(seconds=settings.RECEIPT_FIRST_SECONDS),
                not_before__lte=now,
                waits_for__isnull=False,  # of an earlier version, and perhaps held in its way
            )
            .order_by("not_before", "pk")[:_BATCH]
        )
        again = now + timedelta(seconds=settings.UNKNOWN_WAIT_SECONDS) / _TURNS
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(not_before=again)
    return rows


def answers_of_provider(wire: Channel, rows: Sequence[Delivery], *, now: datetime) -> dict[int, Answer]:
    """The provider's answer for each, or what went wrong with it. The threads know no database."""
    questions = {row.pk: _question(row, now=now) for row in rows}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"{wire.provider}-ask") as threads:
        asked = {row.pk: threads.submit(_answer, wire, questions[row.pk], row.intended_at) for row in rows}
        return {pk: answer.result() for pk, answer in asked.items()}


def _question(row: Delivery, *, now: datetime) -> Message | Exception | None:
    try:
        return composition.message_again(row, now=now)
    except Exception as error:  # whatever it is, the others must not wait for it
        log.exception("delivery %s cannot be asked about; it is tried again", row.public_id)
        return error


def _answer(wire: Channel, message: Message | Exception | None, since: datetime | None) -> Answer:
    if isinstance(message, Exception):
        return message
    if message is None or since is None:
        return None
    try:
        return wire.find(message, since)
    except (Unreachable, LookupError) as error:
        return error
    except Exception as error:  # as above
        log.exception("delivery %s cannot be reconciled; it is tried again", message.delivery)
        return error


def note_unasked(rows: Sequence[Delivery], answers: Mapping[int, Answer], *, now: datetime) -> None:
    """That the provider could not be asked is on record once for each attempt."""
    unasked = {row.pk: row for row in rows if isinstance(answers[row.pk], Unreachable)}
    outcome = AttemptOutcome.COULD_NOT_ASK
    noted = set(
        Attempt.objects.filter(delivery_id__in=unasked, outcome=outcome).values_list("delivery_id", "number")
    )
    Attempt.objects.bulk_create(
        step_attempt(row, outcome, str(answers[row.pk]), now=now)
        for row in unasked.values()
        if (row.pk, row.attempt) not in noted
    )
