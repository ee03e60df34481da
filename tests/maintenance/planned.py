"""What the calendar shows beside windows: plain functions that make one row each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from maintenance.models import Conflict, Freeze, Series, Service, Skipped, StandingWindow, Window
from tests import people

_Timed = TypeVar("_Timed", Freeze, StandingWindow)
HOLDS = "The freeze “Audit” holds then."


def times(model: type[_Timed], name: str, *, recurrence: str = "") -> _Timed:
    """On the Monday of the tests from 10:00 to 12:00, and as often as it repeats."""
    begin = people.NOW + timedelta(hours=1)
    return model.objects.create(
        name=name, starts_at=begin, ends_at=begin + timedelta(hours=2), recurrence=recurrence
    )


def conflict(window: Window) -> Conflict:
    """A freeze has come to stand against a window."""
    return Conflict.objects.create(window=window, rule="freeze", words=HOLDS, hard=True, found_at=people.NOW)


def series(*services: Service, at: datetime = people.NOW + timedelta(days=13)) -> Series:
    """A series of Ada's, written straight to the table."""
    made = Series.objects.create(
        purpose="New certificates",
        starts_at=at,
        ends_at=at + timedelta(hours=2),
        recurrence="FREQ=WEEKLY",
        booker=people.user("ada"),
        booked_at=people.NOW,
        extended_at=people.NOW,
    )
    made.services.set(services or [people.service()])
    return made


def skipped(*services: Service, at: datetime = people.NOW + timedelta(days=13)) -> Skipped:
    """The first time of a series could not be booked."""
    made = series(*services, at=at)
    return Skipped.objects.create(series=made, occurrence_at=at, words=HOLDS, found_at=people.NOW)
