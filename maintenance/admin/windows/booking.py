"""A time and services in; a booked window, or everything that stands against it, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance import rules, slots, traffic
from maintenance.admin import rechecking, rendering
from maintenance.admin.forms import BookForm, TimeForm
from maintenance.admin.slots import bars
from maintenance.admin.windows import objections
from maintenance.booking import windows
from maintenance.models import Alternative, Service, Window
from maintenance.proposals import Numbers, Proposal


@dataclass(frozen=True)
class ExpectedTraffic:
    """What a time is expected to carry, and its share of an ordinary hour."""

    load: traffic.Load
    share: float


@rendering.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def booking_page(request: HttpRequest, model_admin: ModelAdmin[Window]) -> HttpResponse:
    """Shows the time, asks for the purpose, and books; a GET changes nothing."""
    time = TimeForm((request.POST if request.method == "POST" else request.GET) or None)
    if not time.is_valid():
        return rendering.admin_page(
            request, model_admin, "maintenance/admin/time.html", "Choose a time", {"time": time}
        )
    starts_at, ends_at = time.cleaned_data["starts_at"], time.cleaned_data["ends_at"]
    now = timezone.now()
    booker = request.user
    assert isinstance(booker, User)  # the decorator let nobody else in
    form = BookForm(
        request.POST if request.method == "POST" else None,
        booker=booker,
        services=time.cleaned_data["service"],
    )
    valid = form.is_valid()
    proposal = form.proposal(starts_at, ends_at)
    found = expected_traffic(form.services, starts_at, ends_at, now)
    refused: Sequence[rules.Objection] = ()
    if valid:
        try:
            window = windows.book_window(
                replace(proposal, numbers=expected_numbers(form.services, found)), by=booker, now=now
            )
        except windows.Refused as error:
            refused = error.objections
        else:
            messages.success(request, "Booked. It now waits for both approvals.")
            rechecking.recheck_behind(request)
            return HttpResponseRedirect(reverse("admin:maintenance_window_change", args=[window.pk]))
    against = objections.all_objections(refused, rules.objections(proposal, now=now))
    form.ask(against)
    facts = _facts(form, proposal, found) | objections.objection_facts(against)
    return rendering.admin_page(request, model_admin, "maintenance/admin/book.html", "Book a window", facts)


def _facts(form: BookForm, proposal: Proposal, found: ExpectedTraffic | None) -> dict[str, Any]:
    return {
        "form": form,
        "services": form.services,
        "silent": _silent(form.services),
        "starts_at": proposal.starts_at,
        "ends_at": proposal.ends_at,
        "expected": found,
        "bar": bars.load_bar(found.load, found.share) if found else None,
        "alone": len(form.services) == 1,
    }


def _silent(services: Sequence[Service]) -> list[Service]:
    """Those of which nothing says what still works meanwhile, so that no text of them can be approved."""
    said = Alternative.objects.filter(service__in=services).values_list("service_id", "words")
    known = {pk for pk, words in said if words.strip()}
    return [service for service in services if service.pk not in known]


def expected_numbers(services: Sequence[Service], found: ExpectedTraffic | None) -> Numbers:
    """What is kept with the window of what was expected, and of whom it was expected to hit."""
    users, load = slots.count_users(services), found.load if found else None
    return Numbers(
        load=load.expected if load else None,
        low=load.low if load else None,
        high=load.high if load else None,
        customers=users.customers,
        vulnerable=users.vulnerable,
    )


def expected_traffic(
    services: Sequence[Service], starts_at: datetime, ends_at: datetime, now: datetime
) -> ExpectedTraffic | None:
    """The traffic of that time, counted as a slot's is; None where a service has too little on record."""
    try:
        profiles = [traffic.profile(service, now=now) for service in services]
        return ExpectedTraffic(*slots.load_and_share(profiles, starts_at, ends_at))
    except traffic.TooLittle:
        return None
