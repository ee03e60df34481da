"""Rules and a stretch of a clock in; the times they name in it, one by one and within a budget, out.

dateutil counts from a rule's first time on, and looks to the year 9999 for what never comes. So a rule is
begun anew just before the stretch, and each of its steps is counted: those beyond the stretch are not taken.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import islice
from typing import Final, Self

from dateutil.rrule import rrule, rrulestr

from maintenance.recurrence import syntax
from maintenance.recurrence.budget import Budget
from maintenance.recurrence.errors import BudgetExceeded
from maintenance.recurrence.syntax import Rules

_DAYS: Final = {"DAILY": 1, "WEEKLY": 7}
_MONTHS: Final = {"MONTHLY": 1, "YEARLY": 12}
LAST: Final = datetime(MAXYEAR, 12, 31, 23, 59, 59)  # noqa: DTZ001  # on whatever clock
"""The end of the calendar."""
_MORE: Final = 2
"""Steps taken beyond a stretch: its first and its last period are rarely whole."""


class _BeyondError(Exception):
    """The step would lead beyond the stretch."""


class _Step(int):
    """A rule's interval that tells whenever dateutil adds it to a date: once for each period it looks at."""

    told: Callable[[], None]

    def __new__(cls, interval: int, told: Callable[[], None]) -> Self:
        """The interval itself, and whom to tell."""
        made = super().__new__(cls, interval)
        made.told = told
        return made

    def __radd__(self, other: int) -> int:
        """Of days, months and years."""
        self.told()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        """Of weeks."""
        self.told()
        return int(self) * other


def named_times(
    begin: datetime, rules: Rules, after: datetime, before: datetime, budget: Budget
) -> Iterator[datetime]:
    """The times from `after` to `before` (naive, on the rules' clock, both included), each once, in order.

    `begin` is the first time. Raises BudgetExceeded.
    """
    last = None
    each = [_named(begin, parts, max(after, begin), before, budget) for parts in rules.rules]
    for at in heapq.merge(*each):
        if at not in rules.left_out and at != last:
            budget.name()
            yield at
        last = at


def _named(
    begin: datetime, parts: Mapping[str, str], after: datetime, before: datetime, budget: Budget
) -> Iterator[datetime]:
    """Of one rule."""
    if after > before:
        return
    count = int(parts["COUNT"]) if "COUNT" in parts else None
    # which of its times is the last is only known by those before it
    near, parts = (begin, _endless(parts)) if count else _near(begin, parts, after)
    for at in islice(_walk(near, parts, before, budget), count):
        if at > before:
            return
        if at >= after:
            yield at


def _walk(begin: datetime, parts: Mapping[str, str], before: datetime, budget: Budget) -> Iterator[datetime]:
    """The times that dateutil names, as far as steps lead that begin before an instant."""
    left = _periods(begin, before, parts) + _MORE

    def told() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _BeyondError
        budget.step()

    rule = rrulestr(syntax.rule_text(parts), dtstart=begin)
    assert isinstance(rule, rrule)  # one line makes one
    # an IndexError is dateutil's answer to the sixth Monday of a month
    with suppress(_BeyondError, IndexError):
        yield from rule.replace(interval=_Step(_interval(parts), told))


def _near(begin: datetime, parts: Mapping[str, str], after: datetime) -> tuple[datetime, Mapping[str, str]]:
    """The same rule from shortly before an instant on: what follows from its first day is written out."""
    skipped = (_periods(begin, after, parts) - 1) * _interval(parts)
    if skipped <= 0:
        return begin, parts
    rest = dict(parts)
    if days := _DAYS.get(parts["FREQ"]):
        return begin + timedelta(days=skipped * days), rest
    by = {name for name in rest if name in ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO")}
    if not by - {"BYMONTH"}:
        rest["BYMONTHDAY"] = str(begin.day)
        if parts["FREQ"] == "YEARLY":
            rest.setdefault("BYMONTH", str(begin.month))
    years, month = divmod(begin.month - 1 + skipped * _MONTHS[parts["FREQ"]], 12)
    first = date(begin.year + years, month + 1 if parts["FREQ"] == "MONTHLY" else 1, 1)
    return datetime.combine(first, begin.time()), rest


def _endless(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parts.items() if name != "COUNT"}


def _periods(begin: datetime, end: datetime, parts: Mapping[str, str]) -> int:
    """How many times the rule's interval fits between two instants."""
    if days := _DAYS.get(parts["FREQ"]):
        return (end - begin).days // (days * _interval(parts))
    months = 12 * (end.year - begin.year) + end.month - begin.month
    return months // (_MONTHS[parts["FREQ"]] * _interval(parts))


def _interval(parts: Mapping[str, str]) -> int:
    return int(parts.get("INTERVAL", "1"))


def names_nothing(begin: datetime, rules: Rules, years: int, budget: Budget) -> bool:
    """Whether one of the rules names no time at all, as far as its steps lead within so many years.

    Raises BudgetExceeded.
    """
    until = begin.replace(year=min(begin.year + years, MAXYEAR), month=12, day=31)
    return any(_is_silent(begin, parts, until, budget) for parts in rules.rules)


def _is_silent(begin: datetime, parts: Mapping[str, str], until: datetime, budget: Budget) -> bool:
    try:
        return next(_walk(begin, parts, until, budget.part()), None) is None
    except BudgetExceeded:
        if not budget.is_left():
            raise
        return True
