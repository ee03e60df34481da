"""What a provider answered in; the delivery settled, to be retried, or in doubt, out."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from notifications.contract import Class, Outcome
from notifications.deliveries import BY_HAND, RANK, Claimed, suppress
from notifications.models import Attempt, Delivery, State, Suppression

_BACKOFF: Final = (30, 120, 480, 1800)
"""Seconds before the next try; an hour from then on. Full jitter is added up to the same again."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome with what the row must remember of the message it belongs to."""

    held: Claimed
    outcome: Outcome
    text_hash: bytes
    segments: int


def settle(results: Iterable[Settled], *, now: datetime) -> int:
    """Write the outcomes, fenced by the lease; how many rows took them.

    A row that a receipt has settled already, or that was swept away from a process thought dead,
    keeps what it has.
    """
    taken = 0
    with transaction.atomic():
        for result in results:
            changes = _after(result, now=now)
            updated = Delivery.objects.filter(
                pk=result.held.id, lease_token=result.held.token, state=State.SENDING
            ).update(**changes, lease_token=None, lease_until=None)
            taken += updated
            if result.outcome.result is not Class.ACCEPTED:
                _record(result.held.id, result.held.attempt, result.outcome, now=now)
            if updated and result.outcome.result is Class.OPT_OUT and result.held.address_hmac:
                suppress(
                    result.held.channel,
                    result.held.address_hmac,
                    Suppression.Reason.OPT_OUT,
                    now=now,
                )
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
                "not_before": held.expires_at,
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
