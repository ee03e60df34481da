"""Customers sleep by their own clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifications.customers import quiet_hours


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        ("2026-03-02T10:00", "Europe/London", "2026-03-02T10:00"),
        ("2026-03-02T21:00", "Europe/London", "2026-03-03T08:00"),
        ("2026-03-02T03:30", "Europe/London", "2026-03-02T08:00"),
        ("2026-03-02T10:00", "America/Los_Angeles", "2026-03-02T16:00"),
        ("2026-03-29T00:30", "Europe/London", "2026-03-29T07:00"),  # the clocks go forward that night
        ("2026-10-24T20:30", "Europe/London", "2026-10-25T08:00"),  # and back, before the change
        ("2026-11-01T05:30", "America/New_York", "2026-11-01T13:00"),  # the first half past one
        ("2026-11-01T06:30", "America/New_York", "2026-11-01T13:00"),  # the second
        ("2027-03-14T06:59", "America/New_York", "2027-03-14T12:00"),
        ("2026-03-02T10:00", "Not/AZone", "2026-03-02T10:00"),
    ],
)
def test_nobody_is_disturbed_at_night_by_their_own_clock(start: str, zone: str, expected: str) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)

    assert quiet_hours.earliest_waking(moment, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
