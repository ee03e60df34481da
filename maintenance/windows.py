"""Services and a time in; a booked, moved or cancelled window out, or all that stands against it.

Each act takes the locks it needs, reads again what it was given, and writes one change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from maintenance import rules, trail
from maintenance.models import Change, Impact, Service, Window
from maintenance.refusals import Emergency, Refused, emergency_faults, refuse, state, unless, words
from maintenance.rules import Objection

__all__ = ["Emergency", "Refused", "book", "cancel", "locked", "reschedule"]

_MOVABLE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED)
_MOVED: Final = (
    "starts_at",
    "ends_at",
    "status",
    "revision",
    "sequence",
    "booker",
    "changed_at",
    "expected_load",
    "emergency_reason",
    "emergency_approver",
)


def book(
    services: Sequence[Service],
    starts_at: datetime,
    ends_at: datetime,
    *,
    purpose: str,
    by: User,
    now: datetime,
    levels: Mapping[str, str] | None = None,
    expected_load: float | None = None,
    emergency: Emergency | None = None,
) -> Window:
    """Book a window that waits for its approvals.

    `levels` says by service key what happens to it (a value of Impact.Level; without one, an outage).
    Raises Refused with everything that stands against it.
    """
    asked = list({service.pk: service for service in services}.values())
    with transaction.atomic():
        _hold()
        against = rules.objections(asked, starts_at, ends_at, now=now)
        against += [*words("purpose", purpose), *_levels(asked, levels or {})]
        refuse([*unless(emergency, against), *emergency_faults(emergency, by)])
        window = Window.objects.create(
            purpose=purpose.strip(),
            starts_at=starts_at,
            ends_at=ends_at,
            booker=by,
            booked_at=now,
            changed_at=now,
            expected_load=expected_load,
            **_stated(emergency),
        )
        impacts = [
            Impact(window=window, service=service, level=(levels or {}).get(service.key, Impact.Level.OUTAGE))
            for service in asked
        ]
        Impact.objects.bulk_create(impacts)
        taken = {impact.service.key: str(impact.level) for impact in impacts}
        more = {"purpose": window.purpose, "services": taken}
        trail.write(
            window,
            Change.What.BOOKED,
            by=by,
            now=now,
            before={},
            more=more,
            reason=window.emergency_reason,
        )
    return window


def reschedule(
    window: Window,
    starts_at: datetime,
    ends_at: datetime,
    *,
    reason: str,
    by: User,
    now: datetime,
    expected_load: float | None = None,
    emergency: Emergency | None = None,
) -> Window:
    """Move a window that has not begun; both approvals are needed anew, and not from who moved it.

    Raises Refused with everything that stands against it.
    """
    with transaction.atomic():
        _hold()
        window = locked(window)
        refuse(state(window, *_MOVABLE))
        services = window.services.all()
        against = rules.objections(services, starts_at, ends_at, now=now, ignoring=window)
        against += [*words("reason", reason), *_unmoved(window, starts_at, ends_at)]
        refuse([*unless(emergency, against), *emergency_faults(emergency, by)])
        before = trail.facts(window)
        window.starts_at, window.ends_at = starts_at, ends_at
        window.status = Window.Status.BOOKED
        window.revision += 1
        window.sequence += 1
        window.booker = by
        window.changed_at = now
        window.expected_load = expected_load
        for name, value in _stated(emergency).items():
            setattr(window, name, value)
        window.save(update_fields=_MOVED)
        trail.write(window, Change.What.RESCHEDULED, by=by, now=now, before=before, reason=reason.strip())
    return window


def cancel(window: Window, *, reason: str, by: User, now: datetime) -> Window:
    """Call off a window that has not begun. Raises Refused where it has, or without a reason."""
    with transaction.atomic():
        window = locked(window)
        # a rejected one too: customers may have been told of it before it was moved
        refuse([*state(window, *_MOVABLE), *words("reason", reason)])
        before = trail.facts(window)
        window.status = Window.Status.CANCELLED
        window.sequence += 1
        window.changed_at = now
        window.save(update_fields=["status", "sequence", "changed_at"])
        trail.write(window, Change.What.CANCELLED, by=by, now=now, before=before, reason=reason.strip())
    return window


def locked(window: Window) -> Window:
    """The window as it stands, kept from everyone else until the transaction ends."""
    return Window.objects.select_for_update(no_key=True).get(pk=window.pk)


def _hold() -> None:
    """Let nobody else book or move anything until this transaction ends.

    Two who book at the same moment would otherwise each not see the other's window. All services are
    locked, in one order, because the rules compare a window with those of other services; there are
    few, and booking is rare.
    """
    list(Service.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _levels(services: Sequence[Service], levels: Mapping[str, str]) -> list[Objection]:
    keys = {service.key for service in services}
    wrong = [
        f"{key}: {level}" for key, level in levels.items() if key not in keys or level not in Impact.Level
    ]
    known = ", ".join(Impact.Level.values)
    return [
        Objection("level", f"{pair} is not one of the window's services with one of {known}.")
        for pair in wrong
    ]


def _unmoved(window: Window, starts_at: datetime, ends_at: datetime) -> list[Objection]:
    same = (starts_at, ends_at) == (window.starts_at, window.ends_at)
    # rejected for its words, it may be put forward again at the same time
    if same and window.status != Window.Status.REJECTED:
        return [Objection("unmoved", "It is planned for this time already.")]
    return []


def _stated(emergency: Emergency | None) -> dict[str, Any]:
    return {
        "emergency_reason": emergency.reason.strip() if emergency else "",
        "emergency_approver": emergency.approver if emergency else None,
    }
