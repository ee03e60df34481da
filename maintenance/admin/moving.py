"""A window and a new time in; the window moved, or everything that stands against it, out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods

from maintenance import rules, windows
from maintenance.admin import frame
from maintenance.admin.booking import emergency, expected, numbers, standing
from maintenance.forms import MoveForm
from maintenance.models import Window


@frame.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Asks for the new time and the reason; a slot's times may come with the address."""
    window = get_object_or_404(Window.objects.prefetch_related("services"), pk=pk)
    booker = request.user
    assert isinstance(booker, User)  # the decorator let nobody else in
    now = timezone.now()
    chosen = _chosen(request)
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        booker=booker,
        initial=chosen or {"starts_at": window.starts_at, "ends_at": window.ends_at},
    )
    against: list[rules.Objection] = []
    refused = ""
    if form.is_valid():
        try:
            windows.reschedule(
                window,
                form.cleaned_data["starts_at"],
                form.cleaned_data["ends_at"],
                reason=form.cleaned_data["reason"],
                by=booker,
                now=now,
                numbers=_numbers(window, form.cleaned_data, now),
                emergency=emergency(form.cleaned_data),
            )
        except windows.Refused as problem:
            against, refused = list(problem.objections), str(problem)
        else:
            messages.success(request, "Moved. It needs both approvals anew.")
            return HttpResponseRedirect(reverse("admin:maintenance_window_change", args=[pk]))
    facts: dict[str, Any] = {
        "form": form,
        "object": window,
        "window": window,
        "chosen": chosen,
        "refused": "" if against else refused,
        **standing(against),
    }
    return frame.render(request, model_admin, "maintenance/admin/move.html", "Move a window", facts)


def _chosen(request: HttpRequest) -> dict[str, datetime] | None:
    """The instants of a slot that was chosen on the page of slots; None without, or with a broken address."""
    try:
        found = {name: parse_datetime(request.GET.get(name, "")) for name in ("starts_at", "ends_at")}
    except ValueError:
        return None
    given = {name: at for name, at in found.items() if at is not None and timezone.is_aware(at)}
    return given if len(given) == len(found) else None


def _numbers(window: Window, given: dict[str, Any], now: datetime) -> windows.Numbers:
    return numbers(expected(list(window.services.all()), given["starts_at"], given["ends_at"], now))
