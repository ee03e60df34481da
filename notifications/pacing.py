"""A sender and the sizes of what it would send in; how much of it may go now out.

One bucket for each provider and sender in the database, for all processes together, in SMS segments or
mails. Refilling and taking are one conditional UPDATE, by the database's clock: two that take at the
same moment never get the same tokens. An error of the database is an error and never a grant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual

from notifications import database
from notifications.models import Bucket

LONGEST: Final = 10
"""Segments of the longest SMS: every bucket holds as many, however slow it is filled."""

RESERVE: Final = 0.2
"""Share of a full bucket that only urgent messages may take."""

LONGEST_REST: Final = 600.0
"""Seconds to which the rests of a provider that keeps failing grow."""

PATIENCE: Final = 60.0
"""Seconds for one message to show whether a failing provider is well again; over twice the longest call."""

_TRIES: Final = 5
_STEP: Final = 60.0
"""Seconds by which a bucket may lie in the future before the clock must have been set back."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends at whose wire, and how many segments or mails a second; None: as fast as they are taken."""

    provider: str
    name: str
    rate: float | None

    @property
    def burst(self) -> float:
        """What goes at once after a pause: one second of the rate, and at least the longest message."""
        return max(self.rate or 0.0, float(LONGEST))


@dataclass(frozen=True, slots=True)
class Grant:
    """The first `messages` of those asked for may go now; ask for the others after `wait` seconds."""

    messages: int
    wait: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sender stands at a moment, for people to read."""

    at: datetime
    """By the database's clock, as the times below."""
    tokens: float
    resting_until: datetime | None
    """None where it does not rest."""
    failing_since: datetime | None
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Level:
    """What a bucket shows at one moment."""

    tokens: float
    rests: float
    failing: bool
    tried: float | None
    """Seconds since a message was let through to try, where that is the last that happened."""
    ahead: float


def sender(channel: str, *, provider: str, name: str) -> Sender:
    """The sender of a channel with the rate that the settings give it; nothing limits the outbox."""
    rate = settings.RATES.get(channel) if provider != "outbox" else None
    return Sender(provider[:20], name[:120], float(rate) if rate else None)


def take(who: Sender, sizes: Sequence[int], *, urgent: bool) -> Grant:
    """Take tokens for as many whole messages as there are, the first ones first.

    What is routine leaves the reserve to what is urgent. A message larger than the bucket goes when the
    bucket is full, and those after it wait until its debt is paid.
    """
    if not sizes:
        return Grant(0, 0.0)
    totals = list(accumulate(sizes))
    floor = 0.0 if urgent else RESERVE * who.burst
    asked = len(totals)
    if who.rate is not None and _taken(who, totals[-1], _need(who, totals, asked, floor)):
        return Grant(asked, 0.0)
    for _ in range(_TRIES):
        level = _look(who)
        if level.rests > 0:
            return Grant(0, level.rests)
        if level.failing:
            return _try_one(who, sizes, level)
        if who.rate is None:
            return Grant(asked, 0.0)
        if level.ahead > _STEP:
            _of(who).update(refilled_at=database.now_there())
            continue
        asked = sum(level.tokens >= _need(who, totals, n, floor) for n in range(1, len(totals) + 1))
        if asked and not _taken(who, totals[asked - 1], _need(who, totals, asked, floor)):
            continue  # another process was quicker
        missing = 0.0
        if asked < len(totals):
            left = level.tokens - (totals[asked - 1] if asked else 0)
            missing = max(_need(who, sizes[asked:], 1, floor) - left, 0.0)
        return Grant(asked, missing / who.rate)
    return Grant(0, 1 / who.rate if who.rate else 0.0)


def give_back(who: Sender, size: int) -> None:
    """Tokens of a message that was granted and then not sent."""
    if who.rate is not None:
        _of(who).update(tokens=Least(Value(who.burst), F("tokens") + Value(float(size))))


def rest(who: Sender, seconds: float, reason: str, *, failing: bool, longest: float = LONGEST_REST) -> None:
    """Hand nothing over for so long; a longer rest is never shortened.

    A failing provider rests twice as long each time, up to `longest`. All that was under way when it
    failed comes back as failed too: during a rest that is no further failure.
    """
    _make(who)
    clock = database.clock()
    with transaction.atomic():
        row = _of(who).select_for_update().get()
        rests = row.resting_until is not None and row.resting_until > clock
        if failing:
            if row.failing_since is None:
                row.failing_since = clock
            if not rests or not row.failures:
                row.failures = min(row.failures + 1, 1_000)
            seconds = max(seconds, min(seconds * 2 ** min(row.failures - 1, 10), longest))
        until = clock + timedelta(seconds=seconds)
        if not rests or row.resting_until is None or until > row.resting_until:
            row.resting_until, row.reason = until, reason[:300]
        row.save(update_fields=["failing_since", "failures", "resting_until", "reason"])


