"""What the budgets of a notice policy have against a window."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from maintenance import rules
from maintenance.models import Service, Window
from maintenance.rules import WindowTime
from tests.maintenance.rules.asking import END, START, found, words
from tests.maintenance.rules.promising import partners
from tests.maintenance.usage import london
from tests.people import service, window

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
THIRD_OF_MARCH = london(date(2026, 3, 3), 2)


def _finished(starts_at: datetime, hours: float = 2, of: Service | None = None) -> Window:
    return window(of or service(), starts_at=starts_at, length=hours * HOUR, status=Window.Status.FINISHED)


# --- windows in a month ---------------------------------------------------------------------------


def test_a_second_window_in_a_month_of_one_is_objected_to(now: datetime) -> None:
    partners(most_per_month=1)
    other = window(service(), starts_at=THIRD_OF_MARCH)
    assert words(now=now) == [
        (
            "The notice policy of partners (Charter 4) allows 1 of a service in a calendar month, and Online "
            f"banking has window {other.pk} in March 2026: choose another month."
        )
    ]


@pytest.mark.parametrize(
    "status",
    [Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.STARTED, Window.Status.FINISHED],
)
def test_what_is_planned_or_was_done_counts(now: datetime, status: Window.Status) -> None:
    partners(most_per_month=1)
    window(service(), starts_at=THIRD_OF_MARCH, status=status)
    assert found(now=now) == ["windows"]


@pytest.mark.parametrize("status", [Window.Status.CANCELLED, Window.Status.REJECTED])
def test_what_will_not_be_does_not_count(now: datetime, status: Window.Status) -> None:
    partners(most_per_month=1, downtime_per_month=2 * HOUR)
    window(service(), starts_at=THIRD_OF_MARCH, status=status)
    assert found(now=now) == []


def test_another_service_has_windows_of_its_own(now: datetime) -> None:
    partners(most_per_month=1, downtime_per_year=2 * HOUR)
    window(service("cards"), starts_at=THIRD_OF_MARCH)
    assert found(now=now) == []


def test_another_month_is_free(now: datetime) -> None:
    partners(most_per_month=1)
    window(service(), starts_at=THIRD_OF_MARCH)
    assert found(now=now, start=london(date(2026, 4, 1), 0)) == []


def test_a_window_over_the_end_of_a_month_counts_where_it_starts(now: datetime) -> None:
    partners(most_per_month=1)
    window(service(), starts_at=london(date(2026, 3, 31), 23))
    assert found(now=now, start=london(date(2026, 4, 20), 2)) == []
    assert found(now=now, start=START) == ["windows"]


def test_the_month_is_the_bank_s(now: datetime, settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    partners(most_per_month=1)
    window(service(), starts_at=datetime.fromisoformat("2026-03-31T12:00+00:00"))  # April in Auckland
    assert found(now=now) == []


def test_a_window_does_not_count_against_its_own_move(now: datetime) -> None:
    partners(most_per_month=1, downtime_per_month=2 * HOUR)
    moved = window(service(), starts_at=THIRD_OF_MARCH)
    assert found(now=now, moved=moved) == []


def test_exempt_work_neither_counts_nor_is_counted(now: datetime) -> None:
    partners(most_per_month=1, downtime_per_month=2 * HOUR, exempt=["security"])
    Window.objects.filter(pk=window(service(), starts_at=THIRD_OF_MARCH).pk).update(exemption="security")
    assert found(now=now) == []
    window(service(), starts_at=THIRD_OF_MARCH + 24 * HOUR)
    assert found(now=now, exemption="security") == []
    assert found(now=now, exemption="critical") == ["windows", "downtime"]


def test_looked_at_again_what_came_later_is_too_much_and_not_what_was_there_before(now: datetime) -> None:
    partners(most_per_month=1, downtime_per_month=3 * HOUR)
    first, second = (window(service(), starts_at=THIRD_OF_MARCH + days * 24 * HOUR) for days in (12, 9))
    assert [objection.rule for objection in rules.objections_now(first, now=now)] == []
    assert [objection.rule for objection in rules.objections_now(second, now=now)] == ["windows", "downtime"]


# --- planned downtime -----------------------------------------------------------------------------


def test_the_downtime_of_a_month_is_added_up(now: datetime) -> None:
    partners(downtime_per_month=4 * HOUR)
    _finished(THIRD_OF_MARCH, 2)
    assert found(now=now, hours=2) == []
    assert words(now=now, hours=2.5) == [
        (
            "The notice policy of partners (Charter 4) allows 4 h of planned downtime of a service in March "
            "2026, and with this window Online banking has 4 h 30 min: shorten it, or choose another time."
        )
    ]


def test_the_downtime_of_a_year_is_added_up(now: datetime) -> None:
    partners(downtime_per_year=36 * HOUR)
    _finished(london(date(2026, 1, 10), 2), 20)
    window(service(), starts_at=london(date(2026, 11, 10), 2), length=14 * HOUR)
    assert found(now=now, hours=2) == []
    assert found(now=now, hours=2.5) == ["downtime"]


def test_the_year_before_does_not_count(now: datetime) -> None:
    partners(downtime_per_year=36 * HOUR)
    _finished(london(date(2025, 12, 10), 2), 36)
    assert found(now=now) == []


def test_each_month_gets_the_part_that_lies_in_it(now: datetime) -> None:
    """Three hours before midnight in March, three after it in April."""
    partners(downtime_per_month=4 * HOUR)
    over_midnight = london(date(2026, 3, 31), 21)
    assert found(now=now, start=over_midnight, hours=6) == []
    _finished(london(date(2026, 4, 20), 2), 2)
    assert words(now=now, start=over_midnight, hours=6) == [
        (
            "The notice policy of partners (Charter 4) allows 4 h of planned downtime of a service in April "
            "2026, and with this window Online banking has 5 h: shorten it, or choose another time."
        )
    ]


def test_a_window_over_the_end_of_the_year_is_looked_at_in_both(now: datetime) -> None:
    partners(downtime_per_year=4 * HOUR)
    _finished(london(date(2027, 3, 1), 2), 2)
    start = london(date(2026, 12, 31), 21)
    assert [line.partition(" in ")[2][:4] for line in words(now=now, start=start, hours=6)] == ["2027"]


def test_budgets_are_read_once_however_many_times_are_asked_about(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    partners(most_per_month=1, downtime_per_year=36 * HOUR)
    window(service(), starts_at=THIRD_OF_MARCH)
    around = rules.rule_context([service()], now, now + timedelta(days=28))
    with django_assert_num_queries(0):
        for hours in range(100):
            rules.objections_at(around, WindowTime(START + hours * HOUR, END + hours * HOUR, now))


def test_a_rejected_window_put_forward_again_finds_its_place_taken(now: datetime) -> None:
    partners(most_per_month=1)
    rejected = window(service(), starts_at=START, status=Window.Status.REJECTED)
    window(service(), starts_at=START + timedelta(days=7))
    assert found(now=now, moved=rejected) == ["windows"]
