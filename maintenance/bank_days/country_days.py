"""A country in; its public holidays, its weekend and its working days out. No models here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST_DAY: Final = date(1970, 1, 1)
_FIRST_WEEKDAY: Final = _FIRST_DAY.weekday()
_USUAL_WEEKEND: Final = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class _Year:
    """What the library knows of one year of a country."""

    holidays: Mapping[date, str]
    weekend: frozenset[int]
    doubt: str = ""


@dataclass(frozen=True)
class Country:
    """A country's days, with what the bank adds to them or takes from them.

    `code` is ISO 3166, with the subdivision after a hyphen: GB, GB-ENG, US-MN. Where it is not known there
    are no holidays, a Saturday and Sunday weekend, and a `doubt` that says so. Weekdays count from Monday, 0.
    """

    code: str
    changes: Mapping[date, str | None] = field(default_factory=dict)
    """The bank's own table over the library's: a name adds the day, None takes it away."""

    def holidays(self, first: date, last: date) -> dict[date, str]:
        """The public holidays from `first` to `last`, both included, with their names."""
        known = {
            day: name
            for year in range(first.year, last.year + 1)
            for day, name in _year(self.code.upper(), year).holidays.items()
            if first <= day <= last
        }
        for day, name in self.changes.items():
            if first <= day <= last:
                known.pop(day, None)
                if name is not None:
                    known[day] = name
        return dict(sorted(known.items()))

    def holiday(self, day: date) -> str:
        """The name of the public holiday on this day, or empty."""
        return self.holidays(day, day).get(day, "")

    def weekend(self, year: int) -> frozenset[int]:
        """The weekly days of rest, as they are in that year."""
        return _year(self.code.upper(), year).weekend

    def doubt(self, year: int) -> str:
        """A sentence for whoever reads the result, where the country or its part is not known."""
        return _year(self.code.upper(), year).doubt

    def is_working_day(self, day: date) -> bool:
        """Whether banks work on this day: no weekly day of rest, and no public holiday."""
        return day.weekday() not in self.weekend(day.year) and not self.holiday(day)

    def working_day_before(self, day: date, number: int) -> date:
        """The working day that lies so many working days before `day`, which itself never counts.

        The same as numpy.busday_offset(day, -number, roll="forward"), but of 0, which is `day` itself.
        """
        for _ in range(number):
            day -= timedelta(days=1)
            while not self.is_working_day(day):
                day -= timedelta(days=1)
        return day


def numbered(number: int) -> date:
    """The date so many days after 1970-01-01."""
    return _FIRST_DAY + timedelta(days=number)


def day_number(day: date) -> int:
    """How many days a date lies after 1970-01-01."""
    return (day - _FIRST_DAY).days


def weekdays(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The weekday, from Monday 0, of each day, counted from 1970-01-01."""
    return (numbers + _FIRST_WEEKDAY) % 7


def are_holidays(numbers: NDArray[np.int64], country: Country) -> NDArray[np.bool_]:
    """Whether each day, counted from 1970-01-01, is a public holiday."""
    known = country.holidays(numbered(int(numbers.min())), numbered(int(numbers.max())))
    return np.isin(numbers, np.array([day_number(day) for day in known], dtype=np.int64))


@lru_cache(maxsize=512)
def _year(code: str, year: int) -> _Year:
    import holidays  # 0.2 s to import, and most processes never ask

    whole, _, part = code.partition("-")
    try:
        found = holidays.country_holidays(whole, subdiv=part or None, years=year, language="en_US")
    except NotImplementedError:
        if not part:
            doubt = f"No holidays are known for the country {code!r}: every day counts as an ordinary one."
            return _Year({}, _USUAL_WEEKEND, doubt)
        country = _year(whole, year)
        doubt = (
            country.doubt or f"{code} is not known as a part of {whole}: only {whole}'s own holidays count."
        )
        return _Year(country.holidays, country.weekend, doubt)
    return _Year(dict(found), frozenset(found.weekend))
