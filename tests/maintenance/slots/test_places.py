"""Staffed hours and nights, by the clocks and the calendars of the services."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance.bank_days import Country
from maintenance.slots import places
from maintenance.traffic.place import Place
from tests.maintenance.usage import LONDON, london

BANK = Place("Bank", LONDON, Country("GB"))
RIYADH = Place("App", ZoneInfo("Asia/Riyadh"), Country("SA"))
HOUR = timedelta(hours=1)
WEEK = london(date(2026, 3, 9), 0).timestamp() + np.arange(0, 7 * 24 * 3600, 1800.0)


def _staffed(at: datetime, length: timedelta, *where: Place) -> bool:
    return bool(places.staffed(np.array([at.timestamp()]), length, where or [BANK])[0])


def _night(at: datetime, length: timedelta, *where: Place) -> bool:
    return bool(places.night(np.array([at.timestamp()]), length, where or [BANK], WEEK)[0])


@pytest.mark.parametrize(
    ("hour", "length", "staffed"),
    [(8, 12, True), (7, 2, False), (18, 2, True), (19, 2, False), (8, 13, False), (23, 10, False)],
)
def test_staffed_hours_are_eight_to_twenty(hour: int, length: int, staffed: bool) -> None:
    assert _staffed(london(date(2026, 3, 10), hour), length * HOUR) is staffed


def test_nobody_is_at_work_on_a_day_of_rest() -> None:
    assert not _staffed(london(date(2026, 3, 14), 10), HOUR)


def test_nobody_is_at_work_on_a_public_holiday() -> None:
    assert not _staffed(london(date(2026, 4, 3), 10), HOUR)


def test_a_country_s_own_days_of_rest_count() -> None:
    friday, sunday = london(date(2026, 3, 13), 10), london(date(2026, 3, 15), 10)
    assert [_staffed(at, HOUR, RIYADH) for at in (friday, sunday)] == [False, True]


def test_hours_must_be_staffed_wherever_a_service_is() -> None:
    morning, afternoon = london(date(2026, 3, 10), 9), london(date(2026, 3, 10), 18)
    assert [_staffed(at, HOUR, BANK, RIYADH) for at in (morning, afternoon)] == [True, False]


@pytest.mark.parametrize(
    ("hour", "length", "night"),
    [(22, 8, True), (21, 2, False), (22, 1, True), (5, 1, True), (5, 2, False), (12, 1, False)],
)
def test_the_night_is_ten_to_six(hour: int, length: int, night: bool) -> None:
    assert _night(london(date(2026, 3, 10), hour), length * HOUR) is night


def test_what_is_longer_than_a_night_takes_all_of_it() -> None:
    day = date(2026, 3, 10)
    taken = [hour for hour in range(24) if _night(london(day, hour), 10 * HOUR)]
    assert taken == [20, 21, 22]


def test_of_two_clocks_the_hours_that_are_night_on_both() -> None:
    day = date(2026, 3, 10)
    taken = [hour for hour in range(24) if _night(london(day, hour), HOUR, BANK, RIYADH)]
    assert taken == [0, 1, 2, 22, 23]


def test_where_no_hour_is_night_on_both_one_of_them_sleeps() -> None:
    sydney = Place("Cards", ZoneInfo("Australia/Sydney"), Country("AU"))
    day = date(2026, 3, 10)
    taken = [hour for hour in range(24) if _night(london(day, hour), HOUR, BANK, sydney)]
    assert taken == [0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 22, 23]


def test_of_no_starts_none_is_taken() -> None:
    assert places.staffed(np.empty(0), HOUR, [BANK]).size == 0
    assert places.night(np.empty(0), HOUR, [BANK], WEEK).size == 0
