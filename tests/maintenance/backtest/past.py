"""Made-up histories on a grid, noisy with a fixed seed, for replays."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from maintenance.backtest import History, grid
from maintenance.bank_days import Country, country_days
from maintenance.traffic.weeks import DAY, HOUR, Floats
from maintenance.traffic.zones import local_seconds
from tests.maintenance.usage import LONDON

ONE, TWO, FOUR = LENGTHS = [timedelta(hours=hours) for hours in (1, 2, 4)]
MODES = ("any", "any+blackouts", "staffed", "staffed+blackouts")
GB = Country("GB")
JANUARY = datetime(2026, 1, 5, tzinfo=LONDON)
"""A Monday."""


def times(
    weeks: float, *, minutes: int = 60, begins: datetime = JANUARY, zone: ZoneInfo = LONDON
) -> tuple[Floats, Floats]:
    """When samples begin, in seconds since 1970, and what the zone's clock shows then."""
    number = round(weeks * 7 * DAY / 60 / minutes)
    at: Floats = begins.timestamp() + 60.0 * minutes * np.arange(number, dtype=np.float64)
    return at, local_seconds(at, zone)


def counts(local: Floats, *, minutes: int = 60, seed: int = 3) -> Floats:
    """Least around 03:00, Sundays half, and a third of noise."""
    hour = local % DAY / HOUR
    from_three = np.minimum(np.abs(hour - 3.5), 24 - np.abs(hour - 3.5))
    sunday = country_days.weekdays((local // DAY).astype(np.int64)) == 6
    rate = (40 + 80 * from_three) * np.where(sunday, 0.5, 1)
    noise = np.random.default_rng(seed).lognormal(0, 0.3, rate.size)
    found: Floats = rate * noise * minutes / 60
    return found


def history(
    weeks: float,
    *,
    minutes: int = 60,
    begins: datetime = JANUARY,
    zone: ZoneInfo = LONDON,
    country: Country = GB,
) -> History:
    """Such a history on its grid."""
    at, local = times(weeks, minutes=minutes, begins=begins, zone=zone)
    return grid.history(at, counts(local, minutes=minutes), zone=zone, country=country)


def changed(series: History, values: Floats) -> History:
    """The same moments with other counts; where they are NaN there is no sample."""
    there = np.flatnonzero(~np.isnan(values))
    return grid.history(series.seconds(there), values[there], zone=series.zone, country=series.country)


def local(at: float, zone: ZoneInfo = LONDON) -> datetime:
    """A second since 1970 on a zone's clock."""
    return datetime.fromtimestamp(at, zone)
