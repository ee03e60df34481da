"""What a provider answered in; the delivery settled, to be retried, or in doubt, out."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from notifications.contract import Class, Outcome
from notifications.deliveries import BY_HAND, RANK, Claimed, suppress
from notifications.models import Attempt, Delivery, State, Suppression

log = logging.getLogger(__name__)

_BACKOFF: Final = (30, 120, 480, 1800)
"""Seconds before the next try; an hour from then on. Full jitter is added up to the same again."""


_CERTAIN: Final = frozenset({Class.ACCEPTED, Class.PERMANENT, Class.OPT_OUT})
_TRIES: Final = 3
_UNWRITABLE: Final = (DatabaseError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome with what the row must remember of the message it belongs to."""

    held: Claimed
    outcome: Outcome
    text_hash: bytes
    segments: int


def settle(results: Sequence[Settled], *, now: datetime) -> int:
    """Write the outcomes, fenced by the lease; how many rows took them.

    All in one transaction; where that fails (a deadlock, an answer that the database refuses), each by
    itself, so that one cannot take the others along. What cannot be written at all stays `sending`
    and becomes `unknown` when its lease ends.
    """
    try:
        with transaction.atomic():
            return sum(_one(result, now=now) for result in sorted(results, key=lambda one: one.held.id))
    except _UNWRITABLE:
        log.warning("%d outcomes could not be written together; one by one now", len(results), exc_info=True)
    return sum(_alone(result, now=now) for result in results)


def _alone(result: Settled, *, now: datetime) -> int:
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _one(result, now=now)
        except _UNWRITABLE:
            log.exception("the outcome of delivery %s could not be written", result.held.public_id)
    return 0


def _one(result: Settled, *, now: datetime) -> int:
    held, outcome = result.held, result.outcome
    mine = Q(lease_token=held.token, state=State.SENDING)
    if outcome.result in _CERTAIN:
        # swept as in doubt meanwhile, and no doubt any more: as good as a receipt of this attempt
        mine |= Q(state=State.UNKNOWN, attempt=held.attempt)
    taken = (
        Delivery.objects.filter(pk=held.id)
        .filter(mine)
        .update(**_after(result, now=now), lease_token=None, lease_until=None)
    )
    if outcome.result is not Class.ACCEPTED:
        _record(held.id, held.attempt, outcome, now=now)
    if taken and outcome.result is Class.OPT_OUT and held.address_hmac:
        suppress(held.channel, held.address_hmac, Suppression.Reason.OPT_OUT, now=now)
    return taken


def _after(result: Settled, *, now: datetime) -> dict[str, Any]:
    """The columns that an outcome changes."""
    outcome, held = result.outcome, result.held
    carried = {
        "provider": outcome.provider,
        "provider_ref": outcome.provider_ref,
        "text_hash": result.text_hash,
        "segments": result.segments,
    }
    reason = " ".join(filter(None, (outcome.code, outcome.detail)))[:200]
    match outcome.result:
        case Class.ACCEPTED:
            return carried | {
                "state": State.SENT,
                "rank": RANK[State.SENT],
                "sent_at": now,
                "reason": "",
            }
        case Class.PERMANENT | Class.OPT_OUT:
            return carried | {
                "state": State.FAILED,
                "rank": RANK[State.FAILED],
                "settled_at": now,
                "reason": reason or outcome.result.value,
            }
        case Class.UNKNOWN:
            return carried | {
                "state": State.UNKNOWN,
                "rank": RANK[State.UNKNOWN],
                "reason": reason,
            }
        case Class.BY_HAND:
            return {
                "state": State.QUEUED,
                "provider": BY_HAND,
                "not_before": F("expires_at"),
                "reason": "waiting for a person to post it",
            }
        case Class.NOT_PROCESSED | Class.CONFIGURATION:
            wait = timedelta(seconds=outcome.retry_after or _pause(held.attempt))
            return {
                "state": State.QUEUED,
                "not_before": now + wait,
                "reason": reason or outcome.result.value,
            }


def _pause(attempt: int) -> float:
    seconds = _BACKOFF[attempt - 1] if attempt <= len(_BACKOFF) else 3_600
    return seconds + random.uniform(0, seconds)  # jitter only


def _record(delivery_id: int, number: int, outcome: Outcome, *, now: datetime) -> None:
    Attempt.objects.create(
        delivery_id=delivery_id,
        number=number,
        at=now,
        outcome=outcome.result.value,
        code=outcome.code[:40],
        detail=outcome.detail[:300],
    )
