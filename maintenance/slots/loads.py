"""Profiles and times in; the traffic to expect then, and its share of an ordinary hour, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import numpy as np

from maintenance import bank_time
from maintenance.traffic import Load, Profile
from maintenance.traffic.forecast import HOUR, Floats

HABIT: Final = time(2)
"""Sunday at this hour of the bank's clock is when banks do maintenance out of habit."""


@dataclass(frozen=True, slots=True)
class ExpectedLoad:
    """What some services are expected to carry in one span."""

    load: Load
    """One service's load is in counts. Several count different things, so each is taken in its own ordinary
    hours, and these are added."""
    share: float
    """Of an ordinary hour; of several services the mean."""
    each: tuple[float, ...]
    """The share of each service."""


def load_and_share(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> tuple[Load, float]:
    """The load of any span, and its share of an ordinary hour: see `ExpectedLoad`.

    Raises TooLittle where a service's traffic says nothing of that time.
    """
    found = expected_load(profiles, starts_at, ends_at)
    return found.load, found.share


def expected_load(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> ExpectedLoad:
    """The same, with the share of each service."""
    length = ends_at - starts_at
    return _added(profiles, [profile.expect(starts_at, ends_at) for profile in profiles], length)


def expected_each(
    profiles: Sequence[Profile], starts: Sequence[datetime], length: timedelta
) -> list[ExpectedLoad | None]:
    """The same of many times of one length; None of one of which the traffic of a service says nothing."""
    rows = zip(*(profile.expect_each(starts, length) for profile in profiles), strict=True)
    known = [[load for load in row if load is not None] for row in rows]
    return [_added(profiles, row, length) if len(row) == len(profiles) else None for row in known]


def _added(profiles: Sequence[Profile], loads: Sequence[Load], length: timedelta) -> ExpectedLoad:
    hours = length / timedelta(hours=1)
    rates = [profile.mean_rate for profile in profiles]
    each = tuple(load.expected / (rate * hours) for load, rate in zip(loads, rates, strict=True))
    if len(loads) == 1:
        return ExpectedLoad(loads[0], each[0], each)
    total, low, high = (
        sum(getattr(load, part) / rate for load, rate in zip(loads, rates, strict=True))
        for part in ("expected", "low", "high")
    )
    return ExpectedLoad(Load(total, low, high), total / (hours * len(loads)), each)


def shares_of_hour(profiles: Sequence[Profile], starts: Floats, length: timedelta) -> Floats:
    """The mean over the services of their shares of an ordinary hour; NaN where one is not known."""
    seconds = length.total_seconds()
    each = [profile.expected(starts, seconds) / (profile.mean_rate * seconds / HOUR) for profile in profiles]
    mean: Floats = np.mean(each, axis=0)
    return mean


def habitual_start(at: datetime) -> datetime:
    """Sunday 02:00 of the same week (from Monday), by the bank's clock."""
    day = bank_time.bank_day(at)
    return bank_time.at_bank(day + timedelta(days=6 - day.weekday()), HABIT)
