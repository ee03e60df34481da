"""Instants as arrays, on the clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance.traffic.zones import local_seconds


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_every_hour_of_a_year_is_shown_as_python_shows_it(zone: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    seconds = np.arange(start, start + 366 * 86400.0, 900.0)
    shown = local_seconds(seconds, ZoneInfo(zone))
    told = [
        datetime.fromtimestamp(second, ZoneInfo(zone)).replace(tzinfo=UTC).timestamp() for second in seconds
    ]
    assert shown.tolist() == told


def test_nothing_stays_nothing() -> None:
    assert local_seconds(np.empty(0), ZoneInfo("Europe/London")).size == 0
