"""What the status page says, in which words and by which clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from pytest_django.fixtures import Settings

from maintenance import status
from maintenance.models import Window
from maintenance.public import page, words
from tests import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def shown(now: datetime, language: str = "en") -> page.StatusPage:
    windows = status.public_windows(now)
    with translation.override(language):
        return page.page_content(windows, status.standings(windows), language=language, now=now)


def test_a_quiet_day_says_that_nothing_is_under_way(now: datetime) -> None:
    people.service()
    seen = shown(now)
    assert (seen.tone, seen.headline) == ("good", "No maintenance is under way")
    assert [line.state for line in seen.lines] == ["No maintenance"]


def test_times_are_the_banks_with_the_name_its_zone_has_then() -> None:
    starts_at = datetime(2026, 7, 29, 1, tzinfo=UTC)
    people.window(status=Window.Status.APPROVED, starts_at=starts_at)
    (entry,) = shown(starts_at - timedelta(days=9)).ahead
    assert entry.when == (
        '<time datetime="2026-07-29T01:00Z">Wednesday, 29 July 2026, 02:00</time> to '
        '<time datetime="2026-07-29T03:00Z">04:00</time>'
    )
    assert entry.zone == "British Summer Time"


def test_the_arabic_page_has_arabic_commas_in_its_own_time(now: datetime) -> None:
    as_of = shown(now, "ar").as_of
    assert "," not in as_of
    assert as_of.count("،") >= 2


def test_a_night_in_which_the_clocks_change_names_both_zones() -> None:
    starts_at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # summer time begins at 01:00 UTC
    people.window(status=Window.Status.APPROVED, starts_at=starts_at)
    (entry,) = shown(starts_at - timedelta(days=9)).ahead
    assert entry.zone == "Greenwich Mean Time / British Summer Time"


def test_a_window_over_midnight_names_both_days() -> None:
    starts_at = datetime(2026, 3, 14, 23, tzinfo=UTC)
    people.window(status=Window.Status.APPROVED, starts_at=starts_at)
    (entry,) = shown(starts_at - timedelta(days=9)).ahead
    assert "Saturday, 14 March 2026, 23:00" in entry.when
    assert "Sunday, 15 March 2026, 01:00" in entry.when


def test_an_overrun_is_told_as_such_and_colours_the_headline(now: datetime) -> None:
    people.window(status=Window.Status.STARTED, starts_at=now - 3 * HOUR)
    seen = shown(now)
    assert seen.tone == "late"
    assert seen.now[0].badge == "Longer than expected"
    assert seen.lines[0].detail.startswith("Taking longer than expected; expected until Monday, 2 March 2026")


def test_what_is_over_is_told_by_its_real_times(now: datetime) -> None:
    people.window(status=Window.Status.FINISHED, starts_at=now - 3 * HOUR)
    Window.objects.update(started_at=now - 2 * HOUR, finished_at=now - HOUR / 2)
    (entry,) = shown(now).recent
    assert "07:00" in entry.when.replace("\N{NO-BREAK SPACE}", " ")
    assert "08:30" in entry.when


def test_what_is_over_leaves_the_page_after_a_fortnight(now: datetime) -> None:
    people.window(status=Window.Status.FINISHED, starts_at=now - 3 * HOUR)
    Window.objects.update(started_at=now - 2 * HOUR, finished_at=now - HOUR)
    assert shown(now + page.RECENT).recent == []


def test_a_cancelled_window_stands_where_it_was_expected(now: datetime) -> None:
    window = people.window(status=Window.Status.CANCELLED)
    people.approve(window)
    people.window(status=Window.Status.APPROVED, starts_at=window.starts_at + timedelta(days=1))
    assert [entry.badge for entry in shown(now).ahead] == ["Cancelled", "Planned"]
    assert shown(window.ends_at).ahead[0].badge == "Planned"


def test_it_speaks_arabic(now: datetime) -> None:
    people.window(status=Window.Status.APPROVED)
    seen = shown(now, "ar")
    assert seen.headline == "لا توجد صيانة جارية"
    assert seen.ahead[0].title == "الخدمات المصرفية عبر الإنترنت"
    assert seen.ahead[0].working == ["تعمل البطاقات وأجهزة الصراف الآلي كالمعتاد."]


def test_a_date_is_written_as_in_the_banks_country(now: datetime, settings: Settings) -> None:
    settings.COUNTRY = "US-MN"
    with translation.override("en"):
        assert words.public_day(now) == "Monday, March 2, 2026"


@pytest.mark.parametrize(("language", "spoken"), [("ar", "ar"), ("ar-EG", "ar"), ("fr", "en"), ("", "en")])
def test_a_customer_reads_the_nearest_language_the_bank_has(language: str, spoken: str) -> None:
    assert words.nearest_language(language) == spoken
