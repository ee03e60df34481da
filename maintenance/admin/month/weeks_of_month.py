"""A month and its entries in; its weeks, with the entries as bars across the days, out."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import babel

from maintenance.admin.month.entries import CalendarEntry


@dataclass(frozen=True)
class MonthBar:
    """An entry's part in one week: columns and rows count from 1 as CSS grids do."""

    entry: CalendarEntry
    column: int
    days: int
    row: int
    before: bool
    after: bool


@dataclass(frozen=True)
class Week:
    """Seven days and the bars across them."""

    days: tuple[date, ...]
    bars: tuple[MonthBar, ...]


def first_weekday(country: str) -> int:
    """On which day a week begins there, Monday being 0 (Unicode CLDR week data)."""
    try:
        return int(babel.Locale.parse(f"und_{country.split('-')[0]}").first_week_day)
    except (babel.UnknownLocaleError, ValueError):
        return 0


def weeks_of_month(month: date, first: int) -> list[list[date]]:
    """The whole weeks that a month touches, each beginning on weekday `first`."""
    return calendar.Calendar(first).monthdatescalendar(month.year, month.month)


def week_of(day: date, first: int) -> list[date]:
    """The seven days around a day, beginning on weekday `first`."""
    begin = day - timedelta(days=(day.weekday() - first) % 7)
    return [begin + timedelta(days=number) for number in range(7)]


def bars_of_week(week: Sequence[date], entries: Sequence[CalendarEntry]) -> list[MonthBar]:
    """The entries of a week, each in the first row in which its days are free."""
    free_from: list[date] = []
    made = []
    for entry in entries:
        if entry.last < week[0] or entry.first > week[-1]:
            continue
        first, last = max(entry.first, week[0]), min(entry.last, week[-1])
        row = next((n for n, day in enumerate(free_from) if day <= first), len(free_from))
        free_from[row : row + 1] = [last + timedelta(days=1)]
        made.append(
            MonthBar(
                entry,
                column=(first - week[0]).days + 1,
                days=(last - first).days + 1,
                row=row + 1,
                before=entry.first < first,
                after=entry.last > last,
            )
        )
    return made


def agenda(days: Sequence[date], entries: Sequence[CalendarEntry]) -> list[tuple[date, list[CalendarEntry]]]:
    """The days on which something begins, or goes on from before the first, each with what does."""
    listed: dict[date, list[CalendarEntry]] = {}
    for entry in entries:
        if entry.first <= days[-1] and entry.last >= days[0]:
            listed.setdefault(max(entry.first, days[0]), []).append(entry)
    return sorted(listed.items())
