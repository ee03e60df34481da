"""A week by hours: each window where the bank's clock shows it, and the way to move it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest

from maintenance.admin.month.entries import CalendarEntry, EntryKind
from maintenance.admin.month.week import Block, week_columns
from maintenance.models import Window
from tests import people
from tests.maintenance.usage import london
from tests.staff import address, reader, signed_in, words

CALENDAR = "maintenance_window_calendar"
MONDAY = date(2026, 3, 16)
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]
SPRING = [date(2026, 3, 23) + timedelta(days=number) for number in range(7)]


def window(starts_at: datetime, hours: float = 2, kind: EntryKind = EntryKind.WINDOW) -> CalendarEntry:
    return CalendarEntry(kind, "Cards", "Approved", "approved", starts_at, starts_at + timedelta(hours=hours))


def hours(block: Block) -> tuple[float, float]:
    """From when till when it is drawn."""
    return round(block.top * 0.24, 2), round((block.top + block.height) * 0.24, 2)


def test_a_window_stands_at_its_hours() -> None:
    [block] = week_columns(WEEK, [window(london(MONDAY, 2))])[0].blocks
    assert hours(block) == (2, 4)


def test_a_window_over_midnight_goes_on_in_the_next_day() -> None:
    first, second = week_columns(WEEK, [window(london(MONDAY, 23))])[:2]
    assert [hours(first.blocks[0]), hours(second.blocks[0])] == [(23, 24), (0, 1)]
    assert (first.blocks[0].after, second.blocks[0].before) == (True, True)


def test_a_short_window_is_drawn_high_enough_to_be_read() -> None:
    [block] = week_columns(WEEK, [window(london(MONDAY, 2), hours=0.1)])[0].blocks
    assert hours(block) == (2, 2.5)


def test_windows_at_one_time_stand_side_by_side() -> None:
    entries = [window(london(MONDAY, 2)), window(london(MONDAY, 3)), window(london(MONDAY, 6))]
    found = week_columns(WEEK, entries)[0].blocks
    assert [(block.start, block.width) for block in found] == [(0, 50), (50, 50), (0, 100)]


def test_freezes_and_standing_windows_lie_behind() -> None:
    column = week_columns(WEEK, [window(london(MONDAY, 2), kind=EntryKind.STANDING)])[0]
    assert (len(column.behind), len(column.blocks)) == (1, 0)


def test_after_the_clocks_change_a_window_stands_at_the_same_hours() -> None:
    [block] = week_columns(SPRING, [window(london(date(2026, 3, 29), 4))])[6].blocks
    assert hours(block) == (4, 6)


def test_in_the_hour_that_autumn_repeats_a_window_is_still_drawn() -> None:
    autumn = [date(2026, 10, 19) + timedelta(days=number) for number in range(7)]
    [block] = week_columns(autumn, [window(london(date(2026, 10, 25), 1, 45), hours=0.5)])[6].blocks
    assert hours(block) == (1.75, 2.25)


def test_the_day_on_which_the_clocks_change_is_named() -> None:
    assert [column.clocks_change for column in week_columns(SPRING, [])] == [False] * 6 + [True]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize("asked", ["2026-03-18", "2026-03-16", "2026-03-22"])
def test_the_week_around_a_day_is_shown(asked: str) -> None:
    made = people.window(starts_at=london(MONDAY, 2))
    page = words(reader(), f"{address(CALENDAR)}?week={asked}")
    assert "16 March – 22 March 2026" in page
    assert address("maintenance_window_change", made.pk) in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_the_week_of_no_day_is_the_present_one() -> None:
    assert "2 March – 8 March 2026" in words(reader(), f"{address(CALENDAR)}?week=")


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
@pytest.mark.parametrize("asked", ["soon", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_week_that_is_none_is_asked_for_anew(asked: str) -> None:
    answer = reader().get(f"{address(CALENDAR)}?week={asked}")
    assert (answer.status_code, "week" in answer.content.decode()) == (400, True)


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_a_list_by_day_says_the_same_for_a_narrow_screen() -> None:
    people.window(starts_at=london(MONDAY, 2))
    page = words(reader(), f"{address(CALENDAR)}?week={MONDAY}")
    listed = page[page.index("lull-agenda") :]
    assert "Monday 16 March" in listed
    assert "02:00" in listed


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_who_may_book_can_move_a_window() -> None:
    made = people.window(starts_at=london(MONDAY, 2))
    page = words(signed_in("ada"), f"{address(CALENDAR)}?week={MONDAY}")
    assert f"?week={MONDAY}&moving={made.pk}#move" in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_who_only_reads_cannot() -> None:
    made = people.window(starts_at=london(MONDAY, 2))
    page = words(reader(), f"{address(CALENDAR)}?week={MONDAY}&moving={made.pk}")
    assert "moving=" not in page
    assert address("maintenance_window_check", made.pk) not in page


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_a_window_that_has_begun_stays_where_it_is() -> None:
    people.window(starts_at=london(MONDAY, 2), status=Window.Status.FINISHED)
    assert "moving=" not in words(signed_in("ada"), f"{address(CALENDAR)}?week={MONDAY}")


@pytest.mark.django_db
@pytest.mark.usefixtures("standing_clock")
def test_without_a_script_the_new_time_is_typed() -> None:
    made = people.window(starts_at=london(MONDAY, 2))
    page = words(signed_in("ada"), f"{address(CALENDAR)}?week={MONDAY}&moving={made.pk}")
    form = page[page.index('id="move"') - 200 :]
    assert address("maintenance_window_check", made.pk) in form
    assert re.search(r'name="starts_at" value="2026-03-16T02:00"', form)
