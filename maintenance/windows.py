"""Services and a time in; a booked, moved or cancelled window out, or all that stands against it.

Each act takes the locks it needs, reads again what it was given, and writes one change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from maintenance import overrides as passing
from maintenance import policies, refusals, rules, trail
from maintenance.models import Approval, Change, Impact, Series, Service, Window
from maintenance.refusals import Emergency, Refused, emergency_faults, refuse, state, words

__all__ = ["Emergency", "Numbers", "Refused", "book", "cancel", "hold", "locked", "reschedule"]

_MOVABLE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED)
_MOVED: Final = (
    "starts_at",
    "ends_at",
    "status",
    "revision",
    "sequence",
    "booker",
    "changed_at",
    "short_notice",
    "exemption",
    "expected_load",
    "expected_low",
    "expected_high",
    "expected_customers",
    "expected_vulnerable",
    "emergency_reason",
    "emergency_approver",
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was expected when a time was chosen; kept with the window, so that what came can be compared."""

    load: float | None = None
    """Uses in the whole window; None where traffic says too little."""
    low: float | None = None
    """The low end of the range of 80 %."""
    high: float | None = None
    customers: int | None = None
    """Customers who use any of the services, at whatever time."""
    vulnerable: int | None = None
    """Those of them who are vulnerable."""

    def columns(self) -> dict[str, Any]:
        """As a window keeps them."""
        return {
            "expected_load": self.load,
            "expected_low": self.low,
            "expected_high": self.high,
            "expected_customers": self.customers,
            "expected_vulnerable": self.vulnerable,
        }


def book(
    services: Sequence[Service],
    starts_at: datetime,
    ends_at: datetime,
    *,
    purpose: str,
    by: User,
    now: datetime,
    levels: Mapping[str, str] | None = None,
    numbers: Numbers | None = None,
    staff: Sequence[User] = (),
    exemption: str = "",
    overrides: Mapping[str, str] | None = None,
    emergency: Emergency | None = None,
    series: Series | None = None,
    occurrence_at: datetime | None = None,
) -> Window:
    """Book a window that waits for its approvals.

    `levels` says by service key what happens to it (a value of Impact.Level; without one, an outage),
    `exemption` (a value of Exemption) what frees it from the notice of some rule-books, and `overrides` by
    rule why what is soft is passed over. Raises Refused with everything that stands against it.
    """
    asked = list({service.pk: service for service in services}.values())
    times = rules.agreed_times(asked, starts_at, ends_at)  # without the lock, that others wait for
    with transaction.atomic():
        hold()
        against = rules.objections(
            asked, starts_at, ends_at, now=now, staff=staff, exemption=exemption, times=times
        )
        left, passed = passing.settle(against, overrides or {}, emergency)
        left += [
            *words("purpose", purpose),
            *refusals.levels(asked, levels or {}),
            *refusals.exemption(exemption),
        ]
        refuse([*left, *emergency_faults(emergency, by)])
        window = Window.objects.create(
            purpose=purpose.strip(),
            starts_at=starts_at,
            ends_at=ends_at,
            booker=by,
            booked_at=now,
            changed_at=now,
            short_notice=policies.is_short(starts_at, now),
            exemption=exemption,
            series=series,
            occurrence_at=occurrence_at,
            **(numbers or Numbers()).columns(),
            **_stated(emergency),
        )
        window.staff.set(staff)
        impacts = [
            Impact(window=window, service=service, level=(levels or {}).get(service.key, Impact.Level.OUTAGE))
            for service in asked
        ]
        Impact.objects.bulk_create(impacts)
        passing.keep(window, passed, by=by, now=now)
        taken = {impact.service.key: str(impact.level) for impact in impacts}
        more = {"purpose": window.purpose, "services": taken, **_also(staff, passed)}
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
    numbers: Numbers | None = None,
    staff: Sequence[User] | None = None,
    exemption: str | None = None,
    overrides: Mapping[str, str] | None = None,
    emergency: Emergency | None = None,
) -> Window:
    """Move a window that has not begun; both approvals are needed anew, and not from who moved it.

    Without `staff` or `exemption` they stay as they are; what was passed over and what was expected hold
    for one time only. Raises Refused with everything that stands against it.
    """
    times = rules.agreed_times(window.services.all(), starts_at, ends_at)  # as when it is booked
    with transaction.atomic():
        hold()
        window = locked(window)
        refuse(state(window, *_MOVABLE))
        exemption = window.exemption if exemption is None else exemption
        people = list(window.staff.all()) if staff is None else list(staff)
        services = window.services.all()
        against = rules.objections(
            services,
            starts_at,
            ends_at,
            now=now,
            moved=window,
            staff=people,
            exemption=exemption,
            times=times,
        )
        left, passed = passing.settle(against, overrides or {}, emergency)
        left += [
            *words("reason", reason),
            *refusals.exemption(exemption),
            *refusals.unmoved(window, starts_at, ends_at),
        ]
        refuse([*left, *emergency_faults(emergency, by)])
        before = trail.facts(window)
        if not _is_kept(window, starts_at, ends_at):
            window.short_notice = policies.is_short(starts_at, now)
        window.starts_at, window.ends_at = starts_at, ends_at
        window.status = Window.Status.BOOKED
        window.revision += 1
        window.sequence += 1
        window.booker = by
        window.changed_at = now
        window.exemption = exemption
        for name, value in {**(numbers or Numbers()).columns(), **_stated(emergency)}.items():
            setattr(window, name, value)
        window.save(update_fields=_MOVED)
        window.staff.set(people)
        passing.keep(window, passed, by=by, now=now)
        trail.write(
            window,
            Change.What.RESCHEDULED,
            by=by,
            now=now,
            before=before,
            more=_also(people if staff is not None else (), passed),
            reason=reason.strip(),
        )
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


def hold() -> None:
    """Let nobody else book or move anything until this transaction ends.

    Two who book at the same moment would otherwise each not see the other's window. All services are
    locked, in one order, because the rules compare a window with those of other services; there are
    few, and booking is rare.
    """
    list(Service.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _is_kept(window: Window, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether customers may hold this time already, so that they do not hear of it only now."""
    texts = window.approvals.filter(subject=Approval.Subject.TEXT, approved=True)
    return (starts_at, ends_at) == (window.starts_at, window.ends_at) and texts.exists()


def _also(staff: Sequence[User], passed: Sequence[passing.Passed]) -> dict[str, Any]:
    """What the trail says beside the window's own columns."""
    names = [person.get_username() for person in staff]
    overridden = [each.facts() for each in passed]
    return {**({"staff": names} if names else {}), **({"overridden": overridden} if overridden else {})}


def _stated(emergency: Emergency | None) -> dict[str, Any]:
    return {
        "emergency_reason": emergency.reason.strip() if emergency else "",
        "emergency_approver": emergency.approver if emergency else None,
    }
