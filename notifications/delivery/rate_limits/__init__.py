"""A sender and the sizes of what it would send in; how much of it may go now out.

One bucket for each provider and sender in the database, for all processes together, in SMS segments or
mails. An error of the database is an error and never a grant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Least

from notifications import sql
from notifications.delivery.rate_limits.backoff import (
    LONGEST_REST,
    SenderStanding,
    end_rest,
    rest,
    resting_seconds,
    sender_standing,
)
from notifications.delivery.rate_limits.breaker import REFUSALS, Breaker
from notifications.delivery.rate_limits.bucket import (
    LONGEST,
    PATIENCE,
    Sender,
    bucket_level,
    rows_of,
    sender,
    sender_of,
    take_from,
    try_one,
)
from notifications.delivery.rate_limits.refusals import (
    RefusedMessage,
    note_refusals,
    note_reported,
    note_taken,
    rest_as_told,
    too_many,
)

__all__ = [
    "LONGEST",
    "LONGEST_REST",
    "PATIENCE",
    "REFUSALS",
    "RESERVE",
    "Breaker",
    "Grant",
    "RefusedMessage",
    "Sender",
    "SenderStanding",
    "end_rest",
    "give_back",
    "granted",
    "note_refusals",
    "note_reported",
    "note_taken",
    "rest",
    "rest_as_told",
    "resting_seconds",
    "sender",
    "sender_of",
    "sender_standing",
    "too_many",
]

RESERVE: Final = 0.2
"""Share of a full bucket that only urgent messages may take."""

_TRIES: Final = 5
_STEP: Final = 60.0
"""Seconds by which a bucket may lie in the future before the clock must have been set back."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The first `messages` of those asked for may go now; ask for the others after `wait` seconds."""

    messages: int
    wait: float
    refused: int = 0
    """How many of the sender's messages were refused since one was last taken, by all processes."""


def granted(who: Sender, sizes: Sequence[int], *, urgent: bool) -> Grant:
    """Take tokens for as many whole messages as there are, the first ones first.

    What is routine leaves the reserve to what is urgent. A message larger than the bucket goes when the
    bucket is full, and those after it wait until its debt is paid.
    """
    if not sizes:
        return Grant(0, 0.0)
    totals = list(accumulate(sizes))
    floor = 0.0 if urgent else RESERVE * who.burst
    asked = len(totals)
    if at_once := _all(who, totals, floor):
        return at_once
    for _ in range(_TRIES):
        level = bucket_level(who)
        if level.rests > 0:
            return Grant(0, level.rests)
        if level.failing:
            one = try_one(who, sizes[0])
            return Grant(int(one), PATIENCE if len(sizes) > one else 0.0)
        if who.rate is None:
            return Grant(asked, 0.0, level.refused)
        if level.ahead > _STEP:
            rows_of(who).update(refilled_at=sql.now_there())
            continue
        asked = sum(level.tokens >= _need(who, totals, n, floor) for n in range(1, len(totals) + 1))
        if asked and take_from(who, totals[asked - 1], _need(who, totals, asked, floor)) is None:
            continue  # another process was quicker
        missing = 0.0
        if asked < len(totals):
            left = level.tokens - (totals[asked - 1] if asked else 0)
            missing = max(_need(who, sizes[asked:], 1, floor) - left, 0.0)
        return Grant(asked, missing / who.rate, level.refused)
    return Grant(0, 1 / who.rate if who.rate else 0.0)


def _all(who: Sender, totals: Sequence[int], floor: float) -> Grant | None:
    """All of them, in one statement; None where that cannot be said so quickly."""
    if who.rate is None:
        return None
    refused = take_from(who, totals[-1], _need(who, totals, len(totals), floor))
    return None if refused is None else Grant(len(totals), 0.0, refused)


def give_back(who: Sender, size: int) -> None:
    """Tokens of a message that was granted and then not sent."""
    if who.rate is not None:
        rows_of(who).update(tokens=Least(Value(who.burst), F("tokens") + Value(float(size))))


def _need(who: Sender, totals: Sequence[int], messages: int, floor: float) -> float:
    """What the bucket must hold for the first `messages`; for the very first a full one is enough."""
    need = totals[messages - 1] + floor
    return min(need, who.burst) if messages == 1 else need
