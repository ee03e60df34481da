"""Samples in; one series on a grid of equal steps, and the midnights at which slots are suggested, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from maintenance.bank_days import Country, country_days
from maintenance.traffic.weeks import DAY, Floats, Integers, step_of
from maintenance.traffic.zones import local_seconds

FIRST_AHEAD: Final = 5
"""Days from the origin to the first start: what customers are told at the least."""
LAST_AHEAD: Final = 12
HISTORY: Final = 8
_SHORT_HISTORY: Final = 3
"""Weeks before the first origin; the short one where the whole history is too short for the long."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """All samples of one series on a grid of equal steps; NaN is what was not observed."""

    begins: float
    step: float
    counts: Floats
    zone: tzinfo
    country: Country
    local: Floats
    """Each step as the zone's clock shows it, in seconds since its 1970."""
    total: Floats
    blind: Integers

    def came(self, first: int, number: int) -> float:
        """The counts of so many steps from this one; NaN where one of them was not observed."""
        if first < 0 or first + number > self.counts.size or self.blind[first + number] > self.blind[first]:
            return float("nan")
        return float(self.total[first + number] - self.total[first])

    def seconds(self, places: Integers) -> Floats:
        """When these steps begin, in seconds since 1970, UTC."""
        found: Floats = self.begins + self.step * places.astype(np.float64)
        return found

    def place(self, at: float) -> int:
        """The first step that begins at this second or later."""
        return int(np.ceil((at - self.begins) / self.step))

    def steps(self, length: timedelta) -> int:
        """How many steps come nearest to this length; at least one."""
        return max(1, round(length.total_seconds() / self.step))


def history(at: Floats, counts: Floats, *, zone: tzinfo, country: Country) -> History:
    """Put samples (seconds since 1970, rising) on their grid. Raises TooLittle where they have none."""
    step = step_of(at, "The file")
    place = np.round((at - at[0]) / step).astype(np.int64)
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = counts
    known = np.concatenate([[0.0], np.cumsum(np.nan_to_num(grid))])
    blind = np.concatenate([[0], np.cumsum(np.isnan(grid))])
    local = local_seconds(at[0] + step * np.arange(grid.size, dtype=np.float64), zone)
    return History(float(at[0]), step, grid, zone, country, local, known, blind)


def origins(series: History, most: int, longest: timedelta) -> list[int]:
    """Evenly spread local days (counted from 1970-01-01) at whose midnight a slot is suggested.

    At least 8 weeks lie before the first, or 3 where the history is too short for that.
    """
    first, last = int(series.local[0] // DAY), int(series.local[-1] // DAY)
    end = last + 1 - LAST_AHEAD - int(np.ceil(longest / timedelta(days=1)))
    for weeks in (HISTORY, _SHORT_HISTORY):
        begin = first + 7 * weeks + (1 if series.local[0] % DAY else 0)
        if end >= begin:
            spread = np.linspace(begin, end, min(most, end - begin + 1))
            return sorted({int(day) for day in np.round(spread)})
    return []


def local_midnight(day: int, zone: tzinfo) -> float:
    """When this local day (counted from 1970-01-01) begins, in seconds since 1970, UTC."""
    date = country_days.numbered(day)
    return datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()
