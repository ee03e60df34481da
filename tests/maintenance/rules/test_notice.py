"""What the notice that each audience is promised has against a window."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from maintenance.booking import windows
from maintenance.models import Customer, NoticePolicy, Window
from maintenance.proposals import Emergency, Proposal
from maintenance.rules import Objection
from tests.maintenance.rules.asking import START, against, found, words
from tests.maintenance.rules.promising import partners
from tests.maintenance.usage import london
from tests.people import service, user, window

pytestmark = pytest.mark.django_db

MORNING = london(date(2026, 3, 16), 9)
BY_NIGHT: dict[str, Any] = {"not_before": time(1), "not_after": time(7)}
OVERNIGHT: dict[str, Any] = {"not_before": time(22), "not_after": time(6)}


def _working_days(number: int, **terms: Any) -> NoticePolicy:
    return partners(timedelta(days=number), unit=NoticePolicy.Unit.WORKING_DAYS, country="GB-ENG", **terms)


# --- notice ---------------------------------------------------------------------------------------


def test_less_than_the_least_notice_stands_against_it(now: datetime) -> None:
    late = now + timedelta(days=5) - timedelta(minutes=1)
    assert against(now=now, start=late) == [
        Objection(
            "notice",
            "Customers are promised at least 5 days of notice, so this time had to be booked and approved by "
            "Monday 2 March 2026, 08:59: choose a later start, or book it as an emergency.",
        )
    ]


def test_exactly_the_least_notice_is_enough(now: datetime) -> None:
    assert found(now=now, start=now + timedelta(days=5)) == []


def test_at_night_it_had_to_be_booked_the_evening_before() -> None:
    assert found(now=london(date(2026, 3, 9), 20, 59)) == []
    assert words(now=london(date(2026, 3, 9), 21)) == [
        (
            "Customers are promised at least 5 days of notice, so this time had to be booked and approved "
            "by Monday 9 March 2026, 20:59: choose a later start, or book it as an emergency."
        )
    ]


def test_every_audience_whose_notice_is_too_short_is_named_with_its_source() -> None:
    _working_days(5)
    assert words(now=london(date(2026, 3, 12), 9)) == [
        (
            "Customers are promised at least 5 days of notice, so this time had to be booked and approved "
            "by Monday 9 March 2026, 20:59: choose a later start, or book it as an emergency."
        ),
        (
            "Partners are promised at least 5 working days of notice (Charter 4), so this time had to be "
            "booked and approved by Monday 9 March 2026, 23:59: "
            "choose a later start, or book it as an emergency."
        ),
    ]


def test_a_promise_in_hours_is_kept_to_the_minute(now: datetime) -> None:
    partners(timedelta(hours=200), unit=NoticePolicy.Unit.HOURS)
    assert found(now=now, start=now + timedelta(hours=200)) == []
    assert found(now=now, start=now + timedelta(hours=200, minutes=-1)) == ["notice"]


def test_work_that_a_policy_exempts_is_free_from_its_notice(now: datetime) -> None:
    partners(timedelta(days=9), exempt=["security"])
    soon = now + timedelta(days=6)
    assert found(now=now, start=soon, exemption="security") == []
    assert found(now=now, start=soon, exemption="critical") == ["notice"]
    assert found(now=now, start=soon) == ["notice"]


# --- moving ---------------------------------------------------------------------------------------


def _moved(now: datetime, of: Window) -> list[str]:
    return found(*of.services.all(), now=now, start=MORNING + timedelta(days=14), moved=of)


@pytest.fixture
def known() -> Window:
    """An approved window of Friday the 20th at two."""
    return window(starts_at=london(date(2026, 3, 20), 2), status=Window.Status.APPROVED)


def test_inside_its_notice_a_window_is_only_cancelled(known: Window) -> None:
    _working_days(5, only_cancelling_inside=True)
    saturday = london(date(2026, 3, 14), 0)
    assert _moved(saturday, known) == ["moving"]
    assert words(*known.services.all(), now=saturday, start=MORNING + timedelta(days=14), moved=known) == [
        (
            "Partners are promised at least 5 working days of notice (Charter 4), and since Friday 13 March "
            "2026, 23:59 this window may be cancelled, but not moved: cancel it and book a new one."
        )
    ]


def test_before_its_notice_begins_it_may_be_moved(known: Window) -> None:
    _working_days(5, only_cancelling_inside=True)
    assert _moved(london(date(2026, 3, 13), 23, 59), known) == []


def test_where_no_policy_forbids_it_it_may_be_moved(known: Window) -> None:
    _working_days(5)
    assert _moved(london(date(2026, 3, 19), 9), known) == []


def test_what_nobody_was_told_of_may_be_moved() -> None:
    _working_days(5, only_cancelling_inside=True)
    waiting = window(starts_at=london(date(2026, 3, 20), 2))
    assert _moved(london(date(2026, 3, 14), 0), waiting) == []


def test_moved_once_before_it_may_be_known() -> None:
    _working_days(5, only_cancelling_inside=True)
    waiting = window(starts_at=london(date(2026, 3, 20), 2))
    waiting.revision = 2
    assert _moved(london(date(2026, 3, 14), 0), waiting) == ["moving"]


def test_exempt_work_may_be_moved(known: Window) -> None:
    _working_days(5, only_cancelling_inside=True, exempt=["security"])
    start = MORNING + timedelta(days=14)
    saturday = london(date(2026, 3, 14), 0)
    assert found(*known.services.all(), now=saturday, start=start, moved=known, exemption="security") == []


def test_it_may_be_cancelled_to_the_last(known: Window) -> None:
    _working_days(5, only_cancelling_inside=True)
    cancelled = windows.cancel(known, reason="Not ready", by=user("ada"), now=london(date(2026, 3, 19), 9))
    assert cancelled.status == Window.Status.CANCELLED


def test_a_late_move_is_refused_and_an_emergency_passes_it(known: Window) -> None:
    _working_days(5, only_cancelling_inside=True)
    saturday, later = london(date(2026, 3, 14), 0), MORNING + timedelta(days=14)
    moved: dict[str, Any] = {"reason": "Not ready", "by": user("ada"), "now": saturday}
    with pytest.raises(windows.Refused, match="may be cancelled, but not moved"):
        windows.reschedule(known, Proposal(later, later + timedelta(hours=2)), **moved)
    emergency = Emergency("It would break", user("ben"))
    urgent = Proposal(later, later + timedelta(hours=2), emergency=emergency)
    again = windows.reschedule(known, urgent, **moved)
    assert again.starts_at == later


# --- hours of the day -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "hours", "free"), [(1, 6, True), (0, 2, False), (6, 2, False), (12, 1, False)]
)
def test_a_window_lies_in_the_hours_of_the_policy(now: datetime, hour: int, hours: int, free: bool) -> None:
    partners(**BY_NIGHT)
    start = london(date(2026, 3, 16), hour)
    assert found(now=now, start=start, hours=hours) == ([] if free else ["daily"])


def test_the_hours_and_their_source_are_named(now: datetime) -> None:
    partners(**BY_NIGHT)
    assert words(now=now, start=MORNING) == [
        (
            "The notice policy of partners (Charter 4) allows windows only between 01:00 and 07:00 by the "
            "bank's clock: choose another start, or shorten it."
        )
    ]


@pytest.mark.parametrize(
    ("hour", "hours", "free"), [(22, 8, True), (1, 2, True), (21, 2, False), (5, 2, False), (22, 9, False)]
)
def test_hours_may_go_over_midnight(now: datetime, hour: int, hours: int, free: bool) -> None:
    partners(**OVERNIGHT)
    start = london(date(2026, 3, 16), hour)
    assert found(now=now, start=start, hours=hours) == ([] if free else ["daily"])


def test_a_window_of_more_than_a_day_lies_in_no_hours(now: datetime) -> None:
    partners(**OVERNIGHT)
    assert found(now=now, start=london(date(2026, 3, 16), 23), hours=26) == ["daily"]


def test_the_hours_are_those_of_the_bank_s_clock_in_summer_too(now: datetime) -> None:
    partners(**BY_NIGHT)
    assert found(now=now, start=london(date(2026, 4, 20), 1), hours=6) == []


def test_exempt_work_may_be_done_at_any_hour(now: datetime) -> None:
    partners(**BY_NIGHT, exempt=["security"])
    assert found(now=now, start=MORNING, exemption="security") == []


# --- length ---------------------------------------------------------------------------------------


def test_a_window_longer_than_a_policy_allows_is_objected_to(now: datetime) -> None:
    partners(longest=timedelta(hours=3))
    assert found(now=now, hours=3) == []
    assert words(now=now, hours=3.5) == [
        (
            "The notice policy of partners (Charter 4) allows no window of more than 3 h, and this is one of "
            "3 h 30 min: shorten it, or split it."
        )
    ]


# --- together -------------------------------------------------------------------------------------


def test_all_that_policies_have_against_it_is_listed(now: datetime) -> None:
    partners(timedelta(days=30), **BY_NIGHT, longest=timedelta(hours=1), most_per_month=1)
    NoticePolicy.objects.create(
        audience=Customer.Kind.REGULATOR,
        name="Regulator",
        promised=timedelta(days=40),
        least=timedelta(days=40),
        downtime_per_month=timedelta(hours=1),
    )
    window(service(), starts_at=london(date(2026, 3, 3), 2))
    names = ["notice", "notice", "daily", "policy_length", "windows", "downtime"]
    assert found(now=now, start=START.replace(hour=12)) == names
