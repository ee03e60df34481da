"""A critical day's pattern and a country's days in; the dates it falls on out. No queries."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from maintenance import recurrence
from maintenance.bank_days import Country
from maintenance.models import CriticalDay
from maintenance.recurrence import Budget, Recurring

Pattern = CriticalDay.Pattern

_DAY: Final = timedelta(days=1)
_REST: Final = timedelta(days=21)
"""Longer than any run of days of rest: so far a day may move back."""


def critical_dates(
    critical: CriticalDay, country: Country, first: date, last: date, *, budget: Budget | None = None
) -> list[date]:
    """The dates from `first` to `last`, both included, on which it falls in that country, in order.

    A month that is too short for a day of the month has it on its last day, as payday on the 31st; one with
    too few working days has none. Raises RecurrenceError for a rule that cannot be worked out,
    within `budget` (a row's own where none is given).
    """
    ahead = _REST if critical.earlier else timedelta(0)
    if critical.pattern == Pattern.RECURRENCE:
        named: Iterable[date] = _recurrence(critical, first, last + ahead, budget)
    else:
        named = _FALLS[Pattern(critical.pattern)](critical, country, first, last + ahead)
    if critical.earlier:
        named = (_worked(day, country) for day in named)
    return sorted({day for day in named if first <= day <= last})


def _worked(day: date, country: Country) -> date:
    return day if country.is_working_day(day) else country.working_day_before(day, 1)


def _working_day(critical: CriticalDay, country: Country, first: date, last: date) -> Iterator[date]:
    for month in _months(first, last):
        working = [day for day in _days(month) if country.is_working_day(day)]
        yield from working[(critical.number or 1) - 1 :][:1]


def _last_working_days(critical: CriticalDay, country: Country, first: date, last: date) -> Iterator[date]:
    for month in _months(first, last):
        yield from [day for day in _days(month) if country.is_working_day(day)][-(critical.number or 1) :]


def _day_of_month(critical: CriticalDay, _country: Country, first: date, last: date) -> Iterator[date]:
    for month in _months(first, last):
        yield _days(month)[: critical.number or 1][-1]


def _last_days(critical: CriticalDay, _country: Country, first: date, last: date) -> Iterator[date]:
    for month in _months(first, last):
        yield from _days(month)[-(critical.number or 1) :]


def _yearly(critical: CriticalDay, _country: Country, first: date, last: date) -> Iterator[date]:
    if critical.day:
        for year in range(first.year, last.year + 1):
            yield _days(date(year, critical.day.month, 1))[: critical.day.day][-1]


def _date(critical: CriticalDay, _country: Country, _first: date, _last: date) -> Iterator[date]:
    if critical.day:
        yield critical.day


def _recurrence(critical: CriticalDay, first: date, last: date, budget: Budget | None) -> Iterator[date]:
    if critical.day:
        begin, after, before = (
            datetime.combine(day, time.min, UTC) for day in (critical.day, first, last + _DAY)
        )
        named = recurrence.occurrences(
            Recurring(begin, begin + _DAY, critical.recurrence, UTC), after, before, budget=budget
        )
        yield from (starts_at.date() for starts_at, _ in named)


_FALLS: Final[dict[Pattern, Callable[[CriticalDay, Country, date, date], Iterator[date]]]] = {
    Pattern.WORKING_DAY: _working_day,
    Pattern.LAST_WORKING_DAYS: _last_working_days,
    Pattern.DAY_OF_MONTH: _day_of_month,
    Pattern.LAST_DAYS: _last_days,
    Pattern.YEARLY: _yearly,
    Pattern.DATE: _date,
}


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _days(month)[-1] + _DAY


def _days(month: date) -> list[date]:
    return [month + n * _DAY for n in range(calendar.monthrange(month.year, month.month)[1])]
