"""Ben's word on one revision of a window in; the approval or rejection out.

The page of a window shows for each subject what was decided, or who may decide and why others may not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from maintenance.admin import rechecking, rendering
from maintenance.admin.forms import DecisionForm
from maintenance.booking import approvals, rechecks
from maintenance.models import Approval, Window

Approve = Callable[[Window, int, User, datetime], Approval]


@dataclass(frozen=True)
class Gate:
    """One of the two approvals of a window's present revision."""

    subject: Approval.Subject
    approval: Approval | None
    may: bool
    why_not: str
    held: str
    """Why it cannot be approved as it stands, though it may be rejected."""
    address: str


def approval_gate(window: Window, subject: Approval.Subject, reader: User, address: str) -> Gate:
    """What the page shows of one approval to this reader; no decision is taken here."""
    approval = next(
        (
            given
            for given in window.approvals.all()
            if given.subject == subject and given.revision == window.revision
        ),
        None,
    )
    why_not = "" if approval else _why_not(window, subject, reader)
    may = not approval and not why_not
    held = _held(window, subject) if may else ""
    return Gate(subject, approval, may=may, why_not=why_not, held=held, address=address)


def _why_not(window: Window, subject: Approval.Subject, reader: User) -> str:
    named = window.emergency_approver
    if window.status != Window.Status.BOOKED:
        return f"No decision is due: the window is {window.get_status_display().lower()}."
    if window.booker_id == reader.pk:
        return "You booked this time, so somebody else must approve it (four eyes)."
    if not reader.has_perm("maintenance.approve_window"):
        return "It waits for somebody of the group Approvers."
    if subject == Approval.Subject.CHANGE and named is not None and named.pk != reader.pk:
        name = named.get_full_name() or named.get_username()
        return f"An emergency: only {name}, who answers for it, can approve the change."
    return ""


def _held(window: Window, subject: Approval.Subject) -> str:
    hard = rechecks.open_conflicts().filter(window=window, hard=True)
    if subject != Approval.Subject.CHANGE or not hard.exists():
        return ""
    return "Something hard has come to stand against it: it must be moved, or kept as an emergency."


@rendering.allowed("maintenance.approve_window")
@require_POST
def decide_change(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Approve or reject the change itself."""
    return decision_response(
        request,
        pk,
        Approval.Subject.CHANGE,
        lambda window, revision, by, now: approvals.approve(
            window, Approval.Subject.CHANGE, revision=revision, by=by, now=now
        ),
    )


def decision_response(
    request: HttpRequest, pk: int, subject: Approval.Subject, approve: Approve
) -> HttpResponse:
    """Take the decision that was posted and go back to the window, with a word on what became of it."""
    window = get_object_or_404(Window, pk=pk)
    form = DecisionForm(request.POST)
    back = HttpResponseRedirect(reverse("admin:maintenance_window_change", args=[pk]))
    if not form.is_valid():
        messages.error(request, rendering.form_faults(form))
        return back
    by = request.user
    assert isinstance(by, User)  # the decorator let nobody else in
    given, now = form.cleaned_data, timezone.now()
    if given["verdict"] == "approve":
        refused = rendering.refusal(lambda: approve(window, given["revision"], by, now))
    else:
        refused = rendering.refusal(
            lambda: approvals.reject(
                window, subject, revision=given["revision"], reason=given["reason"], by=by, now=now
            )
        )
    if refused:
        messages.error(request, refused)
    elif given["verdict"] == "approve":
        messages.success(request, f"{subject.label}: approved.")
    else:
        messages.success(request, f"{subject.label}: rejected.")
        rechecking.recheck_behind(request)  # a time that is given up stands against nothing any more
    return back
