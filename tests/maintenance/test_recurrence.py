"""Times that repeat, on the bank's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance import clock, recurrence
from maintenance.recurrence import NoRecurrence


def at(text: str) -> datetime:
    """An instant by the bank's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.bank_zone()).astimezone(UTC)


def starts(first: str, last: str, rule: str, *, begin: str = "2026-01-04T02:00", hours: int = 4) -> list[str]:
    """The starts, as the bank's clock shows them."""
    begins = at(begin)
    found = recurrence.occurrences(begins, begins + timedelta(hours=hours), rule, at(first), at(last))
    return [f"{start.astimezone(clock.bank_zone()):%m-%d %H:%M}" for start, _ in found]


def test_without_a_rule_the_time_is_the_only_one() -> None:
    assert starts("2026-01-01", "2026-03-01", "") == ["01-04 02:00"]
    assert starts("2026-02-01", "2026-03-01", "") == []


def test_a_weekly_time_keeps_its_hour_when_the_clocks_change() -> None:
    assert starts("2026-03-20", "2026-04-06", "FREQ=WEEKLY") == ["03-22 02:00", "03-29 02:00", "04-05 02:00"]


def test_a_time_that_has_begun_before_the_span_still_counts() -> None:
    assert starts("2026-01-11T05:00", "2026-01-12", "RRULE:FREQ=WEEKLY;BYDAY=SU") == ["01-11 02:00"]


def test_a_time_that_ends_as_the_span_begins_does_not() -> None:
    assert starts("2026-01-11T06:00", "2026-01-12", "FREQ=WEEKLY") == []


def test_exceptions_and_an_end_are_kept() -> None:
    rule = "FREQ=WEEKLY;UNTIL=20260125\nEXDATE:20260111T020000"
    assert starts("2026-01-01", "2026-03-01", rule) == ["01-04 02:00", "01-18 02:00", "01-25 02:00"]


def test_an_end_in_utc_is_read_on_the_bank_s_clock() -> None:
    until = f"{at('2026-01-18T02:00'):%Y%m%dT%H%M%SZ}"
    assert starts("2026-01-01", "2026-03-01", f"FREQ=WEEKLY;UNTIL={until}") == [
        "01-04 02:00",
        "01-11 02:00",
        "01-18 02:00",
    ]


def test_the_first_sunday_of_each_month_is_a_rule() -> None:
    rule = "FREQ=MONTHLY;BYDAY=1SU"
    found = starts("2026-01-01", "2026-05-01", rule)
    assert [date(2026, int(day[:2]), int(day[3:5])).weekday() for day in found] == [6, 6, 6, 6]


@pytest.mark.parametrize(
    "text",
    ["", "every Sunday", "FREQ=FORTNIGHTLY", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=XX", "DTSTART:20260101"],
)
def test_what_is_no_rule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(NoRecurrence) as refused:
        recurrence.check(text)
    assert "FREQ=" in str(refused.value) or "daily, weekly" in str(refused.value)
