"""Deliveries of which nobody knows whether they were sent in; what a person decides on each out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import frame
from notifications import reconciliation
from notifications.admin import masks
from notifications.models import Attempt, Contact, Delivery, State

_SHOWN: Final = 500
_SENT: Final = "sent"
_AGAIN: Final = "again"


class DecisionForm(forms.Form):
    """What a person takes to be true of one attempt: a later one is another question."""

    attempt = forms.IntegerField(min_value=0, error_messages={"required": "Say which attempt is meant."})
    decision = forms.ChoiceField(
        choices=((_SENT, "It was sent"), (_AGAIN, "Send again")),
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose what to do."},
    )


@dataclass(frozen=True)
class Doubt:
    """One delivery, with whatever helps to decide on it."""

    delivery: Delivery
    address: str
    attempts: Sequence[Attempt]
    too_late: bool
    """Its words are no longer true: sent again, it would expire."""


@frame.allowed("notifications.view_delivery")
@require_safe
def page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The newest first."""
    found = list(_unknown()[: _SHOWN + 1])
    facts: dict[str, Any] = {"doubts": _doubts(found[:_SHOWN]), "shown": _SHOWN, "more": len(found) > _SHOWN}
    return frame.render(request, model_admin, "notifications/admin/unknown.html", "Unknown", facts)


@frame.allowed("maintenance.book_window")
@require_POST
def decide(request: HttpRequest, model_admin: ModelAdmin[Delivery], public_id: UUID) -> HttpResponse:
    """A person says what became of it, or lets it be sent again."""
    row = get_object_or_404(Delivery, public_id=public_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        _release(request, row, form.cleaned_data)
    else:
        messages.error(request, frame.faults(form))
    return HttpResponseRedirect(reverse("admin:notifications_delivery_unknown"))


def _release(request: HttpRequest, row: Delivery, asked: dict[str, Any]) -> None:
    now, sent = timezone.now(), asked["decision"] == _SENT
    same = asked["attempt"] == row.attempt
    if same and reconciliation.release(row, sent=sent, by=request.user.get_username(), now=now):
        if sent:
            messages.success(request, "Noted: it was sent.")
        elif row.expires_at <= now:
            messages.warning(request, "Noted: it was not sent, and now it is too late: it expires.")
        else:
            messages.success(request, "It is in the queue again.")
        return
    row.refresh_from_db()
    messages.warning(
        request,
        "Nothing was changed: a receipt, the provider or somebody else was quicker. "
        f"The delivery is now: {row.get_state_display().lower()}.",
    )


def _unknown() -> QuerySet[Delivery]:
    return (
        Delivery.objects.filter(state=State.UNKNOWN)
        .select_related("notice__window")
        .prefetch_related("notice__window__services")
        .order_by("-intended_at", "-pk")
    )


def _doubts(rows: Sequence[Delivery]) -> list[Doubt]:
    now = timezone.now()
    contacts = {
        (contact.customer_id, contact.channel): contact
        for contact in Contact.objects.filter(
            customer__in={row.customer_id for row in rows if row.customer_id}
        )
    }
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(delivery_id__in=[row.pk for row in rows]).order_by("id"):
        attempts[attempt.delivery_id].append(attempt)
    return [
        Doubt(row, _address(row, contacts), attempts[row.pk], too_late=row.expires_at <= now) for row in rows
    ]


def _address(row: Delivery, contacts: dict[tuple[int, str], Contact]) -> str:
    """Where it went; not the contact's address of today, where that is another."""
    if row.target:
        return row.target
    contact = contacts.get((row.customer_id or 0, row.channel))
    if contact is None:
        return "an address that is no longer on record"
    if row.address_hmac is not None and bytes(contact.address_hmac) != bytes(row.address_hmac):
        return "an address that has changed since"
    return masks.of(contact)
