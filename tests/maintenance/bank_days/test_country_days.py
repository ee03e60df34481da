"""Public holidays, weekends and working days of countries."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pytest

from maintenance.bank_days import Country

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_a_part_of_a_country_keeps_its_own_holidays() -> None:
    easter_monday = date(2026, 4, 6)
    england, scotland = Country("GB-ENG"), Country("GB-SCT")
    assert (england.holiday(easter_monday), scotland.holiday(easter_monday)) == ("Easter Monday", "")


def test_only_the_days_asked_for_are_given() -> None:
    assert list(Country("US-MN").holidays(date(2025, 12, 20), date(2026, 1, 10))) == [
        date(2025, 12, 25),
        date(2026, 1, 1),
    ]


def test_a_weekend_may_begin_on_a_friday() -> None:
    assert Country("SA").weekend(2026) == {4, 5}


def test_an_unknown_country_has_no_holidays_and_says_so() -> None:
    unknown = Country("XX")
    assert (len(unknown.holidays(*YEAR)), sorted(unknown.weekend(2026))) == (0, [5, 6])
    assert (
        unknown.doubt(2026)
        == "No holidays are known for the country 'XX': every day counts as an ordinary one."
    )


def test_an_unknown_part_falls_back_on_its_country_and_says_so() -> None:
    odd = Country("GB-XYZ")
    assert odd.holidays(*YEAR) == Country("GB").holidays(*YEAR)
    assert odd.doubt(2026) == "GB-XYZ is not known as a part of GB: only GB's own holidays count."


def test_the_bank_adds_a_day_and_takes_another_away() -> None:
    bank = Country("GB-ENG", {date(2026, 6, 1): "Founders' day", date(2026, 4, 6): None})
    assert (bank.holiday(date(2026, 6, 1)), bank.holiday(date(2026, 4, 6))) == ("Founders' day", "")


@pytest.mark.parametrize("code", ["GB-ENG", "SA", "US", "AE", "BR"])
def test_working_days_count_back_as_numpy_counts_them(code: str) -> None:
    """Two hundred dates in each of five countries, Friday and Saturday weekends among them."""
    random = Random(code)
    country = Country(code)
    known = [np.datetime64(day) for day in country.holidays(date(2023, 1, 1), date(2028, 12, 31))]
    mask = "".join("0" if day in country.weekend(2026) else "1" for day in range(7))
    for _ in range(200):
        day, number = date(2024, 1, 1) + timedelta(days=random.randrange(1400)), random.randrange(1, 16)
        wanted = np.busday_offset(np.datetime64(day), -number, roll="forward", weekmask=mask, holidays=known)
        assert country.working_day_before(day, number) == wanted.item(), (day, number)
