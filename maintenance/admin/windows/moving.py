"""A window and a new time in; the window moved, or everything that stands against it, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance import rules
from maintenance.admin import rechecking, rendering
from maintenance.admin.forms import MoveForm, time_of
from maintenance.admin.windows import objections
from maintenance.admin.windows.booking import expected_numbers, expected_traffic
from maintenance.booking import windows
from maintenance.models import Window
from maintenance.requests import parameters


@rendering.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def moving_page(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Asks for the new time and the reason; a time that comes with the address is checked at once."""
    window = get_object_or_404(Window.objects.prefetch_related("services", "staff"), pk=pk)
    booker = request.user
    assert isinstance(booker, User)  # the decorator let nobody else in
    now = timezone.now()
    given = _given(request)
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        booker=booker,
        initial={"staff": window.staff.all(), "exemption": window.exemption, **(given or time_of(window))},
    )
    refused: Sequence[rules.Objection] = ()
    if form.is_valid():
        try:
            _move(window, form, by=booker, now=now)
        except windows.Refused as error:
            refused = error.objections
        else:
            messages.success(request, "Moved. It needs both approvals anew.")
            rechecking.recheck_behind(request)
            return HttpResponseRedirect(reverse("admin:maintenance_window_change", args=[pk]))
    against = objections.all_objections(refused, _against(window, form, given, now))
    form.ask(against, known=_passed_before(window))
    again = given == time_of(window)
    if again:
        form.fields["reason"].label = "Why it keeps its time"
    facts: dict[str, Any] = {
        "form": form,
        "object": window,
        "window": window,
        "chosen": given,
        "again": again,
        **objections.objection_facts(against),
    }
    return rendering.admin_page(request, model_admin, "maintenance/admin/move.html", "Move a window", facts)


def _move(window: Window, form: MoveForm, *, by: User, now: datetime) -> None:
    """Raises Refused. What a shorter form did not ask stays as it is."""
    starts_at, ends_at = form.cleaned_data["starts_at"], form.cleaned_data["ends_at"]
    services = list(window.services.all())
    found = expected_numbers(services, expected_traffic(services, starts_at, ends_at, now))
    proposal = replace(form.proposal(starts_at, ends_at), numbers=found)
    windows.reschedule(window, proposal, reason=form.cleaned_data["reason"], by=by, now=now)


def _against(
    window: Window, form: MoveForm, given: dict[str, datetime] | None, now: datetime
) -> list[rules.Objection]:
    """What stands against the time that was sent, or came with the address; nothing without one."""
    sent = getattr(form, "cleaned_data", {})
    times = {name: sent[name] for name in ("starts_at", "ends_at") if sent.get(name)} or given or {}
    if len(times) < 2:
        return []
    proposal = form.proposal(times["starts_at"], times["ends_at"])
    return rules.objections(proposal.keeping(window), now=now, moved=window)


def _passed_before(window: Window) -> dict[str, str]:
    """The reasons given for the present time, by rule: they often hold for the next one too."""
    return dict(window.overrides.filter(revision=window.revision, hard=False).values_list("rule", "reason"))


def _given(request: HttpRequest) -> dict[str, datetime] | None:
    """The instants of a slot that was chosen on the page of slots; None without both."""
    found = {name: parameters.instant_parameter(request.GET, name) for name in ("starts_at", "ends_at")}
    given = {name: at for name, at in found.items() if at is not None}
    return given if len(given) == len(found) else None
