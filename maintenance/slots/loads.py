"""Profiles and times in; the traffic to expect then, and its share of an ordinary hour, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import numpy as np

from maintenance import clock
from maintenance.traffic import Load, Profile
from maintenance.traffic.forecast import HOUR, Floats

HABIT: Final = time(2)
"""Sunday at this hour of the bank's clock is when banks do maintenance out of habit."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What some services are expected to carry in one span."""

    load: Load
    """One service's load is in counts. Several count different things, so each is taken in its own ordinary
    hours, and these are added."""
    share: float
    """Of an ordinary hour; of several services the mean."""
    each: tuple[float, ...]
    """The share of each service."""


def expect(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> tuple[Load, float]:
    """The load of any span, and its share of an ordinary hour: see `Expected`.

    Raises TooLittle where a service's traffic says nothing of that time.
    """
    found = expected(profiles, starts_at, ends_at)
    return found.load, found.share


def expected(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> Expected:
    """The same, with the share of each service."""
    hours = (ends_at - starts_at) / timedelta(hours=1)
    loads = [profile.expect(starts_at, ends_at) for profile in profiles]
    rates = [profile.mean_rate for profile in profiles]
    each = tuple(load.expected / (rate * hours) for load, rate in zip(loads, rates, strict=True))
    if len(loads) == 1:
        return Expected(loads[0], each[0], each)
    total, low, high = (
        sum(getattr(load, part) / rate for load, rate in zip(loads, rates, strict=True))
        for part in ("expected", "low", "high")
    )
    return Expected(Load(total, low, high), total / (hours * len(loads)), each)


def shares(profiles: Sequence[Profile], starts: Floats, length: timedelta) -> Floats:
    """The mean over the services of their shares of an ordinary hour; NaN where one is not known."""
    seconds = length.total_seconds()
    each = [profile.expected(starts, seconds) / (profile.mean_rate * seconds / HOUR) for profile in profiles]
    mean: Floats = np.mean(each, axis=0)
    return mean


def of_habit(
    profiles: Sequence[Profile], starts: Sequence[datetime], length: timedelta
) -> list[float | None]:
    """For each start, the share that Sunday 02:00 of the same week (from Monday) would have.

    None where nothing is known, or nothing is expected, of that Sunday.
    """
    days = [clock.bank_day(start) for start in starts]
    sundays = [clock.at_bank(day + timedelta(days=6 - day.weekday()), HABIT).timestamp() for day in days]
    usual = np.mean([_corrected(profile, np.array(sundays), length) for profile in profiles], axis=0)
    return [share if share > 0 else None for share in usual.tolist()]


def _corrected(profile: Profile, starts: Floats, length: timedelta) -> Floats:
    """The shares of the night as `expect` gives them one by one: chosen ones carry more than they seem to."""
    hours = length / timedelta(hours=1)
    rates = profile.expected(starts, length.total_seconds()) / hours
    by_level = (rates / profile.level).tolist()
    chosen = [profile.record.correction(share, hours, staffed=False) for share in by_level]
    found: Floats = rates * np.array(chosen) / profile.mean_rate
    return found
