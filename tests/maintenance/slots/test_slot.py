"""Any time, looked at: what it carries, beside Sunday 02:00, and all that stands against it."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest

from maintenance import slots, traffic
from maintenance.models import Freeze, Service
from maintenance.slots import Slot
from tests.maintenance.usage import Usage, london, samples, week
from tests.people import customer, service

pytestmark = pytest.mark.django_db

TWO_HOURS = timedelta(hours=2)


def _used(now: datetime, usage: Usage = week) -> Service:
    used = service()
    traffic.keep_samples(used, samples(usage, until=now, days=63))
    return used


def _look(now: datetime, at: datetime, *services: Service, length: timedelta = TWO_HOURS) -> Slot:
    return slots.slot_at(slots.slot_context(slots.Search(services), now=now, until=at + length), at, length)


def test_it_is_compared_with_sunday_at_two_of_the_same_week(now: datetime) -> None:
    chance = random.Random(1)
    used = _used(now, usage=lambda at: week(at) * chance.uniform(0.5, 1.5))
    wednesday = _look(now, london(date(2026, 3, 18), 14), used)
    sunday = _look(now, london(date(2026, 3, 22), 2), used)
    assert wednesday.load is not None
    assert sunday.load is not None
    assert wednesday.habit == pytest.approx(wednesday.load.expected / sunday.load.expected)
    assert sunday.habit == pytest.approx(1)


def test_quieter_than_sunday_at_two_speaks_for_it(now: datetime) -> None:
    quiet = _used(now, usage=lambda at: 10.0 if (at.weekday(), at.hour) == (2, 14) else 100.0)
    slot = _look(now, london(date(2026, 3, 18), 14), quiet, length=timedelta(hours=1))
    assert "Carries 10 % of what Sunday 02:00 of that week would." in slot.reasons


def test_busier_than_sunday_at_two_speaks_against_it(now: datetime) -> None:
    slot = _look(now, london(date(2026, 3, 18), 14), _used(now))
    assert slot.against == (
        "This is no quiet time: 189 % of an ordinary hour.",
        "Carries 15 times what Sunday 02:00 of that week would.",
    )


def test_where_sunday_is_not_on_record_there_is_no_comparison(now: datetime) -> None:
    desk = _used(now, usage=lambda at: week(at) if at.weekday() < 5 else None)
    slot = _look(now, london(date(2026, 3, 18), 14), desk)
    assert slot.load is not None
    assert slot.habit is None


def test_a_time_that_is_not_on_record_says_so(now: datetime) -> None:
    desk = _used(now, usage=lambda at: week(at) if at.weekday() < 5 else None)
    slot = _look(now, london(date(2026, 3, 22), 14), desk)
    assert (slot.load, slot.share, slot.habit) == (None, None, None)
    assert "unknown is not quiet" in slot.against[0]


def test_all_that_stands_against_it_is_listed(now: datetime) -> None:
    at = now + timedelta(days=2)
    Freeze.objects.create(name="Sale", starts_at=at, ends_at=at + timedelta(hours=1))
    slot = _look(now, at, _used(now))
    assert [objection.rule for objection in slot.objections] == ["notice", "freeze"]
    assert set(slot.against) > {objection.words for objection in slot.objections}
    assert "No rule stands against it." not in slot.reasons


def test_it_counts_customers_and_of_them_the_vulnerable(now: datetime) -> None:
    used = _used(now)
    customer("cleo", uses=[used])
    customer("dan", uses=[used], vulnerable=True)
    slot = _look(now, london(date(2026, 3, 18), 14), used)
    assert (slot.customers, slot.vulnerable) == (2, 1)


def test_a_holiday_s_figures_are_doubted(now: datetime) -> None:
    slot = _look(now, london(date(2026, 4, 3), 2), _used(now))
    assert "A public holiday (Good Friday): its figures rest on few such days." in slot.against


def test_the_last_moment_to_book_leaves_the_least_notice(now: datetime) -> None:
    at = london(date(2026, 3, 18), 14)
    assert _look(now, at, _used(now)).last_moment_to_book == at - timedelta(days=5)
