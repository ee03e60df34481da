"""A month of windows and freezes, as bars in weeks that begin where the country's weeks do."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from maintenance.admin.month.entries import CalendarEntry, EntryKind, entries_between
from maintenance.admin.month.weeks_of_month import MonthBar, bars_of_week, first_weekday, weeks_of_month
from maintenance.models import Conflict, CriticalDay, Freeze, Holiday, StandingWindow, Window
from tests import people
from tests.maintenance.planned import conflict, skipped, times
from tests.staff import address, queries, reader, words

CALENDAR = "maintenance_window_calendar"
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
WEEK = [date(2026, 3, day) for day in range(16, 23)]


def _entry(start: tuple[int, int], end: tuple[int, int]) -> CalendarEntry:
    at = [datetime(2026, 3, *moment, tzinfo=UTC) for moment in (start, end)]
    return CalendarEntry(EntryKind.WINDOW, "Cards", "Approved", "approved", at[0], at[1])


def _places(found: list[MonthBar]) -> list[tuple[int, int, int]]:
    return [(bar.column, bar.days, bar.row) for bar in found]


@pytest.mark.parametrize(("country", "first"), [("GB", 0), ("US", 6), ("SA", 6), ("IR", 5), ("US-MN", 6)])
def test_weeks_begin_on_the_countrys_own_day(country: str, first: int) -> None:
    assert first_weekday(country) == first


def test_a_month_is_made_of_whole_weeks() -> None:
    weeks = weeks_of_month(date(2026, 3, 1), first_weekday("GB"))
    assert (weeks[0][0], weeks[-1][-1]) == (date(2026, 2, 23), date(2026, 4, 5))


def test_a_bar_lies_on_the_day_of_its_window() -> None:
    assert _places(bars_of_week(WEEK, [_entry((18, 2), (18, 4))])) == [(3, 1, 1)]


def test_a_window_over_midnight_lies_on_both_days() -> None:
    assert _places(bars_of_week(WEEK, [_entry((18, 23), (19, 1))])) == [(3, 2, 1)]


def test_a_window_until_midnight_does_not_touch_the_next_day() -> None:
    assert _places(bars_of_week(WEEK, [_entry((18, 22), (19, 0))])) == [(3, 1, 1)]


def test_bars_of_one_day_lie_below_each_other_and_free_rows_are_taken_again() -> None:
    entries = [_entry((16, 2), (18, 4)), _entry((17, 2), (17, 4)), _entry((19, 2), (19, 4))]
    assert _places(bars_of_week(WEEK, entries)) == [(1, 3, 1), (2, 1, 2), (4, 1, 1)]


def test_a_bar_is_cut_at_the_weeks_edges_and_says_so() -> None:
    [bar] = bars_of_week(WEEK, [_entry((10, 0), (30, 0))])
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
def test_a_month_that_is_none_is_asked_for_anew(asked: str) -> None:
    answer = reader().get(f"{address(CALENDAR)}?month={asked}")
    assert (answer.status_code, "month" in answer.content.decode()) == (400, True)


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_what_repeats_is_shown_each_time() -> None:
    times(Freeze, "Salary run", recurrence="FREQ=WEEKLY")
    assert _shown("Salary run") == [2, 9, 16, 23, 30]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_a_standing_window_is_shown_as_one() -> None:
    times(StandingWindow, "Agreed night", recurrence="FREQ=MONTHLY")
    [entry] = [entry for entry in entries_between(*MARCH).entries if entry.kind is EntryKind.STANDING]
    assert (entry.name, entry.status) == ("Agreed night", "Standing window")


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_public_holidays_are_the_countrys_with_the_banks_own(settings: Any) -> None:
    settings.COUNTRY = "GB-ENG"
    Holiday.objects.create(country="GB", day=date(2026, 4, 6), name="Easter Monday", observed=False)
    Holiday.objects.create(country="GB", day=date(2026, 4, 8), name="Founders' day")
    found = entries_between(date(2026, 4, 1), date(2026, 4, 30)).entries
    assert [(entry.name, entry.first.day) for entry in found] == [("Good Friday", 3), ("Founders' day", 8)]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_critical_days_are_shown_where_they_fall() -> None:
    CriticalDay.objects.create(name="Payday", pattern=CriticalDay.Pattern.DAY_OF_MONTH, number=25)
    assert _shown("Payday") == [25]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize("asked", ["?month=2026-03", "?week=2026-03-16"])
def test_a_window_in_conflict_says_so_and_why(asked: str) -> None:
    conflict(people.window())
    page = words(reader(), address(CALENDAR) + asked)
    assert "Conflict" in re.findall(r'class="lull-flag">([^<]+)', page)
    assert "The freeze “Audit” holds then." in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_a_conflict_that_is_gone_is_not_shown() -> None:
    found = conflict(people.window())
    Conflict.objects.filter(pk=found.pk).update(gone_at=people.NOW)
    assert [entry.conflicts for entry in entries_between(*MARCH).entries] == [()]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_what_could_not_be_booked_is_shown_where_it_would_have_been() -> None:
    skipped()
    page = words(reader(), address(CALENDAR))
    assert "Could not be booked" in page
    assert "The freeze “Audit” holds then." in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_with_a_service_only_what_concerns_it_is_shown() -> None:
    cards, banking = people.service("cards"), people.service()
    people.window(cards)
    people.window(banking, starts_at=people.NOW)
    times(Freeze, "For all")
    times(Freeze, "For cards").services.add(cards)
    times(Freeze, "For banking").services.add(banking)
    names = {entry.name for entry in entries_between(*MARCH, service=cards).entries}
    assert names == {"Cards", "For all", "For cards (Cards)"}


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_turning_over_keeps_the_service() -> None:
    people.service("cards")
    page = words(reader(), f"{address(CALENDAR)}?month=2026-03&service=cards")
    for turned in ("?month=2026-02", "?month=2026-04", "?week=2026-03-02"):
        assert f'href="{turned}&service=cards"' in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_a_month_without_anything_says_so() -> None:
    assert "Nothing is planned in this month." in words(reader(), f"{address(CALENDAR)}?month=2026-02")


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize(
    "asked", ["?month=2026-03", "?week=2026-03-16", "?week=2026-03-16&service=online-banking"]
)
def test_three_of_everything_take_the_queries_of_one(asked: str) -> None:
    client = reader()
    _one_of_everything(1)
    one = queries(client, address(CALENDAR) + asked)
    for number in (2, 3):
        _one_of_everything(number)
    assert queries(client, address(CALENDAR) + asked) == one


def _shown(name: str) -> list[int]:
    return [entry.first.day for entry in entries_between(*MARCH).entries if entry.name == name]


def _one_of_everything(number: int) -> None:
    service, banking = people.service(f"service-{number}"), people.service()
    day = timedelta(days=13 + number, hours=10)
    conflict(people.window(service, banking, starts_at=people.NOW + day))
    skipped(service, banking, at=people.NOW + day)
    times(Freeze, f"Freeze {number}", recurrence="FREQ=WEEKLY").services.add(service, banking)
    times(StandingWindow, f"Night {number}", recurrence="FREQ=WEEKLY").services.add(service)
    CriticalDay.objects.create(name=f"Day {number}", pattern="day_of_month", number=16 + number)
    Holiday.objects.create(country="GB", day=date(2026, 3, 16 + number), name=f"Holiday {number}")
