"""What lay before an origin in; the slots that habits would have taken then, and what came in them, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from maintenance.backtest.grid import HISTORY, History
from maintenance.bank_days import country_days
from maintenance.traffic.weeks import DAY, HOUR, Floats, Integers

NAMES: Final = ("sunday", "last_week", "mean")


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot that a method chose: its start, and what came in it."""

    start: float
    """Seconds since 1970, UTC."""
    promised: float
    actual: float


class Habits:
    """What the habits of people would have chosen at one origin, knowing the steps from `begin` to `now`."""

    def __init__(self, series: History, now: int, begin: int) -> None:
        self._series = series
        self._hours = _hour_of_week(series, max(begin, now - round(HISTORY * 7 * DAY / series.step)), now)
        self._now, self._begin = now, begin

    def choice(self, name: str, starts: Integers, steps: int) -> Choice | None:
        """The slot this habit takes out of these starts, if it can be judged."""
        scores = getattr(self, f"_{name}")(starts, steps)
        if np.isnan(scores).all():
            return None
        best = int(np.nanargmin(scores))  # of equals the first
        actual = self._series.came(int(starts[best]), steps)
        if np.isnan(actual):
            return None
        start = self._series.begins + self._series.step * int(starts[best])
        return Choice(start, float(scores[best]), actual)

    def _mean(self, starts: Integers, steps: int) -> Floats:
        """What the mean of each hour of the week says."""
        first, last = int(starts.min()), int(starts.max()) + steps
        hour = (_hours(self._series, first, last) % 168).astype(np.int64)
        return _windows(self._hours[hour], starts - first, steps)

    def _last_week(self, starts: Integers, steps: int) -> Floats:
        """What came in the same hours of the last week known."""
        week = round(7 * DAY / self._series.step)
        back = starts - week * ((starts + steps - self._now + week - 1) // week)
        first, last = int(back.min()), int(back.max()) + steps
        if first < self._begin:
            return np.full(starts.size, np.nan)
        return _windows(self._series.counts[first:last], back - first, steps)

    def _sunday(self, starts: Integers, _steps: int) -> Floats:
        """Sunday at 02:00 on the series' own clock, and nothing else."""
        seconds = self._series.local[starts]
        weekday = country_days.weekdays((seconds // DAY).astype(np.int64))
        on_time = (weekday == 6) & (seconds % DAY == 2 * HOUR)
        return np.where(on_time, 0.0, np.nan)


def _hours(series: History, first: int, last: int) -> Floats:
    """The hour of the week, from Monday 00:00, of each step."""
    seconds = series.local[first:last]
    weekday = country_days.weekdays((seconds // DAY).astype(np.int64))
    hours: Floats = weekday * 24 + seconds % DAY // HOUR
    return hours


def _hour_of_week(series: History, first: int, last: int) -> Floats:
    """The mean of each hour of the week over the steps known."""
    first = max(0, first)
    counts, hour = series.counts[first:last], _hours(series, first, last).astype(np.int64)
    known = ~np.isnan(counts)
    number = np.bincount(hour[known], minlength=168)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.bincount(hour[known], counts[known], 168) / number
    return mean


def _windows(values: Floats, starts: Integers, steps: int) -> Floats:
    """The sum of `steps` values from each start; NaN where one is unknown."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    blind = np.concatenate([[0], np.cumsum(np.isnan(values))])
    return np.where(blind[starts + steps] > blind[starts], np.nan, total[starts + steps] - total[starts])
