"""A window in; what was promised of it when it was booked, beside what came, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from maintenance import traffic
from maintenance.models import Service, TrafficSample, Window
from maintenance.slots.users import Users, count_users

_AROUND: Final = timedelta(days=1)
"""So far before and after a time its samples are read: by them it is known how long each lasts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of several services the load counts in ordinary hours, not in counts."""

    expected: float | None
    """None where nothing was promised."""
    low: float | None
    high: float | None
    came: float | None
    """What was counted from the planned start to the planned end; None where that is not known."""
    unknown: str
    """Why it is not known, and what to do. Empty where it is."""
    then: Users | None
    """Who used the services when it was booked; None where nobody counted."""
    now: Users

    @property
    def kept(self) -> bool | None:
        """Whether as much came as the range said; None where either is not known."""
        if self.came is None or self.low is None or self.high is None:
            return None
        return self.low <= self.came <= self.high

    @property
    def more(self) -> bool:
        """Whether more came than was promised at the most."""
        return self.came is not None and self.high is not None and self.came > self.high


def outcome(window: Window, *, now: datetime) -> Outcome:
    """Compare them; before the window's end nothing has come."""
    services = list(window.services.order_by("key"))
    came, unknown = _came(services, window.starts_at, window.ends_at, now)
    counted = window.expected_customers is not None and window.expected_vulnerable is not None
    return Outcome(
        expected=window.expected_load,
        low=window.expected_low,
        high=window.expected_high,
        came=came,
        unknown=unknown,
        then=Users(window.expected_customers or 0, window.expected_vulnerable or 0) if counted else None,
        now=count_users(services),
    )


def _came(
    services: Sequence[Service], starts_at: datetime, ends_at: datetime, now: datetime
) -> tuple[float | None, str]:
    """The sum over the services, or why it is not known."""
    if now < ends_at:
        return None, "Its planned end has not come yet."
    total = 0.0
    for service in services:
        count, unknown = _counted(service, starts_at, ends_at)
        if count is None:
            return None, unknown
        if len(services) > 1:
            try:
                count /= traffic.profile(service, now=now).mean_rate
            except traffic.TooLittle as problem:
                return None, str(problem)
        total += count
    return total, ""


def _counted(service: Service, starts_at: datetime, ends_at: datetime) -> tuple[float | None, str]:
    """What the samples say of exactly this time: of one that lies in it in part, that part."""
    rows = TrafficSample.objects.filter(
        service=service, at__gte=starts_at - _AROUND, at__lt=ends_at + _AROUND
    ).order_by("at")
    samples = [(at.timestamp(), count) for at, count in rows.values_list("at", "count")]
    begin, end = starts_at.timestamp(), ends_at.timestamp()
    if len(samples) > 1:
        starts, counts = np.array(samples).T
        lengths, number = np.unique(np.diff(starts), return_counts=True)
        step = float(lengths[number.argmax()])
        inside = np.clip(np.minimum(starts + step, end) - np.maximum(starts, begin), 0, None)
        if inside.sum() >= end - begin - 1:
            return float(counts @ inside / step), ""
        if starts[-1] + step >= end:
            return None, f"The traffic of {service} has gaps in that time."
    return None, (
        f"The traffic of {service} up to its end is not on record yet: "
        f"manage.py import_traffic {service.key} FILE"
    )
