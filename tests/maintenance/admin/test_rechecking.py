"""Whoever changes the times is told at once which booked windows that hits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from maintenance import policies
from maintenance.models import Conflict, CriticalDay, Freeze, Service
from tests import people
from tests.staff import address, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock", "promised")]

WEEK = timedelta(days=7)


@pytest.fixture
def promised() -> None:
    """What customers are promised, without which nothing is checked."""
    policies.policy_of()


def freeze(client: Client, **changed: Any) -> str:
    """What the browser shows after a freeze of March was added."""
    given = {"name": "March", "starts_at": "2026-03-10T00:00", "ends_at": "2026-04-01T00:00", **changed}
    response = client.post(address("maintenance_freeze_add"), given, follow=True)
    return str(response.content.decode())


def test_a_freeze_over_a_booked_window_is_said_with_a_link() -> None:
    window = people.window()
    page = freeze(signed_in("ada"))
    assert "1 booked window is now in conflict" in page
    assert address("maintenance_window_change", window.pk) in page
    assert Conflict.objects.get().rule == "freeze"


def test_a_freeze_of_other_services_says_nothing() -> None:
    people.window()
    page = freeze(signed_in("ada"), services=[people.service("cards").pk])
    assert "in conflict" not in page


def test_of_many_windows_five_are_named() -> None:
    for number in range(7):
        people.window(people.service(f"service-{number}"))
    page = freeze(signed_in("ada"))
    assert "7 booked windows are now in conflict" in page
    assert "and 2 more" in page
    assert "?conflict=open" in page


def test_conflicts_from_before_are_counted_in_the_end() -> None:
    people.window()
    client = signed_in("ada")
    freeze(client)
    people.window(people.service("cards"), starts_at=people.NOW + 10 * WEEK)
    page = freeze(client, name="May", starts_at="2026-05-01T00:00", ends_at="2026-06-01T00:00")
    assert "1 booked window is now in conflict" in page
    assert "all 2 in conflict" in page


def test_a_freeze_that_goes_sets_windows_free() -> None:
    people.window()
    client = signed_in("ada")
    freeze(client)
    page = address("maintenance_freeze_delete", Freeze.objects.get().pk)
    after = client.post(page, {"post": "yes"}, follow=True).content.decode()
    assert "1 booked window is no longer in conflict." in after


def test_several_rows_that_go_at_once_set_windows_free() -> None:
    people.window()
    client = signed_in("ada")
    freeze(client)
    given = {"action": "delete_selected", "_selected_action": [Freeze.objects.get().pk], "post": "yes"}
    after = client.post(address("maintenance_freeze_changelist"), given, follow=True).content.decode()
    assert "1 booked window is no longer in conflict." in after


def test_a_critical_day_is_looked_at_with_the_services_it_is_for() -> None:
    service = people.service()
    people.window(service)
    given = {"name": "Payday", "pattern": "date", "day": "2026-03-16", "services": [service.pk]}
    page = signed_in("ada").post(address("maintenance_criticalday_add"), given, follow=True).content.decode()
    assert CriticalDay.objects.get().services.get() == service
    assert "1 booked window is now in conflict" in page


def test_a_shorter_longest_window_hits_what_is_longer() -> None:
    window = people.window(length=timedelta(hours=3))
    service = Service.objects.get()
    given = {
        "name": service.name,
        "key": service.key,
        "time_zone": "Europe/London",
        "country": "GB",
        "longest_window": "2",
        "alternatives-TOTAL_FORMS": "0",
        "alternatives-INITIAL_FORMS": "0",
    }
    page = signed_in("ada").post(address("maintenance_service_change", service.pk), given, follow=True)
    assert address("maintenance_window_change", window.pk) in page.content.decode()


def test_a_policy_that_demands_more_hits_what_is_booked() -> None:
    window, policy = people.window(), policies.policy_of()
    given = {
        "name": policy.name,
        "audience": policy.audience,
        "unit": policy.unit,
        "promised": "30",
        "least": "30",
        "rules-TOTAL_FORMS": "0",
        "rules-INITIAL_FORMS": "0",
    }
    page = signed_in("olga").post(address("maintenance_noticepolicy_change", policy.pk), given, follow=True)
    assert address("maintenance_window_change", window.pk) in page.content.decode()
    assert Conflict.objects.get().rule == "notice"
