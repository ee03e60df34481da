"""What the tests of rules ask: two hours of a Sunday night in March, two weeks ahead."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from maintenance import rules
from maintenance.models import Freeze, Service
from maintenance.rules import Objection
from tests import people
from tests.maintenance.usage import london

START = london(date(2026, 3, 15), 2)
END = START + timedelta(hours=2)


def against(
    *services: Service, now: datetime, start: datetime = START, hours: float = 2, **more: Any
) -> list[Objection]:
    """All that stands against a window of these services, or of online banking.

    `more` are fields of the proposal, and the window that it moves.
    """
    moved = more.pop("moved", None)
    proposal = people.proposal(*services, starts_at=start, length=timedelta(hours=hours), **more)
    return rules.objections(proposal, now=now, moved=moved)


def found(*services: Service, now: datetime, **more: Any) -> list[str]:
    """The names of the rules that have something against it."""
    return [objection.rule for objection in against(*services, now=now, **more)]


def words(*services: Service, now: datetime, **more: Any) -> list[str]:
    """The words of the rules that have something against it."""
    return [objection.words for objection in against(*services, now=now, **more)]


def freeze(*services: Service, starts_at: datetime = START, ends_at: datetime = END, **more: Any) -> Freeze:
    """An election, in which nothing of these services is touched, or nothing at all."""
    made = Freeze.objects.create(name="Election", starts_at=starts_at, ends_at=ends_at, **more)
    made.services.set(services)
    return made
