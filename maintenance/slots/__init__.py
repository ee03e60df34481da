"""Services and a length in; the quietest slots that nothing stands against, each with its reasons, out."""

from __future__ import annotations

from datetime import datetime, timedelta

from maintenance.slots.choosing import Suggestions, choose
from maintenance.slots.context import Search, slot_context
from maintenance.slots.loads import load_and_share
from maintenance.slots.outcome import Outcome, outcome
from maintenance.slots.slot import Slot, slot_at
from maintenance.slots.users import Users, count_users
from maintenance.slots.week import Hour, WeekDay, week_days

__all__ = [
    "Hour",
    "Outcome",
    "Search",
    "Slot",
    "Suggestions",
    "Users",
    "WeekDay",
    "choose",
    "count_users",
    "load_and_share",
    "outcome",
    "slot_at",
    "slot_context",
    "suggest",
    "week_days",
]


def suggest(
    search: Search, length: timedelta, *, now: datetime, count: int = 5, staffed: bool = False
) -> Suggestions:
    """Read what is known and choose: see `Search` for the stretch of time, and `choose` for the slots.

    Raises ValueError without services or a length, or where a service has a time zone that does not exist.
    """
    return choose(slot_context(search, now=now), length, count=count, staffed=staffed)
