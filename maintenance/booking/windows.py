"""A proposal in; a booked, moved or cancelled window out, or all that stands against it.

Each act takes the locks it needs, reads again what it was given, and writes one change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from maintenance import audit, policies, rules
from maintenance.booking import validation
from maintenance.booking.overrides import Passed, keep_overrides, settled_objections
from maintenance.booking.validation import (
    Refused,
    emergency_faults,
    refuse,
    state_objections,
    text_objections,
)
from maintenance.models import Approval, Change, Impact, Series, Service, Window
from maintenance.proposals import Proposal

__all__ = ["Refused", "book_window", "cancel", "hold", "locked", "reschedule"]

_MOVABLE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED)
_MOVED: Final = ("status", "revision", "sequence", "booker", "changed_at", "short_notice")
"""Beside what a proposal says."""


def book_window(
    proposal: Proposal,
    *,
    by: User,
    now: datetime,
    series: Series | None = None,
    occurrence_at: datetime | None = None,
) -> Window:
    """Book a window that waits for its approvals; `occurrence_at` is when its series wants it to start.

    Raises Refused with everything that stands against it.
    """
    proposal = proposal.of_each_once()
    times = _agreed_times(proposal.services, proposal)
    with transaction.atomic():
        hold()
        against = rules.objections(proposal, now=now, times=times)
        left, passed = settled_objections(against, proposal)
        left += [
            *text_objections("purpose", proposal.purpose),
            *validation.level_objections(proposal),
            *validation.exemption_objections(proposal),
        ]
        refuse([*left, *emergency_faults(proposal.emergency, by)])
        window = Window.objects.create(
            purpose=proposal.purpose.strip(),
            booker=by,
            booked_at=now,
            changed_at=now,
            short_notice=policies.is_short(proposal.starts_at, now),
            series=series,
            occurrence_at=occurrence_at,
            **proposal.columns(),
        )
        window.staff.set(proposal.staff or ())
        taken = _impacts(window, proposal)
        keep_overrides(window, passed, by=by, now=now)
        more = {"purpose": window.purpose, "services": taken, **_also(proposal, passed)}
        audit.record_change(
            window,
            Change.What.BOOKED,
            audit.Stamp(by, now),
            before={},
            more=more,
            reason=window.emergency_reason,
        )
    return window


def reschedule(window: Window, proposal: Proposal, *, reason: str, by: User, now: datetime) -> Window:
    """Move a window that has not begun; both approvals are needed anew, and not from who moved it.

    What the proposal leaves open stays as it is. Raises Refused with everything that stands against it.
    """
    times = _agreed_times(window.services.all(), proposal)
    with transaction.atomic():
        hold()
        window = locked(window)
        refuse(state_objections(window, *_MOVABLE))
        whole = proposal.keeping(window)
        against = rules.objections(whole, now=now, moved=window, times=times)
        left, passed = settled_objections(against, whole)
        left += [
            *text_objections("reason", reason),
            *validation.exemption_objections(whole),
            *validation.unmoved_objections(window, whole),
        ]
        refuse([*left, *emergency_faults(whole.emergency, by)])
        before = audit.window_facts(window)
        _move(window, whole, by, now)
        keep_overrides(window, passed, by=by, now=now)
        audit.record_change(
            window,
            Change.What.RESCHEDULED,
            audit.Stamp(by, now),
            before=before,
            more=_also(proposal, passed),
            reason=reason.strip(),
        )
    return window


def cancel(window: Window, *, reason: str, by: User, now: datetime) -> Window:
    """Call off a window that has not begun. Raises Refused where it has, or without a reason."""
    with transaction.atomic():
        window = locked(window)
        # a rejected one too: customers may have been told of it before it was moved
        refuse([*state_objections(window, *_MOVABLE), *text_objections("reason", reason)])
        before = audit.window_facts(window)
        window.status = Window.Status.CANCELLED
        window.sequence += 1
        window.changed_at = now
        window.save(update_fields=["status", "sequence", "changed_at"])
        audit.record_change(
            window, Change.What.CANCELLED, audit.Stamp(by, now), before=before, reason=reason.strip()
        )
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


def _agreed_times(services: Iterable[Service], proposal: Proposal) -> rules.Agreed:
    """Worked out before the lock is taken, for which others wait."""
    return rules.agreed_for_services(services, proposal.starts_at, proposal.ends_at)


def _impacts(window: Window, proposal: Proposal) -> dict[str, str]:
    """What happens to each service, kept; by its key."""
    levels = {service: proposal.levels.get(service.key, Impact.Level.OUTAGE) for service in proposal.services}
    Impact.objects.bulk_create(
        Impact(window=window, service=service, level=level) for service, level in levels.items()
    )
    return {service.key: str(level) for service, level in levels.items()}


def _move(window: Window, proposal: Proposal, by: User, now: datetime) -> None:
    """Write a time that nothing stands against any more, and who does the work."""
    if not _is_kept(window, proposal):
        window.short_notice = policies.is_short(proposal.starts_at, now)
    window.status = Window.Status.BOOKED
    window.revision += 1
    window.sequence += 1
    window.booker = by
    window.changed_at = now
    columns = proposal.columns()
    for name, value in columns.items():
        setattr(window, name, value)
    window.save(update_fields=[*_MOVED, *columns])
    window.staff.set(proposal.staff or ())


def _is_kept(window: Window, proposal: Proposal) -> bool:
    """Whether customers may hold this time already, so that they do not hear of it only now."""
    same = (proposal.starts_at, proposal.ends_at) == (window.starts_at, window.ends_at)
    return same and window.approvals.filter(subject=Approval.Subject.TEXT, approved=True).exists()


def _also(proposal: Proposal, passed: Sequence[Passed]) -> dict[str, Any]:
    """What the log says beside the window's own columns."""
    names = [person.get_username() for person in proposal.staff or ()]
    overridden = [each.facts() for each in passed]
    return {**({"staff": names} if names else {}), **({"overridden": overridden} if overridden else {})}
