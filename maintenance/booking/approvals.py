"""A booked window and a person's decision in; the approval or rejection of that revision out.

Two approvals are needed, of the change and of the customers' text, and never from who booked.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from maintenance import audit, rules
from maintenance.booking import overrides, windows
from maintenance.booking.validation import Refusal
from maintenance.models import Approval, Change, Window
from maintenance.rules import Objection

_APPROVED = {
    Approval.Subject.CHANGE: Change.What.CHANGE_APPROVED,
    Approval.Subject.TEXT: Change.What.TEXT_APPROVED,
}


class NotAllowed(Refusal):
    """This person may not decide this now; the words say why, and what to do."""


def approve(window: Window, subject: Approval.Subject, *, revision: int, by: User, now: datetime) -> Approval:
    """Approve one subject of the revision that was looked at; with both given, the window is approved.

    Raises NotAllowed for the booker, without permission, for a revision that was moved meanwhile, when the
    promised least notice can no longer be kept (unless it is an emergency), and for the change while
    something hard has come to stand against the window.
    """
    with transaction.atomic():
        window = windows.locked(window)
        _may_decide(window, subject, revision, by)
        _stands(window, subject, now)
        _as_named(window, subject, by)
        before = audit.window_facts(window)
        approval = _decide(window, subject, by=by, now=now, approved=True)
        given = window.approvals.filter(revision=window.revision, approved=True)
        if given.count() == len(Approval.Subject):
            window.status = Window.Status.APPROVED
            window.changed_at = now
            window.save(update_fields=["status", "changed_at"])
        audit.record_change(window, _APPROVED[Approval.Subject(subject)], audit.Stamp(by, now), before=before)
    return approval


def reject(
    window: Window, subject: Approval.Subject, *, revision: int, reason: str, by: User, now: datetime
) -> Approval:
    """Reject one subject of the revision that was looked at; the window can then be moved or cancelled.

    Raises NotAllowed for the booker, without permission or reason, and for a stale revision.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= 200:
        raise NotAllowed("Say in a sentence of at most 200 characters why it is rejected.")
    with transaction.atomic():
        window = windows.locked(window)
        _may_decide(window, subject, revision, by)
        before = audit.window_facts(window)
        approval = _decide(window, subject, by=by, now=now, approved=False, reason=reason)
        window.status = Window.Status.REJECTED
        window.changed_at = now
        window.save(update_fields=["status", "changed_at"])
        audit.record_change(
            window,
            Change.What.REJECTED,
            audit.Stamp(by, now),
            before=before,
            more={"rejected": str(subject)},
            reason=reason,
        )
    return approval


def _decide(
    window: Window, subject: Approval.Subject, *, by: User, now: datetime, approved: bool, reason: str = ""
) -> Approval:
    return Approval.objects.create(
        window=window,
        subject=subject,
        revision=window.revision,
        booker=window.booker,  # copied, so that the database itself can see four eyes
        approver=by,
        approved=approved,
        reason=reason,
        decided_at=now,
    )


def _may_decide(window: Window, subject: Approval.Subject, revision: int, by: User) -> None:
    if not by.has_perm("maintenance.approve_window"):
        raise NotAllowed(f"{by.get_username()} may not approve windows: ask somebody of the approvers.")
    if by.pk == window.booker_id:
        raise NotAllowed("Who booked a window cannot approve it: ask somebody else (four eyes).")
    if revision != window.revision:
        raise NotAllowed("The window was moved meanwhile: look again.")
    if window.status != Window.Status.BOOKED:
        raise NotAllowed(f"There is nothing to decide: the window is {window.get_status_display().lower()}.")
    if window.approvals.filter(subject=subject, revision=revision).exists():
        raise NotAllowed(f"{Approval.Subject(subject).label} is approved already.")


def _stands(window: Window, subject: Approval.Subject, now: datetime) -> None:
    """Refuse while something hard stands against the window that nobody passed over when it was booked."""
    if window.ends_at <= now:
        raise NotAllowed("Its time has passed: move it.")
    against = overrides.remaining_objections(window, rules.objections_now(window, now=now))
    hard = [
        objection.words for objection in against if objection.hard and _matters(objection, window, subject)
    ]
    if hard:
        raise NotAllowed(
            " ".join([*hard, "It must be moved, or passed over as an emergency, before it can be approved."])
        )


def _matters(objection: Objection, window: Window, subject: Approval.Subject) -> bool:
    """The text waits for nothing but the notice; an emergency neither for that, nor for its planned start.

    Not for the notice where its words say that it is short: an emergency that was booked in time, and is
    approved too late, is put forward again and gets those words.
    """
    if objection.rule == "notice":
        return not (window.is_emergency and window.short_notice)
    if objection.rule == "past":
        return not window.is_emergency
    return subject == Approval.Subject.CHANGE


def _as_named(window: Window, subject: Approval.Subject, by: User) -> None:
    named = window.emergency_approver
    if subject == Approval.Subject.CHANGE and named is not None and named.pk != by.pk:
        raise NotAllowed(
            f"This is an emergency for which {named.get_username()} answers: "
            "only they can approve the change."
        )
