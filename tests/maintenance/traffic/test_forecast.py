"""What a profile expects of a span, and what it was learnt from."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance.bank_days import Country
from maintenance.traffic import learning
from maintenance.traffic.forecast import Floats, Profile, TooLittle
from maintenance.traffic.place import Place
from tests.maintenance.usage import LONDON, learnt, london, samples, week

HOUR = timedelta(hours=1)


def _shape(profile: Profile) -> Floats:
    """The week from Monday, by hours, around 1."""
    shares = profile.shares[:7].ravel()
    shape: Floats = shares / shares.mean()
    return shape


def test_an_hour_is_expected_to_carry_what_it_always_carries(now: datetime) -> None:
    start = london(date(2026, 3, 11), 3)
    assert learnt(until=now).expect(start, start + HOUR).expected == pytest.approx(100)


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_the_step_of_the_samples_changes_nothing(now: datetime, minutes: int) -> None:
    start = london(date(2026, 3, 11), 2, 30)
    profile = learnt(until=now, days=21, minutes=minutes)
    assert profile.expect(start, start + 2 * HOUR).expected == pytest.approx(90 + 100 + 90, rel=1e-3)


def test_parts_of_hours_count_as_parts(now: datetime) -> None:
    start = london(date(2026, 3, 11), 3, 20)
    assert learnt(until=now).expect(start, start + HOUR).expected == pytest.approx(100 * 2 / 3 + 180 / 3)


def test_a_zone_off_the_whole_hour_keeps_its_own_hours(now: datetime) -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    start = datetime(2026, 3, 11, 3, tzinfo=kathmandu)
    profile = learnt(until=now, minutes=15, days=60, zone=kathmandu, country=Country("NP"))
    assert profile.expect(start, start + HOUR).expected == pytest.approx(100, rel=1e-3)


def test_growth_is_carried_on_and_leaves_the_shape_alone(now: datetime) -> None:
    def doubling(local: datetime) -> float:
        return week(local) * 2 ** ((local - now) / timedelta(days=364))

    profile, flat = learnt(doubling, until=now), learnt(until=now)
    assert profile.mean_rate == pytest.approx(flat.mean_rate, rel=0.05)
    assert _shape(profile) == pytest.approx(_shape(flat), rel=0.02)


def test_a_holiday_is_left_out_of_its_weekday(now: datetime) -> None:
    def dead_holidays(local: datetime) -> float:
        return 1.0 if local.date() == date(2026, 1, 1) else week(local)

    start = london(date(2026, 3, 12), 12)  # a Thursday, as New Year's Day was
    few_weeks = learnt(dead_holidays, until=now, days=84)
    assert few_weeks.expect(start, start + HOUR).expected == pytest.approx(820)


def test_a_holiday_to_come_is_expected_much_like_the_day_of_rest(now: datetime) -> None:
    good_friday = london(date(2026, 4, 3), 12)
    no_holiday_yet = learnt(until=datetime(2026, 3, 30, tzinfo=UTC), days=80)
    expected = no_holiday_yet.expect(good_friday, good_friday + HOUR).expected
    assert 410 <= expected < 480  # a Friday is 820
    assert no_holiday_yet.holiday(good_friday) == "Good Friday"


def test_holidays_that_were_seen_count_more_the_more_they_are(now: datetime) -> None:
    days_off = {date(2025, 4, 18), date(2025, 5, 5), date(2025, 5, 26), date(2025, 8, 25), date(2025, 12, 25)}

    def dead_holidays(local: datetime) -> float:
        return 10.0 if local.date() in days_off else week(local)

    good_friday = london(date(2026, 4, 3), 12)
    assert learnt(dead_holidays, until=now).expect(good_friday, good_friday + HOUR).expected < 350


def test_an_unknown_country_is_doubted_aloud(now: datetime) -> None:
    assert "No holidays are known for the country 'XX'" in learnt(until=now, country=Country("XX")).doubts[0]


def test_the_hour_that_spring_takes_is_not_expected(now: datetime) -> None:
    start = london(date(2026, 3, 29), 0)  # 01:00 to 02:00 does not exist
    expected = learnt(until=now).expect(start, start + 3 * HOUR).expected
    assert expected == pytest.approx(
        sum(week(datetime(2026, 3, 29, hour, tzinfo=LONDON)) for hour in (0, 2, 3))
    )


def test_the_hour_that_autumn_repeats_is_expected_twice() -> None:
    start = london(date(2026, 10, 25), 0)  # 01:00 to 02:00 comes twice
    profile = learnt(until=datetime(2026, 10, 12, tzinfo=UTC))
    expected = profile.expect(start, start + 4 * HOUR).expected
    assert expected == pytest.approx(
        sum(week(datetime(2026, 10, 25, hour, tzinfo=LONDON)) for hour in (0, 1, 1, 2))
    )


def test_a_year_with_both_clock_changes_is_learnt_without_a_seam() -> None:
    profile = learnt(until=datetime(2026, 11, 9, tzinfo=UTC))
    ordinary = np.array(
        [week(datetime(2026, 11, 2 + hour // 24, hour % 24, tzinfo=LONDON)) for hour in range(168)]
    )
    assert _shape(profile) == pytest.approx(ordinary / ordinary.mean())


def test_missing_is_not_zero(now: datetime) -> None:
    def by_day(local: datetime) -> float | None:
        return week(local) if 7 <= local.hour < 21 else None

    night, noon = london(date(2026, 3, 11), 3), london(date(2026, 3, 11), 12)
    profile = learnt(by_day, until=now)
    assert profile.expect(noon, noon + HOUR).expected == pytest.approx(820)
    with pytest.raises(TooLittle, match="unknown is not quiet"):
        profile.expect(night, night + HOUR)


def test_gaps_of_weeks_do_not_lower_what_is_expected(now: datetime) -> None:
    def gappy(local: datetime) -> float | None:
        return None if local.isocalendar().week % 3 == 0 or local.day in (5, 6) else week(local)

    noon = london(date(2026, 3, 11), 12)
    assert learnt(gappy, until=now).expect(noon, noon + HOUR).expected == pytest.approx(820, rel=0.01)


def test_one_outage_and_one_rush_are_no_habit(now: datetime) -> None:
    def eventful(local: datetime) -> float:
        spoilt = {date(2026, 2, 18): 0.0, date(2026, 2, 11): 9.0}
        return week(local) * spoilt.get(local.date(), 1.0) if local.hour == 12 else week(local)

    noon = london(date(2026, 3, 11), 12)
    assert learnt(eventful, until=now).expect(noon, noon + HOUR).expected == pytest.approx(820, rel=0.02)


def test_four_times_in_five_the_range_holds_what_comes(now: datetime) -> None:
    dice = random.Random(7)  # nothing secret about it
    later = now + timedelta(days=28)
    rows = samples(lambda local: week(local) * dice.lognormvariate(0, 0.3), until=later, days=364)
    profile = learning.fit(
        np.array([at.timestamp() for at, _ in rows]),
        np.array([count for _, count in rows]),
        Place("", LONDON, Country("GB")),
        now=now,
    )
    held = [
        load.low <= count <= load.high
        for at, count in rows
        if at >= now
        for load in [profile.expect(at, at + HOUR)]
    ]
    assert 0.75 < sum(held) / len(held) < 0.87


def test_what_comes_after_now_is_not_read(now: datetime) -> None:
    later = now + timedelta(days=14)
    told = learnt(lambda local: week(local) if local < now else 1e9, until=later, now=now, days=378)
    assert told.shares.tolist() == learnt(until=now).shares.tolist()


def test_a_sample_that_is_not_over_is_not_read(now: datetime) -> None:
    half_past = now + timedelta(minutes=30)
    told = learnt(lambda local: week(local) if local < now else 1e9, until=now + HOUR, now=half_past)
    assert told.mean_rate == pytest.approx(learnt(until=now).mean_rate)


def test_less_than_two_weeks_say_too_little(now: datetime) -> None:
    with pytest.raises(
        TooLittle, match="Online banking has 13 days of traffic on record; 2 weeks are needed"
    ):
        learnt(until=now, days=13.9)


def test_two_weeks_are_enough_and_doubted(now: datetime) -> None:
    assert learnt(until=now, days=14).doubts == (
        "Only 2 weeks of traffic of Online banking are on record: take the figures with care.",
    )


def test_two_samples_a_month_apart_say_too_little() -> None:
    at = np.array([0.0, 30 * 86400.0])
    with pytest.raises(TooLittle, match="no two samples"):
        learning.fit(at, at, Place("X", LONDON, Country("GB")), now=datetime(2026, 1, 1, tzinfo=UTC))


def test_nothing_but_zeros_says_nothing(now: datetime) -> None:
    with pytest.raises(TooLittle, match="no traffic but zeros"):
        learnt(lambda _: 0.0, until=now)


def test_old_traffic_serves_and_is_doubted(now: datetime) -> None:
    assert learnt(until=now, now=now + timedelta(days=60)).doubts == (
        "The traffic of Online banking ends on 2 March 2026: import newer samples.",
    )


def test_many_spans_are_expected_as_each_of_them_is(now: datetime) -> None:
    profile = learnt(until=now)
    starts = [now + timedelta(hours=hours) for hours in (5, 31, 200, 770)]
    length = timedelta(hours=2)
    together = [load.expected for load in profile.expect_each(starts, length) if load]
    assert together == pytest.approx([profile.expect(at, at + length).expected for at in starts])


def test_of_many_spans_one_that_was_never_observed_is_none(now: datetime) -> None:
    profile = learnt(lambda at: week(at) if at.weekday() < 5 else None, until=now)
    weekday, saturday = now + timedelta(days=7), now + timedelta(days=12)
    known, unknown = profile.expect_each([weekday, saturday], timedelta(hours=2))
    assert known is not None
    assert unknown is None
