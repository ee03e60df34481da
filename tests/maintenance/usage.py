"""Made-up traffic whose quiet hours are known, so that a test can say what must be found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from maintenance.bank_days import Country
from maintenance.traffic import learning
from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place

Usage = Callable[[datetime], float | None]
LONDON = ZoneInfo("Europe/London")


def week(local: datetime) -> float:
    """Counts an hour at a time on the service's clock: least at 03:00, Sundays half, never zero."""
    by_hour = 100.0 + 80.0 * min(abs(local.hour - 3), 24 - abs(local.hour - 3))
    return by_hour / 2 if local.weekday() == 6 else by_hour


def samples(
    usage: Usage = week,
    *,
    until: datetime,
    days: float = 364,
    minutes: int = 60,
    zone: ZoneInfo = LONDON,
) -> list[tuple[datetime, float]]:
    """Samples up to `until`; where `usage` knows nothing (None) there is no sample."""
    step = timedelta(minutes=minutes)
    number = int(timedelta(days=days) / step)
    found = []
    for index in range(number, 0, -1):
        at = until - index * step
        count = usage(at.astimezone(zone))
        if count is not None:
            found.append((at, count * minutes / 60))
    return found


def learnt(
    usage: Usage = week,
    *,
    until: datetime,
    now: datetime | None = None,
    days: float = 364,
    minutes: int = 60,
    zone: ZoneInfo = LONDON,
    country: Country | None = None,
) -> Profile:
    """The profile of such traffic, learnt without a database."""
    kept = samples(usage, until=until, days=days, minutes=minutes, zone=zone)
    return learning.fit(
        np.array([at.timestamp() for at, _ in kept]),
        np.array([count for _, count in kept]),
        Place("Online banking", zone, country or Country("GB")),
        now=now or until,
    )


def from_file(path: Path, zone: ZoneInfo) -> list[tuple[datetime, float]]:
    """A recorded series; of an hour that the autumn change repeats, the first is meant."""
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    return [
        (datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC), float(count)) for at, count in rows
    ]


def london(day: date, hour: int, minute: int = 0) -> datetime:
    """The instant at which London's clock shows this."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).astimezone(UTC)