def taken(who: Sender) -> None:
    """A message was accepted: the sender is well. One that was under way before the rest says nothing."""
    _rested(_of(who)).filter(failing_since__isnull=False).update(failing_since=None, failures=0, reason="")


def resting(who: Sender) -> float:
    """Seconds until anything may go at all."""
    return max(_look(who).rests, 0.0)


def standing(who: Sender) -> Standing | None:
    """How it stands now; None for one that has not sent yet."""
    row, at = _of(who).first(), database.clock()
    if row is None:
        return None
    filled = row.tokens + (who.rate or 0.0) * max((at - row.refilled_at).total_seconds(), 0.0)
    resting = row.resting_until if row.resting_until and row.resting_until > at else None
    reason = row.reason if resting or row.failing_since else ""
    return Standing(at, min(filled, who.burst), resting, row.failing_since, row.failures, reason)


def awaken(who: Sender) -> bool:
    """A person says: try now. False when it did not rest."""
    resting = _of(who).filter(resting_until__gt=database.now_there())
    return bool(resting.update(resting_until=database.now_there()))


def _of(who: Sender) -> QuerySet[Bucket]:
    return Bucket.objects.filter(provider=who.provider, sender=who.name)


def _rested(rows: QuerySet[Bucket]) -> QuerySet[Bucket]:
    return rows.filter(Q(resting_until__isnull=True) | Q(resting_until__lte=database.now_there()))


def _make(who: Sender) -> None:
    """A new sender begins with a full bucket."""
    new = Bucket(provider=who.provider, sender=who.name, tokens=who.burst, refilled_at=database.clock())
    Bucket.objects.bulk_create([new], ignore_conflicts=True)


def _need(who: Sender, totals: Sequence[int], messages: int, floor: float) -> float:
    """What the bucket must hold for the first `messages`; for the very first a full one is enough."""
    need = totals[messages - 1] + floor
    return min(need, who.burst) if messages == 1 else need


def _level(who: Sender) -> Combinable:
    """What it holds at this moment. A clock that was set back, or a statement that waited, fills nothing."""
    since = Greatest(database.Seconds("refilled_at", database.now_there()), Value(0.0))
    full = Least(Value(who.burst), F("tokens") + Value(who.rate or 0.0) * since)
    return ExpressionWrapper(full, output_field=FloatField())


def _taken(who: Sender, tokens: int, need: float) -> bool:
    """Refill and take in one statement, or nothing."""
    rows = _rested(_of(who)).filter(GreaterThanOrEqual(_level(who), Value(need)), failing_since__isnull=True)
    now = database.now_there()
    return bool(
        rows.update(tokens=_level(who) - Value(float(tokens)), refilled_at=Greatest("refilled_at", now))
    )


def _try_one(who: Sender, sizes: Sequence[int], level: _Level) -> Grant:
    """Whether a failing provider is well again is for one message at a time to find out."""
    if level.tried is not None and level.tried < PATIENCE:
        return Grant(0, PATIENCE - level.tried)
    now = database.now_there()
    untried = Q(refilled_at__lte=F("resting_until")) | Q(refilled_at__lte=now - timedelta(seconds=PATIENCE))
    rows = _rested(_of(who)).filter(untried, failing_since__isnull=False)
    changed = rows.update(tokens=_level(who) - Value(float(sizes[0])), refilled_at=now)
    return Grant(int(bool(changed)), PATIENCE if len(sizes) > changed else 0.0)


def _look(who: Sender) -> _Level:
    """What stands in the way. A sender nobody knows yet is made on the way, with a full bucket."""
    now = database.now_there()
    shown = _of(who).annotate(
        level=_level(who),
        rests=Coalesce(database.Seconds(now, "resting_until"), Value(0.0)),
        since=database.Seconds("refilled_at", now),
    )
    found = shown.values_list(
        "level", "rests", "since", "failing_since", "refilled_at", "resting_until"
    ).first()
    if found is None and who.rate is None:
        return _Level(who.burst, 0.0, failing=False, tried=None, ahead=0.0)
    if found is None:
        _make(who)
        return _look(who)
    tokens, rests, since, failing, refilled, until = found
    tried = since if failing and (until is None or refilled > until) else None
    return _Level(tokens, rests, failing=failing is not None, tried=tried, ahead=-since)
