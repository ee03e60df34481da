"""A country and a span of days in; its public holidays and weekend out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST_DAY: Final = date(1970, 1, 1)
_FIRST_WEEKDAY: Final = _FIRST_DAY.weekday()
_USUAL_WEEKEND: Final = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Country:
    """What is known of a country's days. Weekdays count from Monday, 0."""

    holidays: Mapping[date, str]
    weekend: frozenset[int]
    doubt: str = ""
    """A sentence for whoever reads the result, where the country or its part is not known."""


def of(country: str, first: date, last: date) -> Country:
    """The public holidays from `first` to `last`, both included.

    `country` is an ISO 3166 code, with the subdivision after a hyphen: GB, GB-ENG, US-MN. Where it is
    not known there are no holidays, a Saturday and Sunday weekend, and a `doubt` that says so.
    """
    known: dict[date, str] = {}
    weekend, doubt = _USUAL_WEEKEND, ""
    for year in range(first.year, last.year + 1):
        part = _year(country.upper(), year)
        known.update((day, name) for day, name in part.holidays.items() if first <= day <= last)
        weekend, doubt = part.weekend, part.doubt
    return Country(known, weekend, doubt)


def numbered(number: int) -> date:
    """The date so many days after 1970-01-01."""
    return _FIRST_DAY + timedelta(days=number)


def weekdays(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The weekday, from Monday 0, of each day, counted from 1970-01-01."""
    return (numbers + _FIRST_WEEKDAY) % 7


def are_holidays(numbers: NDArray[np.int64], country: str) -> NDArray[np.bool_]:
    """Whether each day, counted from 1970-01-01, is a public holiday."""
    known = of(country, numbered(int(numbers.min())), numbered(int(numbers.max()))).holidays
    return np.isin(numbers, np.array([(day - _FIRST_DAY).days for day in known], dtype=np.int64))


@lru_cache(maxsize=256)
def _year(country: str, year: int) -> Country:
    import holidays  # 0.2 s to import, and most processes never ask

    code, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=year, language="en_US")
    except NotImplementedError:
        if not part:
            doubt = f"No holidays are known for the country {country!r}: every day counts as an ordinary one."
            return Country({}, _USUAL_WEEKEND, doubt)
        whole = _year(code, year)
        doubt = (
            whole.doubt or f"{country} is not known as a part of {code}: only {code}'s own holidays count."
        )
        return Country(whole.holidays, whole.weekend, doubt)
    return Country(dict(found), frozenset(found.weekend))
