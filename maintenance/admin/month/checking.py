"""A window and a start in; what stands against it there, and the way to move it, out. Nothing is changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance import rules
from maintenance.admin import rendering
from maintenance.admin.forms import ReasonForm, TargetForm
from maintenance.admin.month.entries import MOVABLE
from maintenance.admin.windows import objections
from maintenance.booking.validation import state_objections, unmoved_objections
from maintenance.models import Window
from maintenance.proposals import Proposal


@rendering.allowed("maintenance.book_window")
@require_safe
def check_target(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Whether the window may begin at `starts_at` (the bank's clock) and stay as long as it is.

    With `part` the answer is a piece for the page that asked, where the window was dropped; without, the
    page that moves it, which checks as well.
    """
    window = get_object_or_404(Window.objects.prefetch_related("services", "staff"), pk=pk)
    form = TargetForm(request.GET)
    part = "part" in request.GET
    facts: dict[str, Any] = {"window": window, "target": form}
    if form.is_valid():
        starts_at = form.cleaned_data["starts_at"]
        ends_at = starts_at + window.length
        proposal = Proposal(starts_at, ends_at).keeping(window)
        times = urlencode({"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()})
        move = f"{reverse('admin:maintenance_window_move', args=[pk])}?{times}"
        if not part:
            return HttpResponseRedirect(move)
        against = rules.objections(proposal, now=timezone.now(), moved=window)
        facts |= {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "move": move,
            "refused": state_objections(window, *MOVABLE) or unmoved_objections(window, proposal),
            **objections.objection_facts(against),
            "reason": ReasonForm(auto_id="moved_%s")["reason"],
        }
    if part:
        return render(request, "maintenance/admin/calendar/checked.html", facts)
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/calendar/check.html", "Move a window", facts
    )
