"""Public holidays and weekends of countries."""

from __future__ import annotations

from datetime import date

from maintenance.traffic import days

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_a_part_of_a_country_keeps_its_own_holidays() -> None:
    england, scotland = days.of("GB-ENG", *YEAR), days.of("GB-SCT", *YEAR)
    assert (date(2026, 4, 6) in england.holidays, date(2026, 4, 6) in scotland.holidays) == (True, False)


def test_only_the_days_asked_for_are_given() -> None:
    assert list(days.of("US-MN", date(2025, 12, 20), date(2026, 1, 10)).holidays) == [
        date(2025, 12, 25),
        date(2026, 1, 1),
    ]


def test_a_weekend_may_begin_on_a_friday() -> None:
    assert days.of("SA", *YEAR).weekend == {4, 5}


def test_an_unknown_country_has_no_holidays_and_says_so() -> None:
    unknown = days.of("XX", *YEAR)
    assert (len(unknown.holidays), sorted(unknown.weekend)) == (0, [5, 6])
    assert unknown.doubt == "No holidays are known for the country 'XX': every day counts as an ordinary one."


def test_an_unknown_part_falls_back_on_its_country_and_says_so() -> None:
    odd = days.of("GB-XYZ", *YEAR)
    assert odd.holidays == days.of("GB", *YEAR).holidays
    assert odd.doubt == "GB-XYZ is not known as a part of GB: only GB's own holidays count."
