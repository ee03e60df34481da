"""What a provider answered in; the delivery settled, to be retried, or in doubt, out."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction

from notifications import sql
from notifications.channels.types import Outcome, Verdict
from notifications.delivery import rate_limits, transitions
from notifications.delivery.queue import Claimed
from notifications.delivery.rate_limits import RefusedMessage, Sender
from notifications.delivery.suppression import suppress
from notifications.delivery.transitions import RANK, Act, Step, Terms
from notifications.models import Attempt, AttemptOutcome, State, Suppression, WaitsFor

log = logging.getLogger(__name__)

_TRIES: Final = 3
_LONGEST_TURN: Final = 1.5 * rate_limits.LONGEST_REST
"""Seconds for which one that shows that its sender is not well yet makes room for others."""
_PATIENCE: Final = 30.0
"""Seconds for which outcomes are kept while the database restarts: lost, they would be in doubt."""
UNWRITABLE: Final = (DatabaseError, InterfaceError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome and the delivery it is of."""

    held: Claimed
    outcome: Outcome


def settle(results: Sequence[Settled], *, now: datetime, sender: Sender | None = None) -> int:
    """Write the outcomes, fenced by the lease; how many rows took them.

    `sender` is whose run of refusals they lengthen, where they were sent by one.

    All in one transaction; where that fails (a deadlock, an answer that the database refuses), each by
    itself, so that one cannot take the others along. What cannot be written at all stays `sending`
    and becomes `unknown` when its lease ends.
    """
    try:
        return kept_until_back(lambda: _together(results, now=now, sender=sender))
    except UNWRITABLE:
        log.warning("%d outcomes could not be written together; one by one now", len(results), exc_info=True)
    return sum(_alone(result, now=now, sender=sender) for result in results)


def kept_until_back(work: Callable[[], sql.Result]) -> sql.Result:
    """Do it; where the database restarts, as long as outcomes are kept, once it is back."""
    return sql.when_back(work, _PATIENCE)


def _together(results: Sequence[Settled], *, now: datetime, sender: Sender | None) -> int:
    with transaction.atomic():
        return write_outcomes(results, now=now, sender=sender)


def _alone(result: Settled, *, now: datetime, sender: Sender | None) -> int:
    for _ in range(_TRIES):
        try:
            return _together([result], now=now, sender=sender)
        except UNWRITABLE:
            log.exception("the outcome of delivery %s could not be written", result.held.public_id)
    return 0


def write_outcomes(results: Sequence[Settled], *, now: datetime, sender: Sender | None = None) -> int:
    """The same as part of the caller's transaction, in one statement; all are held under one token."""
    if not results:
        return 0
    terms = Terms(token=results[0].held.token, late=now)
    taken = transitions.move_each(Act.SETTLE, [_step(result, now=now) for result in results], terms)
    _remember(results, taken, now=now)
    if sender:
        rate_limits.note_refusals(sender, _refused(results, taken))
    return len(taken)


def _refused(results: Sequence[Settled], taken: set[int]) -> list[RefusedMessage]:
    """The people who were refused after the last one of them who was not."""
    last = max((n for n, one in enumerate(results) if one.outcome.result is Verdict.ACCEPTED), default=-1)
    return [
        RefusedMessage(held.id, held.customer_id, held.attempt, outcome.code, outcome.detail)
        for held, outcome in ((one.held, one.outcome) for one in results[last + 1 :])
        if outcome.result in rate_limits.REFUSALS and held.customer_id is not None and held.id in taken
    ]


def _remember(results: Sequence[Settled], taken: set[int], *, now: datetime) -> None:
    """What did not settle cleanly is on record; who opted out is not written to again."""
    unclean = [result for result in results if result.outcome.result is not Verdict.ACCEPTED]
    if unclean:
        Attempt.objects.bulk_create([_attempt(result, now=now) for result in unclean])
    # in one order, so that no two who suppress the same addresses wait for each other
    for result in sorted(unclean, key=lambda result: result.held.address_hmac or b""):
        held = result.held
        if result.outcome.result is Verdict.OPT_OUT and held.id in taken and held.address_hmac:
            suppress(held.channel, held.address_hmac, Suppression.Reason.OPT_OUT, now=now)


def _step(result: Settled, *, now: datetime) -> Step:
    """Where an outcome leads. With a provider's name where it is the provider's to ask about."""
    outcome, held = result.outcome, result.held
    reason = " ".join(filter(None, (outcome.code, outcome.detail)))[:200]
    same: dict[str, Any] = {"id": held.id, "attempt": held.attempt, "code": outcome.code[:40]}
    carried = same | {"provider": outcome.provider, "provider_ref": outcome.provider_ref}
    match outcome.result:
        case Verdict.ACCEPTED:
            return Step(**carried, state=State.SENT, rank=RANK[State.SENT], sent_at=now, reason="")
        case Verdict.PERMANENT | Verdict.OPT_OUT:
            words = reason or outcome.result.value
            return Step(**carried, state=State.FAILED, rank=RANK[State.FAILED], settled_at=now, reason=words)
        case Verdict.UNKNOWN:
            return Step(**carried, state=State.UNKNOWN, rank=RANK[State.UNKNOWN], reason=reason)
        case Verdict.BY_HAND:
            words = "waiting for a person to post it"
            return Step(**same, state=State.BY_HAND, provider=outcome.provider, reason=words)
        case Verdict.CONFIGURATION:
            # the sender rests, not the customer: as soon as it is mended all go on. One that is refused again
            # waits: it must be others who try whether the sender is well
            wait, waits_for = (
                min(retry_pause(held.attempt), _LONGEST_TURN) if held.attempt > 1 else 0.0,
                WaitsFor.SENDER,
            )
        case Verdict.NOT_PROCESSED | Verdict.REFUSED:
            wait, waits_for = outcome.retry_after or retry_pause(held.attempt), WaitsFor.RETRY
    return Step(
        **same,
        state=State.QUEUED,
        waits_for=waits_for,
        not_before=now + timedelta(seconds=wait),
        reason=reason or outcome.result.value,
    )


def retry_pause(attempt: int) -> float:
    """Seconds until the next try after this one."""
    seconds = settings.RETRY_SECONDS[min(attempt, len(settings.RETRY_SECONDS)) - 1]
    return seconds + random.uniform(0, seconds)  # jitter only


def _attempt(result: Settled, *, now: datetime) -> Attempt:
    outcome = result.outcome
    return Attempt(
        delivery_id=result.held.id,
        number=result.held.attempt,
        at=now,
        outcome=AttemptOutcome(outcome.result.value),
        code=outcome.code[:40],
        detail=outcome.detail[:300],
    )
