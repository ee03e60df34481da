"""Starts and the places of services in; which of them lie in staffed hours, and which at night, out.

No models and no database here. Starts are seconds since 1970, UTC; hours are those of each service's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maintenance.bank_days import country_days
from maintenance.bank_days.country_days import Country
from maintenance.traffic.forecast import HOUR, Floats
from maintenance.traffic.place import Place
from maintenance.traffic.zones import local_seconds

Mask = NDArray[np.bool_]

STAFFED: Final = (8, 20)
"""Hours of a working day in which people are at work."""
NIGHT: Final = (22, 6)
"""Hours in which, where nothing is known of traffic, customers are taken to sleep."""
_DAY: Final = 24 * HOUR
_NIGHT_LENGTH: Final = (NIGHT[1] - NIGHT[0]) % 24 * HOUR


def staffed(starts: Floats, length: timedelta, places: Sequence[Place]) -> Mask:
    """Whether the whole span lies in staffed hours of one working day, wherever one of the services is."""
    found = np.ones(starts.size, bool)
    for place in places if starts.size else ():
        begin, end = _shown(starts, length, place)
        day = np.floor(begin / _DAY).astype(np.int64)
        found &= (begin - day * _DAY >= STAFFED[0] * HOUR) & (end - day * _DAY <= STAFFED[1] * HOUR)
        found &= _working(day, place.country)
    return found


def night(starts: Floats, length: timedelta, places: Sequence[Place], within: Floats) -> Mask:
    """Whether the span has as much of the night in it, over all services, as a span of its length can have.

    `within` are the starts of a week, by which that is known even where no night was asked for.
    """
    if not starts.size:
        return np.ones(0, bool)
    most = np.max(_asleep(within, length, places))
    found: Mask = _asleep(starts, length, places) >= most - 1
    return found


def _asleep(starts: Floats, length: timedelta, places: Sequence[Place]) -> Floats:
    """Seconds of the night in each span, added up over the services."""
    total = np.zeros(starts.size)
    for place in places:
        begin, end = _shown(starts, length, place)
        total += _night_before(end) - _night_before(begin)
    return total


def _night_before(local: Floats) -> Floats:
    """Seconds of all nights from a day in the past to a moment of the clock."""
    since = local - NIGHT[0] * HOUR
    nights = np.floor(since / _DAY)
    seconds: Floats = nights * _NIGHT_LENGTH + np.minimum(since - nights * _DAY, _NIGHT_LENGTH)
    return seconds


def _shown(starts: Floats, length: timedelta, place: Place) -> tuple[Floats, Floats]:
    """What the clock there shows at the start and at the end."""
    return local_seconds(starts, place.zone), local_seconds(starts + length.total_seconds(), place.zone)


def _working(numbers: NDArray[np.int64], country: Country) -> Mask:
    each, back = np.unique(numbers, return_inverse=True)
    rest = {
        year: country.weekend(year) for year in {country_days.numbered(int(number)).year for number in each}
    }
    weekday = [(day.weekday() not in rest[day.year]) for day in map(country_days.numbered, each.tolist())]
    working = np.array(weekday) & ~country_days.are_holidays(each, country)
    found: Mask = working[back]
    return found
