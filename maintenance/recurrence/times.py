"""A first time and its recurrence rule (RFC 5545) in; the times it names between two instants out.

Rules run on the bank's clock: what begins at 02:00 does so in summer and in winter. A time that the spring
change skips is taken as if the clock had not changed; of one that autumn repeats, the first is meant.

Every expansion has a budget. Whatever stands in a row, it ends: with the times, or with a RecurrenceError.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from maintenance import bank_time
from maintenance.recurrence import expansion, syntax
from maintenance.recurrence.budget import Budget
from maintenance.recurrence.errors import BudgetExceeded, NoRecurrence, Overlapping, RecurrenceError
from maintenance.recurrence.syntax import Rules

_AHEAD: Final = (timedelta(days=60), timedelta(days=800), timedelta(days=12_000))
"""How far is looked for the next times: most repeat often."""
_LOOKED_AT: Final = 400
"""Times between which the shortest gap is looked for: every day of a year ..."""
_FEW: Final = 8
_LONG: Final = timedelta(days=8 * 366)
"""... or eight, and all of eight years: a year of a rule is the dearest to look at."""
_AT_ONCE: Final = 50
"""So many times of one row may hold at the same moment. A mistyped year makes it thousands."""
_YEARS: Final = 400
"""After these the calendar is the same again, weekdays and leap days included."""
_DAY: Final = timedelta(days=1)
_A_YEAR: Final = timedelta(days=300)
LONGEST: Final = timedelta(days=366)
"""No window and no time of a row is longer: its end has another year than was meant."""

Times = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Recurring:
    """A first time, and the rule by which it repeats."""

    starts_at: datetime
    ends_at: datetime
    rule: str = ""
    """RRULE and EXDATE lines; without any, the first time is the only one."""
    zone: tzinfo | None = None
    """On whose clock the rule runs; None is the bank's own."""


def occurrences(
    of: Recurring, first: datetime, last: datetime, *, budget: Budget | None = None
) -> list[Times]:
    """Every time, in UTC, that shares a moment with the span from `first` to `last`, in order.

    `budget` is one of its own where none is given. Raises RecurrenceError: NoRecurrence for a text that is no
    rule, Overlapping where so many times hold at once that a year was mistyped, BudgetExceeded where it names
    more than the budget allows.
    """
    if not of.rule.strip():
        return [(of.starts_at, of.ends_at)] if of.starts_at < last and of.ends_at > first else []
    try:
        return _expanded(of, (first, last), budget or Budget())
    except OverflowError:
        raise NoRecurrence("Its times lie beyond the end of the calendar: choose other years.") from None


def _expanded(of: Recurring, span: Times, budget: Budget) -> list[Times]:
    zone = of.zone or bank_time.bank_zone()
    begin, end, after, before = (_local(at, zone) for at in (of.starts_at, of.ends_at, *span))
    length = end - begin  # on the clock: a night shift ends at six whatever the clocks do meanwhile
    rules = _rules(of.rule, zone)
    if length > _AT_ONCE * _DAY / len(rules.rules):  # no rule names two times of one day
        gap = _shortest_gap(begin, rules, budget)
        if gap is not None and length > _AT_ONCE * gap:
            raise Overlapping(_overlap(length, gap))
    since = begin if after - begin < length else after - length
    found = [
        (_instant(local, zone), _instant(local + length, zone))
        for local in expansion.named_times(begin, rules, since, before, budget)
    ]
    return [times for times in found if times[0] < span[1] and times[1] > span[0]]


def coming_times(of: Recurring, now: datetime, count: int, *, budget: Budget | None = None) -> list[Times]:
    """The next times that are not over, in UTC; fewer than `count` where the rule names no more.

    Raises RecurrenceError as `occurrences` does.
    """
    found: list[Times] = []
    budget = budget or Budget()
    try:
        for ahead in _AHEAD:
            found = occurrences(of, now, max(now, of.starts_at) + ahead, budget=budget)
            if len(found) >= count:
                break
    except OverflowError:
        raise NoRecurrence("Its times lie beyond the end of the calendar: choose other years.") from None
    return found[:count]


def check_recurrence(
    recurrence: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    *,
    zone: tzinfo | None = None,
) -> None:
    """Raise RecurrenceError, with what to do about it, where the text is no recurrence rule.

    With the start of the first time also where the rule would name no time at all, and with its end also
    where each time would last longer than until the next.
    """
    here = zone or bank_time.bank_zone()
    rules = _rules(recurrence, here)
    if starts_at is None:
        return
    begin, budget = _local(starts_at, here), Budget()
    if expansion.names_nothing(begin, rules, _YEARS, budget):
        raise NoRecurrence("This rule never names a time: write one like FREQ=MONTHLY;BYDAY=1SU.")
    if ends_at is None:
        return
    length = _local(ends_at, here) - begin
    if length > _DAY or len(rules.rules) > 1:  # no rule names two times of one day
        gap = _shortest_gap(begin, rules, budget)
        if gap is not None and length > gap:
            raise Overlapping(_overlap(length, gap))


def too_long(what: str, starts_at: datetime, ends_at: datetime) -> str:
    """A sentence that refuses what lasts longer than LONGEST; empty where it does not."""
    if ends_at - starts_at <= LONGEST:
        return ""
    return f"{what} lasts {LONGEST.days} days at the most. Did you mistype a year?"


def why_broken(of: Recurring, now: datetime) -> str:
    """Why a row's times cannot be worked out around now, and what to do; empty where they can."""
    try:
        coming_times(of, now, 1)
    except RecurrenceError as problem:
        return str(problem)
    return ""


def _shortest_gap(begin: datetime, rules: Rules, budget: Budget) -> timedelta | None:
    """The shortest time from a start to the next, of the first few hundred; None where it does not repeat.

    Raises BudgetExceeded where nothing is left for its times.
    """
    found: list[datetime] = []
    try:
        for at in islice(
            expansion.named_times(begin, rules, begin, expansion.LAST, budget.part()), _LOOKED_AT
        ):
            found.append(at)
            if len(found) > _FEW and at - begin > _LONG:
                break
    except BudgetExceeded:  # by a rule that names few times in a century: those that were found will do
        if not budget.is_left():
            raise
    return min((later - earlier for earlier, later in pairwise(found)), default=None)


def _overlap(length: timedelta, gap: timedelta) -> str:
    return (
        f"Each time lasts {_in_words(length)}, but the next one begins after {_in_words(gap)}: it would "
        "overlap itself. Make it shorter, or let it repeat less often."
    ) + (" Did you mistype a year?" if length > _A_YEAR else "")


def _in_words(length: timedelta) -> str:
    """`83,000 days`, `1 day`, `26 h`."""
    days = length // _DAY
    if days >= 2 or length == _DAY:
        return f"{days:,} day{'s' if days > 1 else ''}"
    return bank_time.length_words(length)


def _local(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _instant(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)
def _rules(recurrence: str, zone: tzinfo) -> Rules:
    """What a text says on the clock of a zone."""
    return syntax.parsed_rules(recurrence, zone)
