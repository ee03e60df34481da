"""Zones by their names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pytest_django.fixtures import Settings

from maintenance import bank_time

UNKNOWN = ["", "Europe/Nowhere", "../etc/passwd", "Europe", "\x00"]


def test_a_zone_is_found_by_its_name() -> None:
    assert bank_time.zone("Asia/Riyadh") == ZoneInfo("Asia/Riyadh")


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_no_zone(name: str) -> None:
    assert bank_time.zone(name) is None


def test_who_has_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match=r"^Cards has the time zone 'Mars/North', which does not exist: "):
        bank_time.zone_of("Cards", "Mars/North")


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_not_taken_in(name: str) -> None:
    assert name not in bank_time.zone_names()


def test_the_banks_zone_is_that_of_the_settings(settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Muscat"
    assert bank_time.bank_zone() == ZoneInfo("Asia/Muscat")
