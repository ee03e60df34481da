"""What was promised of a window, beside what came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from maintenance import slots, traffic
from maintenance.models import Service, Window
from maintenance.slots import Users
from tests.maintenance.usage import Usage, samples, week
from tests.people import customer, service, window

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def _used(
    until: datetime,
    key: str = "online-banking",
    usage: Usage = lambda at: 60.0,
    minutes: int = 60,
    days: float = 63,
) -> Service:
    used = service(key)
    traffic.keep_samples(used, samples(usage, until=until, minutes=minutes, days=days))
    return used


def _window(now: datetime, *services: Service, hours: float = 2, **expected: float) -> Window:
    """From midnight on the day before `now`."""
    made = window(*services, starts_at=now.replace(hour=0) - 24 * HOUR, length=hours * HOUR)
    Window.objects.filter(pk=made.pk).update(**expected)
    made.refresh_from_db()
    return made


def test_what_came_is_the_sum_of_its_hours(now: datetime) -> None:
    assert slots.outcome(_window(now, _used(now, usage=week)), now=now).came == pytest.approx(170 + 130)


def test_an_hour_that_lies_in_it_in_part_counts_in_part(now: datetime) -> None:
    assert slots.outcome(_window(now, _used(now), hours=1.5), now=now).came == pytest.approx(90)


@pytest.mark.parametrize("minutes", [1, 15, 30])
def test_samples_of_any_step_are_read(now: datetime, minutes: int) -> None:
    used = _used(now, minutes=minutes, days=3)
    assert slots.outcome(_window(now, used), now=now).came == pytest.approx(120)


@pytest.mark.parametrize(
    ("came", "kept", "more"), [(50.0, True, False), (70.0, False, True), (10.0, False, False)]
)
def test_it_is_compared_with_the_range_that_was_promised(
    now: datetime, came: float, kept: bool, more: bool
) -> None:
    booked = _window(
        now, _used(now, usage=lambda at: came), expected_load=100, expected_low=80, expected_high=120
    )
    found = slots.outcome(booked, now=now)
    assert (found.kept, found.more) == (kept, more)


def test_without_a_promise_nothing_is_kept_or_broken(now: datetime) -> None:
    found = slots.outcome(_window(now, _used(now)), now=now)
    assert (found.expected, found.kept, found.then) == (None, None, None)


def test_before_its_end_nothing_has_come(now: datetime) -> None:
    ahead = window(_used(now), starts_at=now - HOUR)
    found = slots.outcome(ahead, now=now)
    assert (found.came, found.unknown) == (None, "Its planned end has not come yet.")


def test_traffic_that_was_not_imported_since_is_asked_for(now: datetime) -> None:
    found = slots.outcome(_window(now, _used(now - 48 * HOUR)), now=now)
    assert found.came is None
    assert found.unknown.endswith("not on record yet: manage.py import_traffic online-banking FILE")


def test_a_gap_is_no_zero(now: datetime) -> None:
    midnight = now.replace(hour=0) - 24 * HOUR
    used = _used(now, usage=lambda at: None if midnight <= at < midnight + HOUR else 60.0)
    found = slots.outcome(_window(now, used), now=now)
    assert (found.came, found.unknown) == (None, "The traffic of Online banking has gaps in that time.")


def test_several_services_count_in_their_ordinary_hours(now: datetime) -> None:
    both = [_used(now, "app"), _used(now, "cards", usage=lambda at: 9000.0)]
    assert slots.outcome(_window(now, *both), now=now).came == pytest.approx(4, rel=0.01)


def test_customers_then_stand_beside_those_of_now(now: datetime) -> None:
    used = _used(now)
    customer("cleo", uses=[used])
    customer("dan", uses=[used], vulnerable=True)
    found = slots.outcome(_window(now, used, expected_customers=1, expected_vulnerable=0), now=now)
    assert (found.then, found.now) == (Users(1, 0), Users(2, 1))
