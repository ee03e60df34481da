"""A profile that was kept is the one that was learnt, to the last digit."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance.bank_days import Country
from maintenance.traffic import storage
from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place
from tests.maintenance.usage import LONDON, learnt, week

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module", params=[60, 30])
def profile(request: pytest.FixtureRequest) -> Profile:
    """Noisy, with hours that were never seen, and with doubts."""
    dice = np.random.default_rng(2)

    def usage(at: datetime) -> float | None:
        return None if at.hour == 4 else week(at) * float(dice.lognormal(0, 0.3))

    return learnt(usage, until=UNTIL, days=40, minutes=request.param, country=Country("XX"))


def _back(profile: Profile) -> Profile:
    content = storage.packed(profile)
    return storage.unpacked(content, Place(profile.name, profile.zone, profile.country))


def test_every_field_comes_back_exactly(profile: Profile) -> None:
    back = _back(profile)
    for field in fields(Profile):
        if field.name != "record":
            np.testing.assert_equal(getattr(back, field.name), getattr(profile, field.name))
    for field in fields(profile.record):
        np.testing.assert_array_equal(getattr(back.record, field.name), getattr(profile.record, field.name))
    assert len(back.doubts) == 2


def test_it_expects_the_same(profile: Profile) -> None:
    start = datetime(2026, 3, 11, 1, 30, tzinfo=LONDON)
    back = _back(profile)
    assert back.expect(start, start + timedelta(hours=2)) == profile.expect(start, start + timedelta(hours=2))
    starts = start.timestamp() + 1800 * np.arange(700, dtype=np.float64)
    np.testing.assert_array_equal(back.expected(starts, 5400), profile.expected(starts, 5400))


def test_what_the_service_has_is_taken_from_it(profile: Profile) -> None:
    zone, country = ZoneInfo("Asia/Tokyo"), Country("JP")
    back = storage.unpacked(storage.packed(profile), Place("Cards", zone, country))
    assert (back.name, back.zone, back.country) == ("Cards", zone, country)


def test_it_takes_little_room(profile: Profile) -> None:
    assert len(storage.packed(profile)) < 20_000
