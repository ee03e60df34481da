"""Where a slot may start, held against a clock and a calendar read hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from maintenance.backtest import History, grid, limits
from maintenance.bank_days import country_days
from tests.maintenance.backtest.past import GB, LENGTHS, MODES, history, local

Allowed = Callable[[datetime, datetime], bool]


def _clear(day: date) -> bool:
    month_ends = (day + timedelta(days=1)).day == 1 or (day + timedelta(days=2)).day == 1
    return not (month_ends or day.day in (1, 15, 25) or GB.holiday(day))


def _in_staffed_hours(start: datetime, end: datetime) -> bool:
    closes = start.replace(hour=20, minute=0)
    return start.hour >= 8 and end <= closes and start.weekday() < 5 and not GB.holiday(start.date())


def _off_blackouts(start: datetime, end: datetime) -> bool:
    return _clear(start.date()) and _clear((end - timedelta(minutes=1)).date())


ALLOWED: dict[str, Allowed] = {
    "any": lambda start, end: True,
    "any+blackouts": _off_blackouts,
    "staffed": _in_staffed_hours,
    "staffed+blackouts": lambda start, end: _in_staffed_hours(start, end) and _off_blackouts(start, end),
}


@pytest.fixture(scope="module")
def spring() -> History:
    """From January into May 2026, past Easter and the clock change."""
    return history(20, minutes=30)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "origin", [date(2026, 2, 22), date(2026, 3, 10), date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 24)]
)
def test_a_slot_may_start_where_the_clock_and_the_calendar_let_it(
    spring: History, origin: date, length: timedelta, mode: str
) -> None:
    day, steps = country_days.day_number(origin), spring.steps(length)
    found = {local(at) for at in spring.seconds(limits.allowed_starts(spring, day, steps, mode))}
    first, last = (grid.local_midnight(day + ahead, spring.zone) for ahead in (5, 12))
    half_hours = [local(first + 1800 * step) for step in range(int((last - first) // 1800))]
    assert found == {at for at in half_hours if ALLOWED[mode](at, at + length)}


def test_a_week_of_starts_lies_between_two_midnights_across_the_clock_change(spring: History) -> None:
    """Of 22 March, in which the 29th has 23 hours."""
    found = limits.allowed_starts(spring, country_days.day_number(date(2026, 3, 22)), 2, "any")
    assert found.size == 2 * (7 * 24 - 1)
    assert local(spring.seconds(found)[0]).isoformat() == "2026-03-27T00:00:00+00:00"
    assert local(spring.seconds(found)[-1]).isoformat() == "2026-04-02T23:30:00+01:00"


def test_no_slot_goes_on_after_the_last_count(spring: History) -> None:
    last_day = int(spring.local[-1] // 86400)
    found = limits.allowed_starts(spring, last_day - 8, 8, "any")
    assert found.max() + 8 == spring.counts.size
