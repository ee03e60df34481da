"""Times that repeat, on the bank's clock."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maintenance import bank_time, recurrence
from maintenance.recurrence import NoRecurrence, Recurring


def at(text: str) -> datetime:
    """An instant by the bank's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=bank_time.bank_zone()).astimezone(UTC)


def starts(first: str, last: str, rule: str, *, begin: str = "2026-01-04T02:00", hours: int = 4) -> list[str]:
    """The starts, as the bank's clock shows them."""
    begins = at(begin)
    found = recurrence.occurrences(
        Recurring(begins, begins + timedelta(hours=hours), rule), at(first), at(last)
    )
    return [f"{start.astimezone(bank_time.bank_zone()):%m-%d %H:%M}" for start, _ in found]


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
    [
        "",
        "every Sunday",
        "FREQ=FORTNIGHTLY",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=1SU",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;BYHOUR=2,14",
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=DAILY;COUNT=3;UNTIL=20260301",
        "FREQ=DAILY;COUNT=3;COUNT=4",
        "FREQ=MONTHLY;BYEASTER=1",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "EXDATE:20260111T020000",
        "DTSTART:20260101",
    ],
)
def test_what_is_no_rule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(NoRecurrence) as refused:
        recurrence.check_recurrence(text)
    assert "FREQ=" in str(refused.value) or "daily, weekly" in str(refused.value)


def test_a_time_left_out_that_is_no_time_is_refused() -> None:
    with pytest.raises(NoRecurrence, match="20261301T000000"):
        recurrence.check_recurrence("FREQ=DAILY\nEXDATE:20261301T000000")


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260101",
        "FREQ=YEARLY;BYMONTH=2;BYDAY=6MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_that_never_names_a_time_is_refused_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises(NoRecurrence):
        recurrence.check_recurrence(text, at("2026-01-04T02:00"))
    assert time.process_time() - began < 1.5  # dateutil alone looks for six seconds


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=1,7;BYMONTHDAY=1,-1",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=WEEKLY;INTERVAL=999;BYDAY=SA",
        "RRULE:FREQ=YEARLY;BYMONTH=12;UNTIL=20301231T235959Z;",
    ],
)
def test_what_calendars_write_is_taken(text: str) -> None:
    recurrence.check_recurrence(text, at("2026-01-04T02:00"))


def test_a_rule_may_run_on_another_clock() -> None:
    riyadh = ZoneInfo("Asia/Riyadh")
    begins = at("2026-03-28T02:00")
    found = recurrence.occurrences(
        Recurring(begins, begins + timedelta(hours=1), "FREQ=DAILY", riyadh),
        at("2026-03-28"),
        at("2026-03-31"),
    )
    assert [start.astimezone(riyadh).hour for start, _ in found] == [5, 5, 5]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("", ["01-04"]),
        ("FREQ=WEEKLY;COUNT=2", ["01-04", "01-11"]),
        ("FREQ=YEARLY", ["01-04", "01-04", "01-04"]),
        ("FREQ=MONTHLY;BYDAY=1SU", ["01-04", "02-01", "03-01"]),
    ],
)
def test_the_next_times_are_those_that_are_not_over(rule: str, days: list[str]) -> None:
    begins = at("2026-01-04T02:00")
    now = at("2026-01-04T05:00")
    found = recurrence.coming_times(Recurring(begins, begins + timedelta(hours=4), rule), now, 3)
    assert [f"{start:%m-%d}" for start, _ in found] == days


def test_what_is_over_has_no_next_time() -> None:
    begins = at("2026-01-04T02:00")
    assert (
        recurrence.coming_times(Recurring(begins, begins + timedelta(hours=4)), at("2026-01-04T06:00"), 3)
        == []
    )


def test_an_end_at_the_end_of_the_calendar_is_read_on_an_eastern_clock() -> None:
    zone = ZoneInfo("Asia/Riyadh")
    starts_at = datetime(2026, 3, 1, tzinfo=UTC)
    recurrence.check_recurrence("FREQ=WEEKLY;UNTIL=99991231T235959Z", starts_at, zone=zone)
