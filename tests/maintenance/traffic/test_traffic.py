"""Samples kept, and the profile learnt from what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db.models import F

from maintenance import traffic
from maintenance.models import Holiday, TrafficProfile, Window
from tests.maintenance.usage import learnt, london, samples, week
from tests.people import service, window

pytestmark = pytest.mark.django_db


def _kept() -> list[tuple[datetime, float]]:
    return list(service().samples.order_by("at").values_list("at", "count"))


def test_samples_are_kept(now: datetime) -> None:
    rows = [(now, 1.5), (now + timedelta(hours=1), 0.0)]
    assert (traffic.keep_samples(service(), rows), _kept()) == (2, rows)


def test_a_later_count_takes_the_place_of_an_earlier_one(now: datetime) -> None:
    traffic.keep_samples(service(), [(now, 1.0)])
    traffic.keep_samples(service(), [(now, 2.0), (now, 3.0)])
    assert _kept() == [(now, 3.0)]


def test_only_what_is_new_or_changed_is_said_to_be_written(now: datetime) -> None:
    hours = [now + timedelta(hours=hour) for hour in range(300)]
    traffic.keep_samples(service(), [(at, 1.0) for at in hours[:-1]])
    assert traffic.keep_samples(service(), [(hours[0], 2.0), *((at, 1.0) for at in hours[1:])]) == 2


def test_samples_that_say_nothing_new_leave_the_profile_as_it_is(now: datetime) -> None:
    kept = samples(until=now, days=35)
    traffic.keep_samples(service(), kept)
    traffic.profile(service(), now=now)
    traffic.keep_samples(service(), kept)
    assert TrafficProfile.objects.filter(service=service()).exists()


def test_one_instant_is_one_sample_whatever_its_zone(now: datetime) -> None:
    traffic.keep_samples(service(), [(now, 1.0)])
    traffic.keep_samples(service(), [(now.astimezone(london(date(2026, 3, 2), 0).tzinfo), 4.0)])
    assert _kept() == [(now, 4.0)]


def test_services_keep_their_samples_apart(now: datetime) -> None:
    traffic.keep_samples(service(), [(now, 1.0)])
    traffic.keep_samples(service("cards"), [(now, 2.0)])
    assert _kept() == [(now, 1.0)]


@pytest.mark.parametrize("count", [-1.0, float("nan"), float("inf")])
def test_a_count_that_is_none_is_refused_with_all_that_came_with_it(now: datetime, count: float) -> None:
    with pytest.raises(ValueError, match="it must be a number, zero or more"):
        traffic.keep_samples(service(), [(now, 1.0), (now + timedelta(hours=1), count)])
    assert _kept() == []


def test_a_time_without_a_zone_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="say on which clock it was counted"):
        traffic.keep_samples(service(), [(now.replace(tzinfo=None), 1.0)])


def test_the_profile_is_learnt_from_what_is_kept(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=35))
    start = london(date(2026, 3, 11), 3)
    assert traffic.profile(service(), now=now).expect(
        start, start + timedelta(hours=1)
    ).expected == pytest.approx(100)


def test_what_was_kept_after_now_is_not_read(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=35))
    before = traffic.profile(service(), now=now)
    traffic.keep_samples(service(), [(now + timedelta(hours=hour), 1e6) for hour in range(400)])
    after = traffic.profile(service(), now=now)
    assert (after.mean_rate, after.shares.tolist()) == (before.mean_rate, before.shares.tolist())


def test_what_is_older_than_fourteen_months_is_not_read(now: datetime) -> None:
    recent = samples(until=now, days=35)
    traffic.keep_samples(service(), [(at - timedelta(days=500), count * 50) for at, count in recent] + recent)
    assert traffic.profile(service(), now=now).mean_rate == pytest.approx(
        learnt(until=now, days=35).mean_rate
    )


def test_a_profile_is_kept_and_serves_for_the_day(now: datetime, django_assert_max_num_queries: Any) -> None:
    banking = service()
    traffic.keep_samples(banking, samples(until=now, days=35))
    first = traffic.profile(banking, now=now)
    with django_assert_max_num_queries(4):  # holidays, windows, critical days, and the profile itself
        again = traffic.profile(banking, now=now + timedelta(hours=1))
    span = (now + timedelta(days=9), now + timedelta(days=9, hours=2))
    assert again.expect(*span) == first.expect(*span)


def test_new_samples_are_learnt_from_at_once(now: datetime) -> None:
    kept = samples(until=now, days=35)
    traffic.keep_samples(service(), kept)
    before = traffic.profile(service(), now=now).mean_rate
    traffic.keep_samples(service(), [(at, 3 * count) for at, count in kept])
    assert traffic.profile(service(), now=now).mean_rate == pytest.approx(3 * before)


def test_a_holiday_that_the_bank_adds_is_learnt_from_at_once(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=35))
    day = date(2026, 3, 12)
    before = traffic.profile(service(), now=now).expect(london(day, 12), london(day, 13)).expected
    Holiday.objects.create(country="GB", day=day, name="Founders' day")
    after = traffic.profile(service(), now=now).expect(london(day, 12), london(day, 13)).expected
    assert after < 0.7 * before


def test_a_look_into_the_past_leaves_the_present_alone(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=60))
    traffic.profile(service(), now=now)
    traffic.profile(service(), now=now - timedelta(days=20))
    assert TrafficProfile.objects.get().learnt_at == now


def test_what_a_window_kept_away_is_no_demand(now: datetime) -> None:
    """Every Sunday at 03:00 it was out of use: what came then says nothing of what would come."""
    away = [london(date(2026, 3, 1), 3) - timedelta(weeks=number) for number in range(5)]
    counted = [(at, 0.0 if at in away else count) for at, count in samples(until=now, days=35)]
    traffic.keep_samples(service(), counted)
    for at in away:
        window(
            service(), starts_at=at, length=timedelta(hours=1), status=Window.Status.FINISHED,
            booked_at=at - timedelta(days=9),
        )  # fmt: skip
    Window.objects.update(started_at=F("starts_at"), finished_at=F("ends_at"))
    profile = traffic.profile(service(), now=now)
    sunday, saturday = (np.array([london(date(2026, 3, day), 3).timestamp()]) for day in (15, 14))
    assert profile.expected(sunday, 3600.0) == pytest.approx(profile.expected(saturday, 3600.0))


def test_naive_rows_of_another_century_do_not_break_the_reading() -> None:
    ago = datetime(1995, 8, 1, tzinfo=UTC)
    traffic.keep_samples(service(), samples(week, until=ago, days=21))
    assert traffic.profile(service(), now=ago).mean_rate > 0


def test_without_samples_it_says_what_to_do(now: datetime) -> None:
    with pytest.raises(traffic.TooLittle) as told:
        traffic.profile(service(), now=now)
    assert str(told.value) == (
        "Online banking has no traffic on record. "
        "Import more of it first: manage.py import_traffic online-banking FILE"
    )


def test_with_too_few_samples_it_says_what_to_do(now: datetime) -> None:
    traffic.keep_samples(service(), samples(until=now, days=3))
    with pytest.raises(traffic.TooLittle, match=r"3 days .* 2 weeks .* import_traffic online-banking FILE"):
        traffic.profile(service(), now=now)


def test_a_zone_that_does_not_exist_is_named(now: datetime) -> None:
    moved = service()
    moved.time_zone = "Europe/Londinium"
    traffic.keep_samples(moved, samples(until=now, days=20))
    with pytest.raises(ValueError, match="'Europe/Londinium', which does not exist"):
        traffic.profile(moved, now=now)
