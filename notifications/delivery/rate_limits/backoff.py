"""What a provider says of itself in; when its sender may go on, and with how much, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from notifications import sql
from notifications.delivery.rate_limits.bucket import Sender, bucket_level, make_bucket, rows_of

PATIENCE: Final = 30.0
"""Seconds for which what a sender heard is kept while the database restarts: an error would end the calls
that are under way, and leave them in doubt."""

REPORTS_LAST: Final = timedelta(hours=1)
"""After a report that messages failed though they were taken, so long no taken message says all is well."""

LONGEST_REST: Final = 600.0
"""Seconds to which the rests of a provider that keeps failing grow."""


@dataclass(frozen=True, slots=True)
class SenderStanding:
    """How a sender stands at a moment, for people to read."""

    at: datetime
    """By the database's clock, as the times below."""
    tokens: float
    resting_until: datetime | None
    """None where it does not rest."""
    failing_since: datetime | None
    failures: int
    reason: str


def rest(who: Sender, seconds: float, reason: str, *, failing: bool, longest: float = LONGEST_REST) -> None:
    """Hand nothing over for so long; a longer rest is never shortened.

    A failing provider rests twice as long each time, up to `longest`. All that was under way when it
    failed comes back as failed too: during a rest that is no further failure.
    """
    sql.when_back(lambda: begin_rest(who, seconds, reason, failing=failing, longest=longest), PATIENCE)


def begin_rest(who: Sender, seconds: float, reason: str, *, failing: bool, longest: float) -> None:
    """The same as part of the caller's transaction."""
    make_bucket(who)
    clock = sql.database_now()
    with transaction.atomic():
        row = rows_of(who).select_for_update().get()
        rests = row.resting_until is not None and row.resting_until > clock
        if failing:
            if row.failing_since is None:
                row.failing_since = clock
                if row.reported_at is None or row.reported_at <= clock - REPORTS_LAST:
                    row.failures = 0
            if not rests or not row.failures:
                row.failures = min(row.failures + 1, 1_000)
            seconds = max(seconds, min(seconds * 2 ** min(row.failures - 1, 10), longest))
        until = clock + timedelta(seconds=seconds)
        if not rests or row.resting_until is None or until > row.resting_until:
            row.resting_until, row.reason = until, reason[:300]
        row.save(update_fields=["failing_since", "failures", "resting_until", "reason"])


def resting_seconds(who: Sender) -> float:
    """Seconds until anything may go at all."""
    return bucket_level(who).rests


def sender_standing(who: Sender) -> SenderStanding | None:
    """How it stands now; None for one that has not sent yet."""
    row, at = rows_of(who).first(), sql.database_now()
    if row is None:
        return None
    filled = row.tokens + (who.rate or 0.0) * max((at - row.refilled_at).total_seconds(), 0.0)
    resting = row.resting_until if row.resting_until and row.resting_until > at else None
    reason = row.reason if resting or row.failing_since else ""
    return SenderStanding(at, min(filled, who.burst), resting, row.failing_since, row.failures, reason)


def end_rest(who: Sender) -> bool:
    """A person says: try now. False when it did not rest."""
    resting = rows_of(who).filter(resting_until__gt=sql.now_there())
    return bool(resting.update(resting_until=sql.now_there()))
