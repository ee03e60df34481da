"""The expected week of one service in; what traffic to expect in any span, with its honest range, out.

No models and no database here: `learning` makes a profile from arrays, `traffic` from what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maintenance.days import country as days
from maintenance.days.country import Country
from maintenance.traffic.zones import local_seconds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HOUR: Final = 3600
WEEK_HOURS: Final = 168
_QUARTER: Final = 900
"""Every zone's offset, today, is a whole number of quarters of an hour."""
_ENOUGH_FOR_A_RANGE: Final = 20


@dataclass(frozen=True, slots=True)
class Load:
    """Traffic expected in a span, and the range that holds it four times in five, in the same unit."""

    expected: float
    low: float
    high: float


class TooLittle(ValueError):
    """Too little is known to say what traffic to expect; the words say what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The expected week of one service, in counts, as known at one moment."""

    name: str
    zone: tzinfo
    country: Country
    mean_rate: float
    """Counts in an ordinary hour of the present: the mean of the hours of the week that are known."""
    shares: Floats
    """Rate over `mean_rate`: 168 hours from Monday 00:00, then 24 of a holiday. NaN: never seen."""
    past: Floats
    """Weeks by 168 hours: what came, over what the level had been when it was to be foreseen."""
    rest_day: int
    doubts: tuple[str, ...]
    """Sentences a reader of the figures should know."""

    def expected(self, starts: Floats, length: float) -> Floats:
        """Counts expected in spans of `length` seconds from each start (seconds since 1970, UTC).

        NaN where any part of a span lies in hours that were never observed.
        """
        if not starts.size:
            return np.empty(0)
        first, last = np.floor(starts.min() / _QUARTER), np.ceil((starts.max() + length) / _QUARTER)
        edges = np.arange(first, last + 1) * _QUARTER
        shares = self.shares[self._cells(edges[:-1])]
        unseen = np.isnan(shares)
        volume = np.concatenate([[0.0], np.cumsum(np.where(unseen, 0.0, shares))])
        gaps = np.concatenate([[0.0], np.cumsum(unseen)])
        ends = starts + length
        total = np.interp(ends, edges, volume) - np.interp(starts, edges, volume)
        blind = np.interp(ends, edges, gaps) - np.interp(starts, edges, gaps)
        return np.where(blind > 1e-6, np.nan, total * self.mean_rate * _QUARTER / HOUR)

    def expect(self, starts_at: datetime, ends_at: datetime) -> Load:
        """The counts to expect from one instant to another.

        Raises TooLittle where a part of the span lies in hours that were never observed.
        """
        start, length = starts_at.timestamp(), (ends_at - starts_at).total_seconds()
        expected = float(self.expected(np.array([start]), length)[0])
        if np.isnan(expected):
            raise TooLittle(
                f"{self.name} has no traffic on record for some hours of that time: unknown is not quiet. "
                "Choose another time, or import traffic that covers it."
            )
        seen = self._seen(start, length, expected)
        if not seen.size:
            return Load(expected, expected, expected)
        # n + 1: with few weeks the extremes have not been seen yet
        low, high = np.quantile(seen, [0.1, 0.9], method="weibull")
        return Load(expected, min(expected, float(low)), max(expected, float(high)))

    def holiday(self, at: datetime) -> str:
        """The name of the public holiday on which this instant falls where the service is, or empty."""
        day = at.astimezone(self.zone).date()
        return self.country.holiday(day)

    def _cells(self, seconds: Floats) -> Integers:
        """The index in `shares` of each instant."""
        hours = np.floor(local_seconds(seconds, self.zone) / HOUR).astype(np.int64)
        day, hour = hours // 24, hours % 24
        ordinary = days.weekdays(day) * 24 + hour
        return np.where(days.are_holidays(day, self.country), WEEK_HOURS + hour, ordinary)

    def _seen(self, start: float, length: float, expected: float) -> Floats:
        """What such a span really carried, week by week, brought to the present level."""
        first, last = np.floor(start / _QUARTER), np.ceil((start + length) / _QUARTER)
        edges: Floats = np.arange(first, last, dtype=float) * _QUARTER
        parts = np.minimum(edges + _QUARTER, start + length) - np.maximum(edges, start)
        cells = self._cells(edges)
        # too few holidays for a range of their own: the rest day's doubt, on the holiday's expectation
        cells = np.where(cells >= WEEK_HOURS, self.rest_day * 24 + cells % 24, cells)
        seen = self._came(cells, parts, expected)
        if seen.size >= _ENOUGH_FOR_A_RANGE:
            return seen
        others = [self._came((cells + 24 * ahead) % WEEK_HOURS, parts, expected) for ahead in range(1, 7)]
        return np.concatenate([seen, *others])

    def _came(self, cells: Integers, parts: Floats, expected: float) -> Floats:
        """What came in these hours of each past week that has them all, scaled to what is expected."""
        usual = self.shares[cells] @ parts
        came = self.past[:, cells] @ parts
        scaled = came / usual * expected if usual > 0 else came * self.mean_rate / HOUR
        return scaled[~np.isnan(scaled)]
