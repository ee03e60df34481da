"""Services in; all that is known of them before a time is looked for, read once, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maintenance import days, policies, rules, traffic
from maintenance.models import Service, Window
from maintenance.slots.users import Users, users
from maintenance.traffic import Profile
from maintenance.traffic.place import Place

AHEAD: Final = timedelta(days=28)
_BEFORE: Final = timedelta(days=8)
"""So far back the surroundings are read as well: the week that is under way is looked at whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of some services, and the stretch of time in which they look for a slot."""

    services: tuple[Service, ...]
    """Each once, by key."""
    places: tuple[Place, ...]
    profiles: tuple[Profile, ...]
    """One for each service; none at all where the traffic of one says too little."""
    problem: str
    """Why there are no profiles, naming the services, and what to do. Empty where there are."""
    users: Users
    around: rules.Surroundings
    first: datetime
    last: datetime
    now: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the services."""
        return tuple(service.key for service in self.services)


def read(
    services: Sequence[Service],
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    until: datetime | None = None,
    moved: Window | None = None,
    counted: Users | None = None,
) -> Known:
    """Read what is known of the services.

    Without `start` they look from where the promised notice is still possible; with it, never inside the
    least. They look until `end`, or 28 days on. What stands around them is read until then, and to `until`
    where more is to be looked at. `moved` is the window that is being moved, which is not in its own way.
    `counted` are the users, where somebody has just counted them. Raises ValueError without services.
    """
    asked = tuple(sorted({each.pk: each for each in services}.values(), key=lambda each: each.key))
    if not asked:
        raise ValueError("Name at least one service.")
    promises = policies.every()
    if start is None:
        first = policies.earliest_start(now, promises)
    else:
        first = max(start, policies.earliest_allowed(now, promises))
    last = end or first + AHEAD
    profiles, problem = _profiles(asked, now)
    return Known(
        services=asked,
        places=tuple(Place(each.name, _zone(each), days.of(each.country)) for each in asked),
        profiles=profiles,
        problem=problem,
        users=counted or users(asked),
        around=rules.surroundings(
            asked,
            min(now, first) - _BEFORE,
            max(first, last, until or last),
            moved=moved,
            staff=moved.staff.all() if moved else (),
            exemption=moved.exemption if moved else "",
        ),
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


def _zone(service: Service) -> ZoneInfo:
    try:
        return ZoneInfo(service.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{service} has the time zone {service.time_zone!r}, which does not exist: "
            "correct it in the admin to a name like Europe/London."
        ) from None
