"""Samples kept, and the profile learnt from what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from maintenance import traffic
from tests.maintenance.usage import london, samples, week
from tests.people import service

pytestmark = pytest.mark.django_db


def _kept() -> list[tuple[datetime, float]]:
    return list(service().samples.order_by("at").values_list("at", "count"))


def test_samples_are_kept(now: datetime) -> None:
    rows = [(now, 1.5), (now + timedelta(hours=1), 0.0)]
    assert (traffic.record(service(), rows), _kept()) == (2, rows)


def test_a_later_count_takes_the_place_of_an_earlier_one(now: datetime) -> None:
    traffic.record(service(), [(now, 1.0)])
    traffic.record(service(), [(now, 2.0), (now, 3.0)])
    assert _kept() == [(now, 3.0)]


def test_one_instant_is_one_sample_whatever_its_zone(now: datetime) -> None:
    traffic.record(service(), [(now, 1.0)])
    traffic.record(service(), [(now.astimezone(london(date(2026, 3, 2), 0).tzinfo), 4.0)])
    assert _kept() == [(now, 4.0)]


def test_services_keep_their_samples_apart(now: datetime) -> None:
    traffic.record(service(), [(now, 1.0)])
    traffic.record(service("cards"), [(now, 2.0)])
    assert _kept() == [(now, 1.0)]


@pytest.mark.parametrize("count", [-1.0, float("nan"), float("inf")])
def test_a_count_that_is_none_is_refused_with_all_that_came_with_it(now: datetime, count: float) -> None:
    with pytest.raises(ValueError, match="it must be a number, zero or more"):
        traffic.record(service(), [(now, 1.0), (now + timedelta(hours=1), count)])
    assert _kept() == []


def test_a_time_without_a_zone_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="say on which clock it was counted"):
        traffic.record(service(), [(now.replace(tzinfo=None), 1.0)])


def test_the_profile_is_learnt_from_what_is_kept(now: datetime) -> None:
    traffic.record(service(), samples(until=now, days=35))
    start = london(date(2026, 3, 11), 3)
    assert traffic.profile(service(), now=now).expect(
        start, start + timedelta(hours=1)
    ).expected == pytest.approx(100)


def test_what_was_kept_after_now_is_not_read(now: datetime) -> None:
    traffic.record(service(), samples(until=now, days=35))
    before = traffic.profile(service(), now=now)
    traffic.record(service(), [(now + timedelta(hours=hour), 1e6) for hour in range(400)])
    after = traffic.profile(service(), now=now)
    assert (after.mean_rate, after.shares.tolist()) == (before.mean_rate, before.shares.tolist())


def test_only_the_last_year_is_read(now: datetime) -> None:
    old = [(at - timedelta(days=400), count * 50) for at, count in samples(until=now, days=20)]
    traffic.record(service(), old + samples(until=now, days=35))
    assert traffic.profile(service(), now=now).past.shape[0] < 10


def test_naive_rows_of_another_century_do_not_break_the_reading() -> None:
    ago = datetime(1995, 8, 1, tzinfo=UTC)
    traffic.record(service(), samples(week, until=ago, days=21))
    assert traffic.profile(service(), now=ago).mean_rate > 0


def test_without_samples_it_says_what_to_do(now: datetime) -> None:
    with pytest.raises(traffic.TooLittle) as told:
        traffic.profile(service(), now=now)
    assert str(told.value) == (
        "Online banking has no traffic on record. "
        "Import more of it first: manage.py import_traffic online-banking FILE"
    )


def test_with_too_few_samples_it_says_what_to_do(now: datetime) -> None:
    traffic.record(service(), samples(until=now, days=3))
    with pytest.raises(traffic.TooLittle, match=r"3 days .* 2 weeks .* import_traffic online-banking FILE"):
        traffic.profile(service(), now=now)


def test_a_zone_that_does_not_exist_is_named(now: datetime) -> None:
    moved = service()
    moved.time_zone = "Europe/Londinium"
    traffic.record(moved, samples(until=now, days=20))
    with pytest.raises(ValueError, match="'Europe/Londinium', which does not exist"):
        traffic.profile(moved, now=now)
