"""Samples as arrays in; the weeks they make on the service's own clock, one row each, out.

A week here is seven whole local days that end with the last day known, so that nothing recent is left over.
A day has 24 cells, or 48 where the samples lie half an hour apart or closer. What was not observed is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maintenance.bank_days import country_days
from maintenance.traffic.zones import local_seconds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

HOUR: Final = 3600
DAY: Final = 24 * HOUR
_FINE: Final = 48
_COARSE: Final = 24
_LEAST_HISTORY: Final = timedelta(weeks=2)
_LEAST_HOURS: Final = 72
MOST_WEEKS: Final = 60
"""What is older says little of today; a year and two months holds every holiday once."""


class TooLittle(ValueError):
    """Too little is known to say what traffic to expect; the words say what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """Rates per hour, a row for each week, oldest first, and 7 times `cells` columns."""

    rates: Floats
    cells: int
    end_day: int
    """The local day, counted from 1970-01-01, that follows the last one."""

    @property
    def day_numbers(self) -> Integers:
        """The local days, counted from 1970-01-01, as weeks by 7."""
        number = len(self.rates) * 7
        return np.arange(self.end_day - number, self.end_day, dtype=np.int64).reshape(-1, 7)

    @property
    def weekdays(self) -> Integers:
        """The weekday, from Monday 0, of each of the seven days of a row."""
        return country_days.weekdays(np.arange(self.end_day - 7, self.end_day, dtype=np.int64))


def weeks_of(at: Floats, counts: Floats, *, name: str, zone: tzinfo, now: datetime) -> Weeks:
    """The weeks of the samples that were over by `now`; the last day is left out while it is not.

    `at` is seconds since 1970 (UTC), rising, one for the beginning of each sample, from a minute to an
    hour apart. Raises TooLittle under two weeks.
    """
    step = step_of(at, name)
    finished = int(np.searchsorted(at, now.timestamp() - step, "right"))
    begun = int(np.searchsorted(at, now.timestamp() - (MOST_WEEKS + 1) * 7 * DAY))
    if begun == finished:  # nothing recent: the last there was
        begun = int(np.searchsorted(at, at[finished - 1] - MOST_WEEKS * 7 * DAY)) if finished else 0
    at, counts = at[begun:finished], counts[begun:finished]
    known = timedelta(seconds=float(at[-1] + step - at[0])) if at.size else timedelta(0)
    if known < _LEAST_HISTORY:
        raise TooLittle(f"{name} has {known.days} days of traffic on record; 2 weeks are needed.")
    cells = _FINE if step <= DAY / _FINE else _COARSE
    index = np.floor(local_seconds(at, zone) / (DAY / cells)).astype(np.int64)
    end_day = _end_day(index, cells, at[-1] + step, zone)
    rates = _rates(index, counts / (step / HOUR), end_day * cells, 7 * cells)
    hours = np.count_nonzero(~np.isnan(rates)) * 24 / cells
    if hours < _LEAST_HOURS:
        raise TooLittle(f"{name} has only {hours:.0f} hours of traffic on record; 2 weeks are needed.")
    return Weeks(rates, cells, end_day)


def step_of(at: Floats, name: str) -> float:
    """Seconds from sample to sample; the recent ones decide, because a bank may change its step."""
    apart = np.diff(at[-60_000:])
    steps = apart <= HOUR  # samples further apart say nothing about the hours between them
    if not steps.any():
        raise TooLittle(f"{name} has no two samples of traffic within an hour of each other on record.")
    recent = steps & (at[-60_000:][1:] > at[-1] - 28 * DAY)
    return float(np.median(apart[recent if recent.any() else steps]))


def _end_day(index: Integers, cells: int, known_until: float, zone: tzinfo) -> int:
    """The day after the last one that is whole; after the last one at all where none is."""
    last = int(index[-1]) // cells
    until = int(np.floor(local_seconds(np.array([known_until]), zone)[0] / DAY))
    return last + 1 if until > last else max(last, int(index[0]) // cells + 1)


def _rates(index: Integers, rates: Floats, end: int, width: int) -> Floats:
    """The mean rate of every cell before `end`, in rows of `width`; the first may not be whole."""
    kept = index < end
    index, rates = index[kept], rates[kept]
    rows = min(MOST_WEEKS, -(-(end - int(index[0])) // width))
    place = index - (end - rows * width)
    kept = place >= 0
    seen = np.bincount(place[kept], minlength=rows * width)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.bincount(place[kept], rates[kept], rows * width) / seen
    return mean.reshape(rows, width)
