"""Other windows, and what customers are told to use instead, against a window."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from maintenance import rules
from maintenance.models import Alternative, Service, Window
from maintenance.rules import Objection
from tests.maintenance.rules.asking import END, START, against, found
from tests.people import service, window

pytestmark = pytest.mark.django_db


def _instead(away: Service, instead: Service) -> None:
    Alternative.objects.create(service=away, instead=instead, words=f"{instead} works.")


@pytest.mark.parametrize("status", rules.LIVE)
def test_a_live_window_of_the_service_stands_against_it(now: datetime, status: Window.Status) -> None:
    other = window(service(), starts_at=START + timedelta(hours=1), status=status)
    assert against(now=now) == [
        Objection(
            "overlap",
            f"Online banking: already in window {other.pk}, Sunday 15 March 2026, 03:00 to 05:00.",
        )
    ]


@pytest.mark.parametrize("status", sorted(set(Window.Status) - set(rules.LIVE)))
def test_a_window_that_will_not_be_does_not(now: datetime, status: Window.Status) -> None:
    window(service(), starts_at=START, status=status)
    assert found(now=now) == []


def test_a_window_next_to_it_does_not(now: datetime) -> None:
    window(service(), starts_at=END)
    window(service(), starts_at=START - timedelta(hours=2))
    assert found(now=now) == []


def test_a_window_of_an_unrelated_service_does_not(now: datetime) -> None:
    window(service("cards"), starts_at=START)
    assert found(now=now) == []


def test_a_window_does_not_stand_against_its_own_move(now: datetime) -> None:
    moved = window(service(), starts_at=START)
    assert found(now=now, moved=moved) == []


def test_a_window_of_what_the_service_depends_on_stands_against_it(now: datetime) -> None:
    service().depends_on.add(service("core"))
    other = window(service("core"), starts_at=START)
    assert against(now=now) == [
        Objection(
            "dependency",
            f"Online banking depends on Core, which has window {other.pk}, "
            "Sunday 15 March 2026, 02:00 to 04:00.",
        )
    ]


def test_a_window_of_what_depends_on_the_service_stands_against_it_at_any_remove(now: datetime) -> None:
    service("app").depends_on.add(service("login"))
    service("login").depends_on.add(service("core"))
    other = window(service("app"), starts_at=START)
    assert against(service("core"), now=now) == [
        Objection(
            "dependency",
            f"App, which has window {other.pk}, Sunday 15 March 2026, 02:00 to 04:00, depends on Core.",
        )
    ]


def test_services_that_depend_on_each_other_may_share_one_window(now: datetime) -> None:
    service("app").depends_on.add(service("core"))
    service("core").depends_on.add(service("app"))
    assert found(service("app"), service("core"), now=now) == []


def test_what_customers_are_told_to_use_instead_must_not_be_away(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    other = window(service("branches"), starts_at=START)
    assert against(service("app"), now=now) == [
        Objection(
            "alternative",
            f"Customers of App are told to use Branches instead, which window {other.pk}, "
            "Sunday 15 March 2026, 02:00 to 04:00, takes away at the same time.",
        )
    ]


def test_what_others_are_told_to_use_meanwhile_must_not_go_away(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    other = window(service("app"), starts_at=START)
    assert against(service("branches"), now=now) == [
        Objection(
            "alternative",
            "Customers of App are told to use Branches instead, which this window, "
            f"during window {other.pk}, takes away at the same time.",
        )
    ]


def test_a_service_and_its_alternative_cannot_share_a_window(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    assert found(service("app"), service("branches"), now=now) == ["alternative"]


def test_an_alternative_is_away_with_what_it_depends_on(now: datetime) -> None:
    _instead(service("app"), service("cards"))
    service("cards").depends_on.add(service("core"))
    window(service("core"), starts_at=START)
    assert found(service("app"), now=now) == ["alternative"]


def test_an_alternative_that_is_no_service_of_the_bank_is_always_there(now: datetime) -> None:
    Alternative.objects.create(service=service("app"), words="The hotline helps.")
    assert found(service("app"), now=now) == []
