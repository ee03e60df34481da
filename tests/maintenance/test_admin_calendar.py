"""A month of windows and freezes, as bars in weeks that begin where the country's weeks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance.admin.calendar.entries import Entry, Kind
from maintenance.admin.calendar.month import Bar, bars, days_of, first_weekday
from maintenance.models import Freeze, Window
from tests import people
from tests.staff import address, queries, reader, words

CALENDAR = "maintenance_window_calendar"
WEEK = [date(2026, 3, day) for day in range(16, 23)]


def _entry(start: tuple[int, int], end: tuple[int, int]) -> Entry:
    at = [datetime(2026, 3, *moment, tzinfo=UTC) for moment in (start, end)]
    return Entry(Kind.WINDOW, "Cards", "Approved", "approved", at[0], at[1])


def _places(found: list[Bar]) -> list[tuple[int, int, int]]:
    return [(bar.column, bar.days, bar.row) for bar in found]


@pytest.mark.parametrize(("country", "first"), [("GB", 0), ("US", 6), ("SA", 6), ("IR", 5), ("US-MN", 6)])
def test_weeks_begin_on_the_countrys_own_day(country: str, first: int) -> None:
    assert first_weekday(country) == first


def test_a_month_is_made_of_whole_weeks() -> None:
    weeks = days_of(date(2026, 3, 1), first_weekday("GB"))
    assert (weeks[0][0], weeks[-1][-1]) == (date(2026, 2, 23), date(2026, 4, 5))


def test_a_bar_lies_on_the_day_of_its_window() -> None:
    assert _places(bars(WEEK, [_entry((18, 2), (18, 4))])) == [(3, 1, 1)]


def test_a_window_over_midnight_lies_on_both_days() -> None:
    assert _places(bars(WEEK, [_entry((18, 23), (19, 1))])) == [(3, 2, 1)]


def test_a_window_until_midnight_does_not_touch_the_next_day() -> None:
    assert _places(bars(WEEK, [_entry((18, 22), (19, 0))])) == [(3, 1, 1)]


def test_bars_of_one_day_lie_below_each_other_and_free_rows_are_taken_again() -> None:
    entries = [_entry((16, 2), (18, 4)), _entry((17, 2), (17, 4)), _entry((19, 2), (19, 4))]
    assert _places(bars(WEEK, entries)) == [(1, 3, 1), (2, 1, 2), (4, 1, 1)]


def test_a_bar_is_cut_at_the_weeks_edges_and_says_so() -> None:
    [bar] = bars(WEEK, [_entry((10, 0), (30, 0))])
    assert (bar.column, bar.days, bar.before, bar.after) == (1, 7, True, True)


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_the_month_shows_windows_and_freezes_with_their_status_in_words() -> None:
    window = people.window()
    Freeze.objects.create(
        name="Year end", starts_at=people.NOW + timedelta(days=1), ends_at=people.NOW + timedelta(days=3)
    )
    page = words(reader(), address(CALENDAR))
    assert "March 2026" in page
    assert address("maintenance_window_change", window.pk) in page
    assert Window.Status.BOOKED.label in page
    assert "Year end" in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize("asked", ["2026-13", "soon", "0000-01", "0001-01", "9999-12", "99999-01"])
def test_a_month_that_is_none_is_the_present_one(asked: str) -> None:
    assert "March 2026" in words(reader(), f"{address(CALENDAR)}?month={asked}")


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_three_windows_take_the_queries_of_one() -> None:
    people.window()
    client = reader()
    one = queries(client, address(CALENDAR))
    for day in (1, 2):
        people.window(people.service(f"service-{day}"), starts_at=people.NOW + timedelta(days=day))
    assert queries(client, address(CALENDAR)) == one
