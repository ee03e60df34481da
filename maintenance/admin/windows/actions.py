"""Ada's word on a window in; the window cancelled, started or over out. Each has a page that asks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance import execution
from maintenance.admin import rechecking, rendering
from maintenance.admin.forms import ReasonForm
from maintenance.booking import windows
from maintenance.models import Window

Status = Window.Status


@dataclass(frozen=True)
class WindowAction:
    """One thing that may be done to a window, from which states, and what the page says of it."""

    name: str
    button: str
    title: str
    follows: str
    done: str
    states: tuple[Status, ...]
    form: type[forms.Form]
    do: Callable[[Window, dict[str, Any], User, datetime], object]
    danger: bool = False
    when_begun: bool = False

    def possible(self, window: Window, now: datetime) -> bool:
        """Whether the page of the window offers it; the domain has the last word."""
        return window.status in self.states and (
            not self.when_begun or window.starts_at <= now < window.ends_at
        )


ACTS: Final = {
    act.name: act
    for act in (
        WindowAction(
            "start",
            "Start",
            "Start the maintenance now?",
            "The services count as away from this moment, and customers are told so.",
            "Started.",
            (Status.APPROVED,),
            forms.Form,
            lambda window, given, by, now: execution.start(window, by=by, now=now),
            when_begun=True,
        ),
        WindowAction(
            "finish",
            "It is over",
            "Is it really over?",
            "Confirm only when the services work again for customers. They are told so at once.",
            "Confirmed: it is over.",
            (Status.STARTED,),
            forms.Form,
            lambda window, given, by, now: execution.finish(window, by=by, now=now),
        ),
        WindowAction(
            "cancel",
            "Cancel",
            "Cancel this window?",
            "Everybody who was told of it is told that it will not happen; what is queued is withdrawn. "
            "What is being sent at that moment still goes out: its page says how many that may be.",
            "Cancelled.",
            (Status.BOOKED, Status.APPROVED, Status.REJECTED),
            ReasonForm,
            lambda window, given, by, now: windows.cancel(window, reason=given["reason"], by=by, now=now),
            danger=True,
        ),
    )
}


@rendering.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def action_page(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int, name: str) -> HttpResponse:
    """Asks by GET and does it by POST; what the domain refuses is said, and nothing is done."""
    act = ACTS.get(name)
    if act is None:
        raise Http404(f"Nothing is done to a window by the name of {name}.")
    window = get_object_or_404(Window.objects.prefetch_related("services"), pk=pk)
    form = act.form(request.POST if request.method == "POST" else None)
    refused = ""
    if form.is_valid():
        by = request.user
        assert isinstance(by, User)  # the decorator let nobody else in
        refused = rendering.refusal(lambda: act.do(window, form.cleaned_data, by, timezone.now()))
        if not refused:
            messages.success(request, act.done)
            rechecking.recheck_behind(request)  # a time that is given up stands against nothing any more
            return HttpResponseRedirect(reverse("admin:maintenance_window_change", args=[pk]))
    facts = {"act": act, "form": form, "object": window, "window": window, "refused": refused}
    return rendering.admin_page(request, model_admin, "maintenance/admin/act.html", act.title, facts)
