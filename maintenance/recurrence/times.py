"""A first time and its recurrence rule (RFC 5545) in; the times it names between two instants out.

Rules run on the bank's clock: what begins at 02:00 does so in summer and in winter. A time that the spring
change skips is taken as if the clock had not changed; of one that autumn repeats, the first is meant.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from dateutil.rrule import rruleset

from maintenance import clock
from maintenance.recurrence import syntax
from maintenance.recurrence.syntax import NoRecurrence

_AHEAD: Final = (timedelta(days=60), timedelta(days=800), timedelta(days=12_000))
"""How far is looked for the next times: most repeat often."""


def occurrences(
    starts_at: datetime,
    ends_at: datetime,
    recurrence: str,
    first: datetime,
    last: datetime,
    *,
    zone: tzinfo | None = None,
) -> list[tuple[datetime, datetime]]:
    """Every time, in UTC, that shares a moment with the span from `first` to `last`, in order.

    `starts_at` and `ends_at` are the first time itself; without a recurrence it is the only one. The rule
    runs on the clock of `zone`, the bank's own where none is given. Raises NoRecurrence for a text that is
    no rule.
    """
    if not recurrence.strip():
        return [(starts_at, ends_at)] if starts_at < last and ends_at > first else []
    here = zone or clock.bank_zone()
    begin, end, after, before = (_local(at, here) for at in (starts_at, ends_at, first, last))
    length = end - begin  # on the clock: a night shift ends at six whatever the clocks do meanwhile
    found = []
    for local in _rule(begin, recurrence, here).between(after - length, before, inc=True):
        times = _instant(local, here), _instant(local + length, here)
        if times[0] < last and times[1] > first:
            found.append(times)
    return found


def coming(
    starts_at: datetime,
    ends_at: datetime,
    recurrence: str,
    now: datetime,
    count: int,
    *,
    zone: tzinfo | None = None,
) -> list[tuple[datetime, datetime]]:
    """The next times that are not over, in UTC; fewer than `count` where the rule names no more.

    Raises NoRecurrence for a text that is no rule.
    """
    found: list[tuple[datetime, datetime]] = []
    for ahead in _AHEAD:
        found = occurrences(starts_at, ends_at, recurrence, now, max(now, starts_at) + ahead, zone=zone)
        if len(found) >= count:
            break
    return found[:count]


def check(recurrence: str, starts_at: datetime | None = None, *, zone: tzinfo | None = None) -> None:
    """Raise NoRecurrence, with what to do about it, where the text is no recurrence rule.

    With the start of the first time also where the rule would name no time at all.
    """
    if starts_at is None:
        _rule(datetime(2026, 1, 1), recurrence, UTC)  # noqa: DTZ001  # any day will do to read a rule
        return
    here = zone or clock.bank_zone()
    begin = _local(starts_at, here)
    _rule(begin, recurrence, here)
    if syntax.names_none(begin, recurrence, here):
        raise NoRecurrence("This rule never names a time: write one like FREQ=MONTHLY;BYDAY=1SU.")


def _local(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _instant(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)
def _rule(begin: datetime, recurrence: str, zone: tzinfo) -> rruleset:
    """The rule that begins at a time of the zone's clock (naive)."""
    return syntax.read(begin, recurrence, zone)
