"""An origin and a mode in; the steps at which a slot may start out.

A mode is any or staffed (wholly within 08:00 to 20:00 of one working day), and either with +blackouts: not on
a public holiday, the 1st, 15th or 25th, or the last two days of a month.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np

from maintenance.backtest.grid import FIRST_AHEAD, LAST_AHEAD, History, local_midnight
from maintenance.bank_days import country_days
from maintenance.traffic.weeks import DAY, HOUR, Flags, Integers

_STAFFED: Final = (8, 20)
_BLACKOUT_DATES: Final = (1, 15, 25)
_BLACKOUT_LAST: Final = 2


def allowed_starts(series: History, day: int, steps: int, mode: str) -> Integers:
    """The steps, 5 to 12 local days after this one began, at which a slot of so many steps may start."""
    first, last = (
        series.place(local_midnight(day + ahead, series.zone)) for ahead in (FIRST_AHEAD, LAST_AHEAD)
    )
    found = np.arange(first, last, dtype=np.int64)
    found = found[found + steps <= series.counts.size]
    kind, _, limits = mode.partition("+")
    if kind == "staffed":
        found = found[_staffed(series, found, steps)]
    if limits:
        found = found[~_blacked_out(series, found) & ~_blacked_out(series, found + steps - 1)]
    return found


def _staffed(series: History, places: Integers, steps: int) -> Flags:
    seconds = series.local[places]
    begins, ends = seconds % DAY / HOUR, (seconds % DAY + steps * series.step) / HOUR
    day = (seconds // DAY).astype(np.int64)
    working = {
        int(one): series.country.is_working_day(country_days.numbered(int(one))) for one in np.unique(day)
    }
    there = np.array([working[int(one)] for one in day], dtype=np.bool_)
    return there & (begins >= _STAFFED[0]) & (ends <= _STAFFED[1])


def _blacked_out(series: History, places: Integers) -> Flags:
    day = (series.local[places] // DAY).astype(np.int64)
    out = {}
    for number in np.unique(day):
        date = country_days.numbered(int(number))
        ends = (date + timedelta(days=_BLACKOUT_LAST)).day <= _BLACKOUT_LAST
        out[int(number)] = ends or date.day in _BLACKOUT_DATES or bool(series.country.holiday(date))
    return np.array([out[int(one)] for one in day], dtype=np.bool_)
