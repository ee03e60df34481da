"""The expected week of one service in; what traffic to expect in any span, with its honest range, out.

No models and no database here: `learning` makes a profile from arrays, `traffic` from what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from maintenance.bank_days import country_days
from maintenance.bank_days.country_days import Country
from maintenance.traffic import classes, effects, replay
from maintenance.traffic.replay import Record
from maintenance.traffic.spread import Spread
from maintenance.traffic.weeks import DAY, HOUR, Floats, Integers, TooLittle
from maintenance.traffic.zones import local_seconds

__all__ = ["HOUR", "Floats", "Load", "Profile", "TooLittle"]

_QUARTER: Final = 900
"""Every zone's offset, today, is a whole number of quarters of an hour."""


@dataclass(frozen=True, slots=True)
class Load:
    """Traffic expected in a span, and the range that holds it four times in five, in the same unit."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The expected week of one service, in counts, as known at one moment."""

    name: str
    zone: tzinfo
    country: Country
    mean_rate: float
    """Counts in an ordinary hour of the present: the mean of the hours of the week that are known."""
    level: float
    """Counts an hour of the present at a share of 1."""
    shares: Floats
    """Rate over `level`: seven weekdays from Monday, then the first and the last day of the weekly rest, by
    24 or 48 cells. NaN: never seen."""
    of_kinds: Floats
    """Factors of each kind of day (classes.Kind), before dawn and after it."""
    of_marks: Floats
    """The same of each mark (classes.Mark)."""
    critical: Integers
    """The days that may be unlike others for this service, counted from 1970-01-01."""
    scatter: Spread
    record: Record
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
        shares = self._shares(edges[:-1])
        unseen = np.isnan(shares)
        volume = np.concatenate([[0.0], np.cumsum(np.where(unseen, 0.0, shares))])
        gaps = np.concatenate([[0.0], np.cumsum(unseen)])
        ends = starts + length
        total = np.interp(ends, edges, volume) - np.interp(starts, edges, volume)
        blind = np.interp(ends, edges, gaps) - np.interp(starts, edges, gaps)
        return np.where(blind > 1e-6, np.nan, np.maximum(total, 0) * self.level * _QUARTER / HOUR)

    def expect(self, starts_at: datetime, ends_at: datetime) -> Load:
        """The counts to expect from one instant to another.

        A quiet span is expected to carry a little more than `expected` says: whoever picks it picks an
        estimate that errs to the low side, by as much as such picks did in the past. Raises TooLittle where
        a part lies in hours that were never observed.
        """
        [load] = self.expect_each([starts_at], ends_at - starts_at)
        if load is None:
            raise TooLittle(
                f"{self.name} has no traffic on record for some hours of that time: unknown is not quiet. "
                "Choose another time, or import traffic that covers it."
            )
        return load

    def expect_each(self, starts: Sequence[datetime], length: timedelta) -> list[Load | None]:
        """What `expect` says of many spans of one length; None of one with hours that were never observed."""
        seconds = length.total_seconds()
        found = self.expected(np.array([at.timestamp() for at in starts]), seconds).tolist()
        doubts = self._widened([at.astimezone(self.zone).date() for at in starts])
        return [
            None if np.isnan(one) else self._load(at, seconds, one, doubt)
            for at, one, doubt in zip(starts, found, doubts, strict=True)
        ]

    def _load(self, starts_at: datetime, length: float, expected: float, doubt: float) -> Load:
        hours, staffed = length / HOUR, self._is_staffed(starts_at, length)
        expected *= self.record.correction(expected / hours / self.level, hours, staffed=staffed)
        unit = self.level * 24 / self.shares.shape[1]  # counts of one cell at a share of 1
        away = float(self.scatter.deviation(np.array(expected / unit))) * unit * doubt
        low, high = (expected + away * edge for edge in self.record.range(hours, staffed=staffed))
        return Load(expected, max(0.0, min(expected, low)), max(expected, high))

    def holiday(self, at: datetime) -> str:
        """The name of the public holiday on which this instant falls where the service is, or empty."""
        return self.country.holiday(at.astimezone(self.zone).date())

    def _widened(self, dates: Sequence[date]) -> list[float]:
        """How much wider than on an ordinary day the range is, for each of these days."""
        numbers = np.array([country_days.day_number(day) for day in dates], dtype=np.int64)
        first = int(numbers.min())
        kinds = classes.classified_days(
            first, int(numbers.max()) - first + 1, self.country, self.critical
        ).kinds
        found: list[float] = classes.DOUBT[kinds[numbers - first]].tolist()
        return found

    def _is_staffed(self, starts_at: datetime, length: float) -> bool:
        local = starts_at.astimezone(self.zone)
        begins = local.hour + local.minute / 60
        first, last = replay.STAFFED
        return (
            first <= begins and begins + length / HOUR <= last and self.country.is_working_day(local.date())
        )

    def _shares(self, seconds: Floats) -> Floats:
        """The share of each instant, with what its day is."""
        cells = self.shares.shape[1]
        place = np.floor(local_seconds(seconds, self.zone) / (DAY / cells)).astype(np.int64)
        day, cell = place // cells, place % cells
        first = int(day.min())
        kinds = classes.classified_days(first, int(day.max()) - first + 1, self.country, self.critical)
        order = country_days.weekdays(np.arange(first, first + len(kinds.kinds), dtype=np.int64))
        table = effects.expected_shares(self.shares, kinds, order, cells)
        table = table * classes.spread(self.of_kinds[kinds.kinds] * self.of_marks[kinds.marks], cells)
        found: Floats = table[day - first, cell]
        return found
