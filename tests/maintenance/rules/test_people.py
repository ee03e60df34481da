"""Support cover and staff against a window."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from maintenance.models import Service, SupportCover
from tests.maintenance.rules.asking import START, found, words
from tests.maintenance.usage import london
from tests.people import service, user, window

pytestmark = pytest.mark.django_db

WORKING_HOURS = 14
"""Of the hotline, from eight in the morning."""
NOBODY = "Nobody answers customers of"
MONDAY = london(date(2026, 3, 16), 9)


def _hotline(*services: Service, **more: Any) -> None:
    values = {
        "name": "Hotline",
        "starts_at": london(date(2026, 1, 1), 8),
        "ends_at": london(date(2026, 1, 1), 8 + WORKING_HOURS),
        "recurrence": "FREQ=DAILY",
        **more,
    }
    SupportCover.objects.create(**values).services.set(services)


def test_without_any_cover_on_record_nobody_is_asked_about_it(now: datetime) -> None:
    _hotline(service("cards"))
    assert found(now=now) == []


def test_a_window_in_staffed_hours_is_free(now: datetime) -> None:
    _hotline()
    assert found(now=now, start=MONDAY) == []


def test_a_window_while_nobody_answers_demands_cover(now: datetime) -> None:
    _hotline()
    assert words(now=now) == [
        f"{NOBODY} Online banking from Sunday 15 March 2026, 02:00 to 04:00: say who will."
    ]


def test_the_whole_window_must_be_staffed(now: datetime) -> None:
    _hotline()
    assert words(now=now, start=MONDAY - timedelta(hours=2)) == [
        f"{NOBODY} Online banking from Monday 16 March 2026, 07:00 to 08:00: say who will."
    ]


def test_a_chat_may_follow_a_hotline(now: datetime) -> None:
    _hotline()
    _hotline(service(), name="Chat", starts_at=MONDAY - timedelta(hours=4), ends_at=MONDAY, recurrence="")
    assert found(now=now, start=MONDAY - timedelta(hours=2)) == []


def test_cover_of_another_service_is_none(now: datetime) -> None:
    _hotline(service())
    _hotline(service("cards"), starts_at=START, ends_at=START + timedelta(hours=8), recurrence="")
    assert found(now=now) == ["support"]


def test_services_left_alone_at_the_same_time_are_named_together(now: datetime) -> None:
    _hotline()
    assert words(service("cards"), service(), now=now) == [
        f"{NOBODY} Cards, Online banking from Sunday 15 March 2026, 02:00 to 04:00: say who will."
    ]


@pytest.mark.parametrize(("staffed", "against_it"), [(True, []), (False, ["support"])])
def test_on_a_public_holiday_cover_is_there_only_where_it_says_so(
    now: datetime, staffed: bool, against_it: list[str]
) -> None:
    _hotline(on_holidays=staffed)
    assert found(now=now, start=london(date(2026, 4, 3), 9)) == against_it


def test_a_night_shift_lasts_until_the_morning(now: datetime) -> None:
    evening = london(date(2026, 1, 1), 20)
    _hotline(starts_at=evening, ends_at=evening + timedelta(hours=12))
    assert found(now=now) == []


# --- staff ---


def test_who_is_on_another_window_at_that_time_is_named(now: datetime) -> None:
    other = window(service("cards"), starts_at=START)
    other.staff.add(user("ada"), user("bea"))
    assert words(now=now, staff=[user("ada"), user("ben")]) == [
        f"Ada is already on window {other.pk}, Sunday 15 March 2026, 02:00 to 04:00."
    ]


def test_who_is_on_another_window_at_another_time_is_free(now: datetime) -> None:
    window(service("cards"), starts_at=START + timedelta(hours=2)).staff.add(user("ada"))
    assert found(now=now, staff=[user("ada")]) == []


def test_a_window_does_not_hold_its_own_staff(now: datetime) -> None:
    moved = window(service(), starts_at=START)
    moved.staff.add(user("ada"))
    assert found(now=now, moved=moved, staff=[user("ada")]) == []
