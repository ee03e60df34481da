"""Profiles and times in; the traffic to expect then, and its share of an ordinary hour, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

import numpy as np

from maintenance import clock
from maintenance.traffic import Load, Profile
from maintenance.traffic.forecast import HOUR, Floats

HABIT: Final = time(2)
"""Sunday at this hour of the bank's clock is when banks do maintenance out of habit."""


def expect(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> tuple[Load, float]:
    """The load of any span, and its share of an ordinary hour.

    One service's load is in counts. Several count different things, so each is taken in its own ordinary
    hours, and these are added. Raises TooLittle where a service's traffic says nothing of that time.
    """
    hours = (ends_at - starts_at) / timedelta(hours=1)
    loads = [profile.expect(starts_at, ends_at) for profile in profiles]
    if len(loads) == 1:
        return loads[0], loads[0].expected / (profiles[0].mean_rate * hours)
    expected, low, high = (
        sum(getattr(load, part) / profile.mean_rate for load, profile in zip(loads, profiles, strict=True))
        for part in ("expected", "low", "high")
    )
    return Load(expected, low, high), expected / (hours * len(loads))


def each_share(profiles: Sequence[Profile], starts: Floats, length: timedelta) -> list[Floats]:
    """For each service, the share of its ordinary hour in spans of this length; NaN where it is not known."""
    seconds = length.total_seconds()
    return [profile.expected(starts, seconds) / (profile.mean_rate * seconds / HOUR) for profile in profiles]


def shares(profiles: Sequence[Profile], starts: Floats, length: timedelta) -> Floats:
    """The mean over the services of their shares of an ordinary hour; NaN where one is not known."""
    mean: Floats = np.mean(each_share(profiles, starts, length), axis=0)
    return mean


def of_habit(
    profiles: Sequence[Profile], starts_at: datetime, length: timedelta, share: float
) -> float | None:
    """What such a share is of the one that Sunday 02:00 of the same week (from Monday) would have.

    None where nothing is known, or nothing is expected, of that Sunday.
    """
    day = clock.bank_day(starts_at)
    sunday = clock.at_bank(day + timedelta(days=6 - day.weekday()), HABIT)
    usual = float(shares(profiles, np.array([sunday.timestamp()]), length)[0])
    return share / usual if usual > 0 else None
