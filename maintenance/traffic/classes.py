"""A country and some days in; what kind of day each is, and how such days differ from ordinary ones, out.

The kinds and their starting factors are those that hold in most series of public traffic: a holiday is
much like the weekly day of rest, a single working day between days of rest half so, and the week from
Christmas Eve to New Year is quiet where Christmas is kept. How far a service differs from that is learnt.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from maintenance.bank_days import country_days
from maintenance.bank_days.country_days import Country
from maintenance.traffic.weeks import Floats, Integers

DAWN: Final = 5
"""The hour at which a day begins, as people live it: what comes before belongs to the evening."""


class DayKind(enum.IntEnum):
    """What kind of day it is, seen from the holidays around it."""

    ORDINARY = 0
    BRIDGE = 1
    """A single working day between days of rest."""
    EVE = 2
    DAY_AFTER = 3
    YEAR_END = 4
    """A working day from 24 December to 1 January."""
    YEAR_END_REST = 5
    HOLIDAY = 6
    LONG_WEEKEND = 7


class Mark(enum.IntEnum):
    """What else may set it apart: where in the month it falls."""

    NONE = 0
    FIRST = 1
    MIDDLE = 2
    """The 15th: a payday, and a tax deadline in many countries."""
    LATE = 3
    """The 25th: a payday in many countries."""
    END = 4
    """The last two days."""
    CRITICAL = 5
    """A day that the bank itself calls critical for this service, wherever in the month."""


LIKE_REST: Final = np.array([0.0, 0.55, 0.0, 0.0, 0.5, 0.0, 0.85, 0.0])
"""For each kind, how far its shape is that of a day of rest."""
FACTORS: Final = np.array(
    [(1, 1), (1, 0.95), (1, 0.93), (1, 1), (0.92, 0.88), (0.85, 0.82), (1, 0.95), (0.96, 0.96)]
)
"""For each kind, traffic before dawn and after it over what its shape says."""
DOUBT: Final = np.array([1.0, 2.5, 1.5, 1.3, 2.5, 1.8, 2.5, 1.2])
"""For each kind, how much wider a range must be: few such days have been seen."""
UNLIKE: Final = (DayKind.BRIDGE, DayKind.HOLIDAY)
"""Kinds that say nothing about ordinary days of the week."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Some days in a row: what each is. Kinds and marks are the numbers of Kind and Mark."""

    kinds: Integers
    marks: Integers
    after_rest: Integers
    """1 where the day before was one of rest, else 0."""


def classified_days(first: int, number: int, country: Country, critical: Integers) -> Days:
    """So many days from the one with this number; `critical` days as well count from 1970-01-01."""
    around = np.arange(first - 3, first + number + 3, dtype=np.int64)
    begin, end = country_days.numbered(int(around[0])), country_days.numbered(int(around[-1]))
    holiday = np.isin(around, [country_days.day_number(day) for day in country.holidays(begin, end)])
    weekly = np.isin(country_days.weekdays(around), sorted(country.weekend(end.year)))
    rest = holiday | weekly
    before, after = np.roll(rest, 1), np.roll(rest, -1)
    near = np.roll(holiday, 1) | np.roll(holiday, -1)
    dates = [country_days.numbered(int(number)) for number in around]
    year_end = np.array([_year_end(day) for day in dates]) & _keeps_christmas(country, begin, end)
    kinds = np.zeros(len(around), dtype=np.int64)
    kinds[weekly & (near | np.roll(holiday, 2) | np.roll(holiday, -2))] = DayKind.LONG_WEEKEND
    kinds[~rest & np.roll(holiday, -1)] = DayKind.EVE
    kinds[~rest & np.roll(holiday, 1)] = DayKind.DAY_AFTER
    kinds[~rest & before & after & near] = DayKind.BRIDGE
    kinds[year_end & ~rest] = DayKind.YEAR_END
    kinds[year_end & weekly] = DayKind.YEAR_END_REST
    kinds[holiday] = DayKind.HOLIDAY
    marks = np.array([_mark(day) for day in dates], dtype=np.int64)
    marks[np.isin(around, critical)] = Mark.CRITICAL
    inner = slice(3, 3 + number)
    return Days(kinds[inner], marks[inner], before[inner].astype(np.int64))


def classified_weeks(numbers: Integers, country: Country, critical: Integers) -> Days:
    """The days of weeks by 7, flattened in their order."""
    return classified_days(int(numbers[0, 0]), numbers.size, country, critical)


def before_dawn(cells: int) -> int:
    """How many cells of a day lie before dawn."""
    return DAWN * cells // 24


def spread(parts: Floats, cells: int) -> Floats:
    """Factors of before and after dawn (days by 2), for each cell of these days."""
    dawn = before_dawn(cells)
    return np.repeat(parts, [dawn, cells - dawn], axis=-1)


def _year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


def _keeps_christmas(country: Country, begin: date, end: date) -> bool:
    return any(country.holiday(date(year, 12, 25)) for year in (begin.year, end.year))


@lru_cache(maxsize=4096)
def _mark(day: date) -> Mark:
    if (day + timedelta(days=2)).day <= 2:  # the month ends within two days
        return Mark.END
    return {1: Mark.FIRST, 15: Mark.MIDDLE, 25: Mark.LATE}.get(day.day, Mark.NONE)
