"""A service in; a year of hourly traffic such as a bank has, from a seeded generator, out.

Days have their hours, weeks their weekend, months their payday and the year its holidays and
Christmas shopping; use grows, and every day has its chance.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from maintenance.models import Service

_SEED: Final = 20260302
_HOURS: Final = 365 * 24
_GROWTH: Final = 1.15
"""From the year's beginning to its end."""
_PAYDAYS: Final = range(25, 29)
_SHOPPING: Final = ((12, 10), (12, 24))

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Uses per hour at the busiest, the day's peaks (hour, width in hours, height), and what moves them."""

    busiest: float
    peaks: Sequence[tuple[float, float, float]]
    night: float
    weekend: float
    payday: float = 1.0
    shopping: float = 1.0


_USUAL: Final = _Shape(20_000, ((11, 3, 1.0), (19, 2.5, 0.7)), night=0.03, weekend=0.7)
_SHAPES: Final[Mapping[str, _Shape]] = {
    "online-banking": _Shape(
        24_000, ((10.5, 2.8, 1.0), (14.5, 2.5, 0.7), (20, 2, 0.6)), night=0.02, weekend=0.55, payday=1.3
    ),
    "mobile-app": _Shape(
        70_000, ((8.5, 1.8, 0.8), (12.5, 2, 0.8), (19.5, 3, 1.0)), night=0.04, weekend=0.9, payday=1.35
    ),
    "card-payments": _Shape(
        90_000, ((12.5, 2.2, 0.9), (17.5, 2.5, 1.0)), night=0.03, weekend=1.1, payday=1.15, shopping=1.3
    ),
    "instant-transfers": _Shape(
        12_000, ((10, 3, 0.9), (16, 3, 0.8), (20, 2, 0.7)), night=0.02, weekend=0.6, payday=1.6
    ),
    "cash-machines": _Shape(
        15_000, ((12, 2.5, 0.9), (17, 2.5, 1.0), (22, 1.5, 0.3)), night=0.05, weekend=1.05, payday=1.25
    ),
}


def year_of_usage(service: Service, *, until: datetime) -> Sequence[tuple[datetime, float]]:
    """The uses in each hour of the year before `until`, by the hour's beginning (aware, as `until`)."""
    end = until.replace(minute=0, second=0, microsecond=0)
    hours = [end - timedelta(hours=back) for back in range(_HOURS, 0, -1)]
    zone = ZoneInfo(service.time_zone)
    local = [hour.astimezone(zone) for hour in hours]
    generator = np.random.default_rng([_SEED, zlib.crc32(service.key.encode())])
    rates = _expected(_SHAPES.get(service.key, _USUAL), local, service.country)
    days, day_of_hour = np.unique([hour.toordinal() for hour in local], return_inverse=True)
    chance = generator.gamma(400, 1 / 400, size=len(days))[day_of_hour]  # give or take 5 % a day
    counts = generator.poisson(rates * chance)
    return list(zip(hours, map(float, counts), strict=True))


def _expected(shape: _Shape, local: Sequence[datetime], country: str) -> Numbers:
    of_day = _hours_of_day(shape)
    free, holidays = _free_days(country, {hour.year for hour in local})
    rates = np.empty(len(local))
    for index, hour in enumerate(local):
        day = hour.date()
        rate = of_day[hour.hour]
        if day in holidays:
            rate *= 0.6 * shape.weekend
        elif day.weekday() in free:
            rate *= shape.weekend
        if day.day in _PAYDAYS:
            rate *= shape.payday
        if _SHOPPING[0] <= (day.month, day.day) <= _SHOPPING[1]:
            rate *= shape.shopping
        rates[index] = rate
    growth: Numbers = np.geomspace(1 / _GROWTH, 1, len(local))
    return rates * growth * shape.busiest


def _hours_of_day(shape: _Shape) -> Numbers:
    """The share of the busiest hour in each of the 24, over midnight without a step."""
    middle = np.arange(24) + 0.5
    total: Numbers = np.zeros(24)
    for hour, width, height in shape.peaks:
        distance = np.abs((middle - hour + 12) % 24 - 12)
        total += height * np.exp(-0.5 * (distance / width) ** 2)
    share: Numbers = total / total.max()
    return shape.night + (1 - shape.night) * share


def _free_days(country: str, years: set[int]) -> tuple[set[int], set[date]]:
    """The weekend's days, Monday being 0, and the holidays."""
    import holidays  # 0.3 seconds that only a first start should wait

    land, _, part = country.partition("-")
    try:
        calendar = holidays.country_holidays(land, subdiv=part or None, years=years)
    except NotImplementedError:  # the library's word for a country that it does not know
        return {5, 6}, set()
    return set(calendar.weekend), set(calendar)
