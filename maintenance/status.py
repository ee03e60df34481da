"""The windows and the time in; what each service is doing now and next, as the public may know it, out.

The one source of every public face. Nothing unapproved is public, with one exception: a window that
customers already know of and that was moved stays visible at its new time, as not yet confirmed. Its
old time would be wrong, and to say nothing would be read as a cancellation.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from maintenance.models import Alternative, Approval, Impact, Service, Window

FINISHED_KEPT: Final = timedelta(days=30)
"""How long a finished window stays visible, so that a visitor can see that it ended, and when."""

_KNOWN: Final = (Window.Status.APPROVED, Window.Status.STARTED, Window.Status.FINISHED)


class Phase(enum.StrEnum):
    """Where a window stands, in the public's eyes."""

    UNCONFIRMED = "unconfirmed"
    """Moved, and its new time is not approved yet."""
    PLANNED = "planned"
    DUE = "due"
    """Its time has come, and nobody has said that it began."""
    UNREPORTED = "unreported"
    """Its time has passed, and nobody ever said that it began."""
    UNDER_WAY = "under_way"
    OVERRUN = "overrun"
    """Past its planned end, and nobody has said that it is over."""
    OVER = "over"
    CANCELLED = "cancelled"


NOW: Final = (Phase.UNDER_WAY, Phase.OVERRUN, Phase.DUE)
"""The phases in which a window touches its services now, the surest first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One window as the public may see it. `modified_at` is UTC, and follows from the facts alone."""

    window: Window
    phase: Phase
    out: tuple[Service, ...]
    restricted: tuple[Service, ...]
    alternatives: tuple[Alternative, ...]
    modified_at: datetime

    @property
    def services(self) -> tuple[Service, ...]:
        """All that it touches, what it takes away first."""
        return self.out + self.restricted

    @property
    def urgent(self) -> bool:
        """Whether customers are told at short notice, as long as it is still to be endured."""
        return self.window.short_notice and self.phase not in (Phase.OVER, Phase.UNREPORTED, Phase.CANCELLED)


class State(enum.StrEnum):
    """What a service is doing now."""

    OPERATIONAL = "operational"
    EXPECTED = "expected"
    """Maintenance should have begun: it may be away."""
    RESTRICTED = "restricted"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Standing:
    """One service now, the window that makes it so, and the confirmed one that comes next."""

    service: Service
    state: State
    because: Planned | None
    next: Planned | None


def public_windows(now: datetime, service: Service | None = None) -> list[Planned]:
    """All that the public may know at `now`, by planned start; of one service where one is given.

    Finished windows stay for FINISHED_KEPT, started ones until they are finished, the others until the
    day (UTC) of their planned end has passed. What drops out does so at midnight UTC, so that readers
    of a document who ask for changes since a moment of today miss nothing.
    """
    day = start_of_day(now)
    visible = (
        Q(status=Window.Status.STARTED)
        | Q(status=Window.Status.FINISHED, finished_at__gte=day - FINISHED_KEPT)
        | (~Q(status=Window.Status.FINISHED) & Q(ends_at__gte=day))
    )
    windows = known_windows().filter(visible)
    if service is not None:
        windows = windows.filter(impacts__service=service)
    return [planned(window, now) for window in with_services(windows)]


def known_windows() -> QuerySet[Window]:
    """The windows that the public has ever been allowed to know of: approved in some revision."""
    text = Approval.objects.filter(
        window=OuterRef("window"),
        revision=OuterRef("revision"),
        subject=Approval.Subject.TEXT,
        approved=True,
    )
    approved = Approval.objects.filter(
        Exists(text), window=OuterRef("pk"), subject=Approval.Subject.CHANGE, approved=True
    )
    return Window.objects.filter(Q(status__in=_KNOWN) | Exists(approved))


def with_services(windows: QuerySet[Window]) -> QuerySet[Window]:
    """The same windows with all that `planned` asks for, in a fixed number of queries."""
    impacts = Impact.objects.select_related("service").order_by("service__name", "service_id")
    alternatives = Alternative.objects.order_by("id")
    return windows.order_by("starts_at", "id").prefetch_related(
        Prefetch("impacts", impacts), Prefetch("impacts__service__alternatives", alternatives)
    )


def planned(window: Window, now: datetime) -> Planned:
    """One window as the public sees it at `now`."""
    impacts = list(window.impacts.all())
    touched = {impact.service_id for impact in impacts}
    working: dict[str, Alternative] = {}
    for impact in impacts:
        for alternative in impact.service.alternatives.all():
            if alternative.instead_id not in touched:  # what is away itself is no way out
                working.setdefault(alternative.words, alternative)
    phase = _phase(window, now)
    return Planned(
        window=window,
        phase=phase,
        out=_at(Impact.Level.OUTAGE, impacts),
        restricted=_at(Impact.Level.DEGRADED, impacts),
        alternatives=tuple(working.values()),
        modified_at=window.ends_at if phase is Phase.OVERRUN else window.changed_at,
    )


def standings(seen: Iterable[Planned]) -> list[Standing]:
    """Every service of the bank, by name, with what the given windows make of it."""
    windows = list(seen)
    return [_standing(service, windows) for service in Service.objects.order_by("name", "id")]


def start_of_day(now: datetime) -> datetime:
    """Midnight UTC at or before an aware UTC instant."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _at(level: Impact.Level, impacts: Iterable[Impact]) -> tuple[Service, ...]:
    return tuple(impact.service for impact in impacts if impact.level == level)


def _phase(window: Window, now: datetime) -> Phase:
    match window.status:
        case Window.Status.STARTED:
            return Phase.OVERRUN if now >= window.ends_at else Phase.UNDER_WAY
        case Window.Status.FINISHED:
            return Phase.OVER
        case Window.Status.CANCELLED:
            return Phase.CANCELLED
        case Window.Status.APPROVED:
            if now >= window.ends_at:
                return Phase.UNREPORTED
            return Phase.DUE if now >= window.starts_at else Phase.PLANNED
        case _:
            return Phase.UNCONFIRMED


def _standing(service: Service, windows: list[Planned]) -> Standing:
    of_service = [seen for seen in windows if service in seen.services]
    now = sorted(
        (seen for seen in of_service if seen.phase in NOW),
        key=lambda seen: (seen.phase is Phase.DUE, service not in seen.out, NOW.index(seen.phase)),
    )
    because = now[0] if now else None
    later = next((seen for seen in of_service if seen.phase is Phase.PLANNED), None)
    return Standing(service, _state(service, because), because, later)


def _state(service: Service, because: Planned | None) -> State:
    if because is None:
        return State.OPERATIONAL
    if because.phase is Phase.DUE:
        return State.EXPECTED
    return State.MAINTENANCE if service in because.out else State.RESTRICTED
