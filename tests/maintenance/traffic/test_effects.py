"""How days that are unlike others differ: where nothing was seen as most series do, and else as they did."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from maintenance.bank_days import Country, country_days
from maintenance.traffic import classes, learning
from maintenance.traffic.classes import DayKind, Mark
from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place
from tests.maintenance.usage import LONDON, Usage, learnt, london, samples, week

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
GB, NO_ONE, EMIRATES = Country("GB-ENG"), Country("XX"), Country("AE")


def _kind(day: date, country: Country = GB) -> DayKind:
    return DayKind(
        int(
            classes.classified_days(
                country_days.day_number(day), 1, country, np.array([], dtype=np.int64)
            ).kinds[0]
        )
    )


def _noon(profile: Profile, day: date) -> float:
    """What is expected from 12:00 to 13:00."""
    start = london(day, 12)
    return profile.expect(start, start + timedelta(hours=1)).expected


def _noisy(usage: Usage, seed: int = 4) -> Usage:
    dice = np.random.default_rng(seed)
    return lambda at: (usage(at) or 0.0) * float(dice.lognormal(0, 0.15))


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 3, 11), DayKind.ORDINARY),
        (date(2026, 4, 2), DayKind.EVE),
        (date(2026, 4, 3), DayKind.HOLIDAY),
        (date(2026, 4, 5), DayKind.LONG_WEEKEND),
        (date(2026, 4, 7), DayKind.DAY_AFTER),
        (date(2026, 12, 29), DayKind.YEAR_END),
        (date(2026, 12, 27), DayKind.YEAR_END_REST),
        (date(2026, 12, 25), DayKind.HOLIDAY),
    ],
)
def test_a_day_is_what_the_holidays_around_it_make_of_it(day: date, kind: DayKind) -> None:
    assert _kind(day) == kind


def test_a_single_working_day_between_days_of_rest_is_a_bridge() -> None:
    assert _kind(date(2026, 5, 15), Country("DE")) == DayKind.BRIDGE  # Friday after Ascension
    assert _kind(date(2026, 5, 15), GB) == DayKind.ORDINARY


def test_the_year_ends_quietly_where_christmas_is_kept_and_not_elsewhere() -> None:
    assert _kind(date(2026, 12, 29), EMIRATES) == DayKind.ORDINARY
    christian, other = (learnt(until=UNTIL, days=50, country=each) for each in (GB, EMIRATES))
    ordinary = week(datetime(2026, 12, 29, 12, tzinfo=LONDON))
    assert _noon(christian, date(2026, 12, 29)) < 0.9 * ordinary
    assert _noon(other, date(2026, 12, 29)) == pytest.approx(ordinary, rel=0.02)


def test_a_bridge_day_to_come_lies_between_work_and_rest() -> None:
    profile = learnt(until=UNTIL, days=120, country=Country("DE"))
    assert 410 < _noon(profile, date(2026, 5, 15)) < 820


def test_the_eve_of_a_holiday_to_come_is_a_little_quieter() -> None:
    assert 0.85 * 820 < _noon(learnt(until=UNTIL, days=120), date(2026, 4, 2)) < 820


def test_a_strong_payday_is_learnt() -> None:
    rush = _noisy(lambda at: week(at) * (1.8 if at.day == 25 else 1.0))
    profile = learnt(rush, until=UNTIL, country=NO_ONE)
    assert _noon(profile, date(2026, 3, 25)) > 1.3 * _noon(profile, date(2026, 3, 18))


def test_no_payday_is_learnt_from_noise() -> None:
    marks = [learnt(_noisy(week, seed), until=UNTIL, country=NO_ONE).of_marks for seed in range(5)]
    assert np.abs(np.array(marks) - 1).max() < 0.12
    assert np.abs(np.array(marks) - 1).mean() < 0.02


def test_the_bank_s_own_critical_days_are_learnt_wherever_they_fall() -> None:
    tax = [date(2025, 4, 9), date(2025, 6, 11), date(2025, 8, 13), date(2025, 10, 8), date(2025, 12, 10)]
    tax += [date(2026, 2, 11), date(2026, 3, 11)]
    kept = samples(_noisy(lambda at: week(at) * (2.0 if at.date() in tax else 1.0)), until=UNTIL)
    profile = learning.fit(
        np.array([at.timestamp() for at, _ in kept]),
        np.array([count for _, count in kept]),
        Place("Online banking", LONDON, NO_ONE),
        now=UNTIL,
        critical=tax,
    )
    assert profile.of_marks[Mark.CRITICAL, 1] == pytest.approx(2, rel=0.15)
    assert _noon(profile, date(2026, 3, 11)) > 1.6 * _noon(profile, date(2026, 3, 18))
