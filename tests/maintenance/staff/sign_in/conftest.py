"""A clock for those who sign in and wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """It is `now`, until the test moves it."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller
