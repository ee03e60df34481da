"""On which dates critical days fall."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from maintenance.bank_days import Country, critical_days
from maintenance.models import CriticalDay

Pattern = CriticalDay.Pattern
GB, SAUDI = Country("GB-ENG"), Country("SA")


def _days(pattern: Pattern, *, first: str, last: str, country: Country = GB, **more: Any) -> list[str]:
    row = CriticalDay(name="Payday", pattern=pattern, **more)
    found = critical_days.critical_dates(row, country, date.fromisoformat(first), date.fromisoformat(last))
    return [day.isoformat() for day in found]


def test_the_nth_working_day_passes_over_weekends_and_holidays() -> None:
    # 1 January is a holiday in 2026, 2 January a Friday
    assert _days(Pattern.WORKING_DAY, number=2, first="2026-01-01", last="2026-02-28") == [
        "2026-01-05",
        "2026-02-03",
    ]


def test_working_days_are_those_of_the_country() -> None:
    # Friday and Saturday are the weekend in Riyadh, so that 1 March 2026, a Sunday, is worked
    assert _days(Pattern.WORKING_DAY, number=1, first="2026-03-01", last="2026-03-31", country=SAUDI) == [
        "2026-03-01"
    ]


def test_the_banks_own_holiday_is_no_working_day() -> None:
    closed = Country("GB-ENG", {date(2026, 3, 2): "Moving house"})
    assert _days(Pattern.WORKING_DAY, number=1, first="2026-03-01", last="2026-03-31", country=closed) == [
        "2026-03-03"
    ]


def test_a_month_without_so_many_working_days_has_none() -> None:
    assert _days(Pattern.WORKING_DAY, number=23, first="2026-02-01", last="2026-03-31") == []


def test_the_last_working_days_of_a_month() -> None:
    # 31 May 2026 is a Sunday, 25 May a holiday
    assert _days(Pattern.LAST_WORKING_DAYS, number=5, first="2026-05-01", last="2026-05-31") == [
        "2026-05-22",
        "2026-05-26",
        "2026-05-27",
        "2026-05-28",
        "2026-05-29",
    ]


def test_a_day_that_a_month_lacks_is_its_last() -> None:
    assert _days(Pattern.DAY_OF_MONTH, number=31, first="2026-01-15", last="2026-04-15") == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
    ]


def test_the_last_days_of_a_month() -> None:
    assert _days(Pattern.LAST_DAYS, number=2, first="2028-02-01", last="2028-03-30") == [
        "2028-02-28",
        "2028-02-29",
        "2028-03-30",
    ]


def test_the_same_date_every_year() -> None:
    day = date(2024, 1, 31)
    assert _days(Pattern.YEARLY, day=day, first="2026-01-01", last="2027-12-31") == [
        "2026-01-31",
        "2027-01-31",
    ]


def test_a_leap_day_is_the_last_of_february_in_other_years() -> None:
    assert _days(Pattern.YEARLY, day=date(2024, 2, 29), first="2026-01-01", last="2026-12-31") == [
        "2026-02-28"
    ]


def test_one_date() -> None:
    day = date(2026, 3, 9)
    assert _days(Pattern.DATE, day=day, first="2026-03-09", last="2026-03-09") == ["2026-03-09"]
    assert _days(Pattern.DATE, day=day, first="2026-03-10", last="2026-12-31") == []


def test_a_recurrence_rule_begins_on_its_first_day() -> None:
    rule = "FREQ=MONTHLY;BYDAY=-1FR\nEXDATE:20260529T000000"
    assert _days(
        Pattern.RECURRENCE, recurrence=rule, day=date(2026, 4, 1), first="2026-03-01", last="2026-06-26"
    ) == ["2026-04-24", "2026-06-26"]


@pytest.mark.parametrize(("earlier", "day"), [(False, "2026-04-25"), (True, "2026-04-24")])
def test_a_payday_on_a_day_of_rest_moves_to_the_working_day_before(earlier: bool, day: str) -> None:
    assert _days(Pattern.DAY_OF_MONTH, number=25, earlier=earlier, first="2026-04-01", last="2026-04-30") == [
        day
    ]


def test_it_moves_over_holidays_and_out_of_its_month() -> None:
    # from Friday 1 January 2027, a holiday, to Thursday the day before
    assert _days(Pattern.DAY_OF_MONTH, number=1, earlier=True, first="2026-12-15", last="2026-12-31") == [
        "2026-12-31"
    ]


def test_it_moves_before_a_friday_where_friday_is_rest() -> None:
    assert _days(
        Pattern.DAY_OF_MONTH, number=27, earlier=True, country=SAUDI, first="2026-03-01", last="2026-03-31"
    ) == ["2026-03-26"]
