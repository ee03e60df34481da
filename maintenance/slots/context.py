"""Services in; all that is known of them before a time is looked for, read once, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from maintenance import bank_days, bank_time, policies, rules, traffic
from maintenance.models import Service, Window
from maintenance.proposals import Proposal
from maintenance.slots.users import Users, count_users
from maintenance.traffic import Profile
from maintenance.traffic.place import Place

AHEAD: Final = timedelta(days=28)
_BEFORE: Final = timedelta(days=8)
"""So far back the surroundings are read as well: the week that is under way is looked at whole."""


@dataclass(frozen=True, slots=True)
class Search:
    """Services that look for a time, and between which instants they do."""

    services: Sequence[Service]
    start: datetime | None = None
    """Without one they look from where the promised notice is still possible; with one, never inside the
    least."""
    end: datetime | None = None
    """Without one they look 28 days ahead."""
    moved: Window | None = None
    """The window that is being moved, which is not in its own way."""

    def stretch(self, now: datetime) -> tuple[datetime, datetime]:
        """From where, and until when, they look."""
        promises = policies.all_promises()
        if self.start is None:
            first = policies.earliest_start(now, promises)
        else:
            first = max(self.start, policies.earliest_allowed(now, promises))
        return first, self.end or first + AHEAD


@dataclass(frozen=True, slots=True, eq=False)
class SlotContext:
    """What is known of some services, and the stretch of time in which they look for a slot."""

    services: tuple[Service, ...]
    """Each once, by key."""
    places: tuple[Place, ...]
    profiles: tuple[Profile, ...]
    """One for each service; none at all where the traffic of one says too little."""
    problem: str
    """Why there are no profiles, naming the services, and what to do. Empty where there are."""
    users: Users
    around: rules.RuleContext
    first: datetime
    last: datetime
    now: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the services."""
        return tuple(service.key for service in self.services)


def slot_context(
    search: Search, *, now: datetime, until: datetime | None = None, counted: Users | None = None
) -> SlotContext:
    """Read what is known of the services that look for a time.

    What stands around them is read as far as they look, and to `until` where more is to be looked at.
    `counted` are the users, where somebody has just counted them. Raises ValueError without services.
    """
    asked = tuple(sorted({each.pk: each for each in search.services}.values(), key=lambda each: each.key))
    if not asked:
        raise ValueError("Name at least one service.")
    first, last = search.stretch(now)
    profiles, problem = _profiles(asked, now)
    around = rules.rule_context(asked, min(now, first) - _BEFORE, max(first, last, until or last))
    if search.moved:
        around = around.for_proposal(Proposal(first, last).keeping(search.moved), moved=search.moved)
    return SlotContext(
        services=asked,
        places=tuple(
            Place(each.name, bank_time.zone_of(each, each.time_zone), bank_days.days_of_country(each.country))
            for each in asked
        ),
        profiles=profiles,
        problem=problem,
        users=counted or count_users(asked),
        around=around,
        first=first,
        last=last,
        now=now,
    )


def _profiles(services: Sequence[Service], now: datetime) -> tuple[tuple[Profile, ...], str]:
    """All of them, or none and why."""
    found, problems = [], []
    for service in services:
        try:
            found.append(traffic.profile(service, now=now))
        except traffic.TooLittle as problem:
            problems.append(str(problem))
    return (() if problems else tuple(found)), " ".join(problems)
