"""A week by hours: how busy each is expected to be, and what keeps a slot from beginning there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from maintenance import slots, traffic
from maintenance.models import Freeze, RuleSetting, Service
from maintenance.slots import Hour, WeekDay
from tests.maintenance.usage import Usage, london, samples, week
from tests.people import service, window

pytestmark = pytest.mark.django_db

TWO_HOURS = timedelta(hours=2)
MONDAY = date(2026, 3, 16)


def _used(now: datetime, key: str = "online-banking", usage: Usage = week) -> Service:
    used = service(key)
    traffic.keep_samples(used, samples(usage, until=now, days=63))
    return used


def _week(
    now: datetime, *services: Service, first: date = MONDAY, length: timedelta = TWO_HOURS
) -> tuple[WeekDay, ...]:
    known = slots.slot_context(slots.Search(services), now=now, until=now + timedelta(days=70))
    return slots.week_days(known, first, length)


def _hour(day: WeekDay, hour: int) -> Hour:
    found = day.hours[hour]
    assert found is not None
    return found


def test_each_hour_says_what_it_is_expected_to_carry(now: datetime) -> None:
    days = _week(now, _used(now))
    assert [day.day.weekday() for day in days] == list(range(7))
    assert [_hour(days[0], hour).uses for hour in (3, 4)] == pytest.approx([100, 180])
    assert _hour(days[6], 3).uses == pytest.approx(50)
    assert _hour(days[0], 3).share == pytest.approx(
        100 / np.mean([week(now + timedelta(hours=hour)) for hour in range(168)])
    )


def test_an_hour_is_refused_where_a_slot_that_begins_there_is(now: datetime) -> None:
    used = _used(now)
    window(used, starts_at=london(MONDAY, 3))
    refused = [hour for hour in range(24) if _hour(_week(now, used)[0], hour).refused]
    assert refused == [2, 3, 4]


def test_a_refused_hour_says_why_in_words(now: datetime) -> None:
    used = _used(now)
    Freeze.objects.create(name="Sale", starts_at=london(MONDAY, 0), ends_at=london(MONDAY, 12))
    hour = _hour(_week(now, used)[0], 9)
    assert [objection.words.split(" holds")[0] for objection in hour.objections] == ["The freeze “Sale”"]
    assert not hour.passable


def test_what_may_be_passed_with_a_reason_is_told_apart(now: datetime) -> None:
    used = _used(now)
    Freeze.objects.create(name="Sale", starts_at=london(MONDAY, 0), ends_at=london(MONDAY, 12))
    RuleSetting.objects.create(rule="freeze", weight=RuleSetting.Weight.SOFT)
    hour = _hour(_week(now, used)[0], 9)
    assert (hour.refused, hour.passable) == (True, True)


def test_holidays_and_freezes_are_named_at_their_days(now: datetime) -> None:
    used = _used(now)
    good_friday = date(2026, 4, 3)
    Freeze.objects.create(name="Sale", starts_at=london(good_friday, 12), ends_at=london(good_friday, 14))
    Freeze.objects.create(
        name="Loans", starts_at=london(good_friday, 12), ends_at=london(good_friday, 14)
    ).services.set([service("loans")])
    day = _week(now, used, first=date(2026, 3, 30))[4]
    assert (day.holidays, day.freezes) == (("Good Friday",), ("Sale",))


def test_the_hour_that_the_spring_change_skips_is_none(now: datetime) -> None:
    sunday = _week(now, _used(now), first=date(2026, 3, 23))[6]
    assert [hour for hour in range(24) if sunday.hours[hour] is None] == [1]


def test_the_hour_that_the_autumn_change_repeats_lasts_two() -> None:
    now = datetime.fromisoformat("2026-10-05T09:00+00:00")
    sunday = _week(now, _used(now, usage=lambda at: 60.0), first=date(2026, 10, 19))[6]
    repeated = _hour(sunday, 1)
    assert repeated.ends_at - repeated.starts_at == TWO_HOURS
    assert repeated.uses == pytest.approx(120)


def test_an_hour_never_observed_is_unknown_and_not_quiet(now: datetime) -> None:
    desk = _used(now, usage=lambda at: week(at) if 8 <= at.hour < 18 else None)
    hour = _hour(_week(now, desk)[0], 3)
    assert (hour.uses, hour.share) == (None, None)


def test_several_services_count_by_their_share_alone(now: datetime) -> None:
    hour = _hour(_week(now, _used(now), _used(now, "cards"))[0], 3)
    assert hour.uses is None
    assert hour.share is not None


def test_without_traffic_the_rules_still_speak(now: datetime) -> None:
    days = _week(now, service(), first=date(2026, 3, 2))
    assert _hour(days[2], 3).share is None
    assert _hour(days[2], 3).refused
