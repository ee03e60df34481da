"""What stands against a window."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from maintenance import rules
from maintenance.models import Alternative, Freeze, Service, Window
from maintenance.rules import Objection
from tests.maintenance.usage import london
from tests.people import service, window

pytestmark = pytest.mark.django_db

START = london(date(2026, 3, 15), 2)
END = START + timedelta(hours=2)


def _against(
    *services: Service, now: datetime, start: datetime = START, moved: Window | None = None
) -> list[Objection]:
    end = start + timedelta(hours=2)
    return rules.objections(services or [service()], start, end, now=now, moved=moved)


def _found(
    *services: Service, now: datetime, start: datetime = START, moved: Window | None = None
) -> list[str]:
    return [objection.rule for objection in _against(*services, now=now, start=start, moved=moved)]


def _freeze(*services: Service, starts_at: datetime = START, ends_at: datetime = END) -> Freeze:
    made = Freeze.objects.create(name="Election", starts_at=starts_at, ends_at=ends_at)
    made.services.set(services)
    return made


def _instead(away: Service, instead: Service) -> None:
    Alternative.objects.create(service=away, instead=instead, words=f"{instead} works.")


def test_nothing_stands_against_a_free_time(now: datetime) -> None:
    assert _against(now=now) == []


def test_a_freeze_of_every_service_stands_against_it(now: datetime) -> None:
    _freeze()
    assert _against(now=now) == [
        Objection("freeze", "The freeze “Election” holds from Sunday 15 March 2026, 02:00 to 04:00.")
    ]


def test_a_freeze_of_the_service_stands_against_it(now: datetime) -> None:
    _freeze(service(), service("cards"))
    assert _found(now=now) == ["freeze"]


def test_a_freeze_of_another_service_does_not(now: datetime) -> None:
    _freeze(service("cards"))
    assert _found(now=now) == []


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_freeze_that_only_touches_it_does_not(now: datetime, hours: int) -> None:
    away = timedelta(hours=hours)
    _freeze(starts_at=START + away, ends_at=END + away)
    assert _found(now=now) == []


@pytest.mark.parametrize("status", rules.LIVE)
def test_a_live_window_of_the_service_stands_against_it(now: datetime, status: Window.Status) -> None:
    other = window(service(), starts_at=START + timedelta(hours=1), status=status)
    assert _against(now=now) == [
        Objection(
            "overlap",
            f"Online banking: already in window {other.pk}, Sunday 15 March 2026, 03:00 to 05:00.",
        )
    ]


@pytest.mark.parametrize("status", sorted(set(Window.Status) - set(rules.LIVE)))
def test_a_window_that_will_not_be_does_not(now: datetime, status: Window.Status) -> None:
    window(service(), starts_at=START, status=status)
    assert _found(now=now) == []


def test_a_window_next_to_it_does_not(now: datetime) -> None:
    window(service(), starts_at=END)
    window(service(), starts_at=START - timedelta(hours=2))
    assert _found(now=now) == []


def test_a_window_of_an_unrelated_service_does_not(now: datetime) -> None:
    window(service("cards"), starts_at=START)
    assert _found(now=now) == []


def test_a_window_does_not_stand_against_its_own_move(now: datetime) -> None:
    moved = window(service(), starts_at=START)
    assert _found(now=now, moved=moved) == []


def test_a_window_of_what_the_service_depends_on_stands_against_it(now: datetime) -> None:
    service().depends_on.add(service("core"))
    other = window(service("core"), starts_at=START)
    assert _against(now=now) == [
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
    assert _against(service("core"), now=now) == [
        Objection(
            "dependency",
            f"App, which has window {other.pk}, Sunday 15 March 2026, 02:00 to 04:00, depends on Core.",
        )
    ]


def test_services_that_depend_on_each_other_may_share_one_window(now: datetime) -> None:
    service("app").depends_on.add(service("core"))
    service("core").depends_on.add(service("app"))
    assert _found(service("app"), service("core"), now=now) == []


def test_what_customers_are_told_to_use_instead_must_not_be_away(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    other = window(service("branches"), starts_at=START)
    assert _against(service("app"), now=now) == [
        Objection(
            "alternative",
            f"Customers of App are told to use Branches instead, which window {other.pk}, "
            "Sunday 15 March 2026, 02:00 to 04:00, takes away at the same time.",
        )
    ]


def test_what_others_are_told_to_use_meanwhile_must_not_go_away(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    other = window(service("app"), starts_at=START)
    assert _against(service("branches"), now=now) == [
        Objection(
            "alternative",
            "Customers of App are told to use Branches instead, which this window, "
            f"during window {other.pk}, takes away at the same time.",
        )
    ]


def test_a_service_and_its_alternative_cannot_share_a_window(now: datetime) -> None:
    _instead(service("app"), service("branches"))
    assert _found(service("app"), service("branches"), now=now) == ["alternative"]


def test_an_alternative_is_away_with_what_it_depends_on(now: datetime) -> None:
    _instead(service("app"), service("cards"))
    service("cards").depends_on.add(service("core"))
    window(service("core"), starts_at=START)
    assert _found(service("app"), now=now) == ["alternative"]


def test_an_alternative_that_is_no_service_of_the_bank_is_always_there(now: datetime) -> None:
    Alternative.objects.create(service=service("app"), words="The hotline helps.")
    assert _found(service("app"), now=now) == []


def test_less_than_the_least_notice_stands_against_it(now: datetime) -> None:
    late = now + timedelta(days=5) - timedelta(minutes=1)
    assert _against(now=now, start=late) == [
        Objection(
            "notice",
            "Customers are promised at least 5 days of notice, so this time had to be booked by "
            "Monday 2 March 2026, 08:59: choose a later start, or book it as an emergency.",
        )
    ]


def test_exactly_the_least_notice_is_enough(now: datetime) -> None:
    assert _found(now=now, start=now + timedelta(days=5)) == []


def test_the_past_cannot_be_booked(now: datetime) -> None:
    assert _found(now=now, start=now - timedelta(minutes=1)) == ["past"]


def test_an_end_before_the_start_is_refused_before_all_else(now: datetime) -> None:
    assert rules.objections([service()], END, START, now=now) == [
        Objection("length", "A window must end after it starts.")
    ]


def test_no_service_is_no_window(now: datetime) -> None:
    assert [objection.rule for objection in rules.objections([], START, END, now=now)] == ["services"]


def test_all_that_stands_against_it_is_listed(now: datetime) -> None:
    start = now + timedelta(days=1)
    _freeze(starts_at=start, ends_at=start + timedelta(days=1))
    _freeze(service(), starts_at=start, ends_at=start + timedelta(days=2))
    service().depends_on.add(service("core"))
    window(service(), starts_at=start)
    window(service("core"), starts_at=start)
    assert sorted(_found(now=now, start=start)) == ["dependency", "freeze", "freeze", "notice", "overlap"]


def test_the_surroundings_are_read_once_however_many_services(
    now: datetime, django_assert_max_num_queries: object
) -> None:
    services = [service(f"s{number}") for number in range(6)]
    for number, one in enumerate(services):
        window(one, starts_at=START + timedelta(hours=number))
    with django_assert_max_num_queries(11):  # type: ignore[operator]
        _against(*services, now=now)
