"""What a provider answered in; the delivery settled, to be retried, or in doubt, out."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from notifications import database, pacing
from notifications.contract import Class, Outcome
from notifications.deliveries import BY_HAND, RANK, Claimed, suppress
from notifications.models import Attempt, AttemptOutcome, Delivery, State, Suppression
from notifications.pacing import Refused, Sender

log = logging.getLogger(__name__)

_CERTAIN: Final = frozenset({Class.ACCEPTED, Class.PERMANENT, Class.OPT_OUT})
_TRIES: Final = 3
_LONGEST_TURN: Final = 1.5 * pacing.LONGEST_REST
"""Seconds for which one that shows that its sender is not well yet makes room for others."""
_PATIENCE: Final = 30.0
"""Seconds for which outcomes are kept while the database restarts: lost, they would be in doubt."""
UNWRITABLE: Final = (DatabaseError, InterfaceError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome and the delivery it is of."""

    held: Claimed
    outcome: Outcome


_COLUMNS: Final = {
    "id": "bigint",
    "attempt": "integer",
    "certain": "integer",
    "state": "smallint",
    "rank": "smallint",
    "reason": "text",
    "code": "text",
    "not_before": "timestamptz",
    "provider": "text",
    "provider_ref": "text",
    "sent_at": "timestamptz",
    "settled_at": "timestamptz",
}
_WHERE_GIVEN: Final = (
    "rank",
    "not_before",
    "provider",
    "provider_ref",
    "sent_at",
    "settled_at",
)
_TABLE: Final = Delivery._meta.db_table


def settle(results: Sequence[Settled], *, now: datetime, sender: Sender | None = None) -> int:
    """Write the outcomes, fenced by the lease; how many rows took them.

    `sender` is whose run of refusals they lengthen, where they were sent by one.

    All in one transaction; where that fails (a deadlock, an answer that the database refuses), each by
    itself, so that one cannot take the others along. What cannot be written at all stays `sending`
    and becomes `unknown` when its lease ends.
    """
    try:
        return when_back(lambda: _together(results, now=now, sender=sender))
    except UNWRITABLE:
        log.warning("%d outcomes could not be written together; one by one now", len(results), exc_info=True)
    return sum(_alone(result, now=now, sender=sender) for result in results)


def when_back(work: Callable[[], database.Result]) -> database.Result:
    """Do it; where the database restarts, as long as outcomes are kept, once it is back."""
    return database.when_back(work, _PATIENCE)


def _together(results: Sequence[Settled], *, now: datetime, sender: Sender | None) -> int:
    with transaction.atomic():
        return write(results, now=now, sender=sender)


def _alone(result: Settled, *, now: datetime, sender: Sender | None) -> int:
    for _ in range(_TRIES):
        try:
            return _together([result], now=now, sender=sender)
        except UNWRITABLE:
            log.exception("the outcome of delivery %s could not be written", result.held.public_id)
    return 0


def write(results: Sequence[Settled], *, now: datetime, sender: Sender | None = None) -> int:
    """The same as part of the caller's transaction, in one statement; all are held under one token."""
    if not results:
        return 0
    given = database.rows(_COLUMNS, [_row(result, now=now) for result in results])
    rows = database.in_order(sorted(result.held.id for result in results))
    # a sum, because the planner takes a small partial index by state for better than the primary key
    mine = (
        f"SELECT id FROM {_TABLE} WHERE ((lease_token = %s AND state + 0 = {State.SENDING:d})"
        f" OR state + 0 = {State.UNKNOWN:d}) AND {rows.sql}"
    )
    # withdrawn while it was with the provider: its words are true no longer, and it is not tried again
    still = f"given.state <> {State.QUEUED:d} OR {_TABLE}.expires_at > %s"
    sets = [
        f"state = CASE WHEN {still} THEN given.state ELSE {State.EXPIRED:d} END",
        f"reason = CASE WHEN {still} THEN given.reason ELSE 'its words are no longer true' END",
        "code = given.code",
        *(f"{name} = COALESCE(given.{name}, {_TABLE}.{name})" for name in _WHERE_GIVEN),
    ]
    at = database.stored(Delivery, "expires_at", now)
    token = database.stored(Delivery, "lease_token", results[0].held.token)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS MATERIALIZED ({given.sql}), mine AS MATERIALIZED ({mine})"
            f" UPDATE {_TABLE} SET {', '.join(sets)}, lease_token = NULL, lease_until = NULL"
            f" FROM mine JOIN given ON given.id = mine.id WHERE {_TABLE}.id = mine.id"
            # swept as in doubt meanwhile, and no doubt any more: as good as a receipt of this attempt
            f" AND ({_TABLE}.state + 0 = {State.SENDING:d}"
            f" OR (given.certain = 1 AND {_TABLE}.attempt = given.attempt)) RETURNING {_TABLE}.id",
            [*given.parameters, token, *rows.parameters, at, at],
        )
        taken = {row[0] for row in cursor.fetchall()}
    _remember(results, taken, now=now)
    if sender:
        pacing.note(sender, _refused(results, taken))
    return len(taken)


def _refused(results: Sequence[Settled], taken: set[int]) -> list[Refused]:
    """The people who were refused after the last one of them who was not."""
    last = max((n for n, one in enumerate(results) if one.outcome.result is Class.ACCEPTED), default=-1)
    return [
        Refused(held.id, held.customer_id, held.attempt, outcome.code, outcome.detail)
        for held, outcome in ((one.held, one.outcome) for one in results[last + 1 :])
        if outcome.result in pacing.REFUSALS and held.customer_id is not None and held.id in taken
    ]


def _remember(results: Sequence[Settled], taken: set[int], *, now: datetime) -> None:
    """What did not settle cleanly is on record; who opted out is not written to again."""
    unclean = [result for result in results if result.outcome.result is not Class.ACCEPTED]
    if unclean:
        Attempt.objects.bulk_create([_attempt(result, now=now) for result in unclean])
    # in one order, so that no two who suppress the same addresses wait for each other
    for result in sorted(unclean, key=lambda result: result.held.address_hmac or b""):
        held = result.held
        if result.outcome.result is Class.OPT_OUT and held.id in taken and held.address_hmac:
            suppress(held.channel, held.address_hmac, Suppression.Reason.OPT_OUT, now=now)


def _row(result: Settled, *, now: datetime) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    after = _after(result, now=now)
    certain = int(result.outcome.result in _CERTAIN)
    values = {
        "id": result.held.id,
        "attempt": result.held.attempt,
        "certain": certain,
        "code": result.outcome.code[:40],
        **after,
    }
    return tuple(values.get(name) for name in _COLUMNS)


def _after(result: Settled, *, now: datetime) -> dict[str, Any]:
    """The columns that an outcome changes."""
    outcome, held = result.outcome, result.held
    carried = {
        "provider": outcome.provider,
        "provider_ref": outcome.provider_ref,
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
        case Class.CONFIGURATION:
            # the sender rests, not the customer: as soon as it is mended all go on. One that is refused again
            # waits: it must be others who try whether the sender is well
            wait = timedelta(seconds=min(pause(held.attempt), _LONGEST_TURN) if held.attempt > 1 else 0.0)
            return {"state": State.QUEUED, "not_before": now + wait, "reason": reason or outcome.result.value}
        case Class.NOT_PROCESSED | Class.REFUSED:
            wait = timedelta(seconds=outcome.retry_after or pause(held.attempt))
            return {
                "state": State.QUEUED,
                "not_before": now + wait,
                "reason": reason or outcome.result.value,
            }


def pause(attempt: int) -> float:
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
