"""Staff with passwords that are hashed as always, in a thousandth of the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine

from maintenance.signin.hashing import OneAtATimeHasher


@pytest.fixture(autouse=True)
def _hashes_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OneAtATimeHasher, "iterations", 1000)


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """It is `now`, until the test moves it."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller
