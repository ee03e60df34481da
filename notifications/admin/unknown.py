"""Deliveries of which nobody knows whether they were sent in; what a person decides on each out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import rendering
from maintenance.requests import parameters
from notifications.admin import bulk, masks
from notifications.delivery import reconciliation
from notifications.models import Attempt, Contact, Delivery, State

_ON_A_PAGE: Final = 50
_SENT: Final = "sent"
_AGAIN: Final = "again"
_PAGE: Final = "admin:notifications_delivery_unknown"
_QUICKER: Final = "a receipt, the provider or somebody else was quicker"


def _decision() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=((_SENT, "It was sent"), (_AGAIN, "Send again")),
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose what to do."},
    )


class DecisionForm(forms.Form):
    """What a person takes to be true of one attempt: a later one is another question."""

    attempt = forms.IntegerField(min_value=0, error_messages={"required": "Say which attempt is meant."})
    decision = _decision()


class DecideAllForm(bulk.GroupForm):
    """What a person takes to be true of all attempts of a notice on a channel made by `until`."""

    decision = _decision()
    sure = forms.BooleanField(error_messages={"required": "Confirm that you decide on all of them."})


@dataclass(frozen=True)
class Doubt:
    """One delivery, with whatever helps to decide on it."""

    delivery: Delivery
    address: str
    attempts: Sequence[Attempt]
    too_late: bool
    """Its words are no longer true: sent again, it would expire."""


@rendering.allowed("notifications.view_delivery")
@require_safe
def unknown_page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The newest first, a page at a time; before them those that can be decided together."""
    groups = _groups(timezone.now())
    number = sum(group.number for group in groups)
    last = max(0, (number - 1) // _ON_A_PAGE)
    shown = min(max(parameters.number_parameter(request.GET, "page") or 1, 1) - 1, last)
    start = shown * _ON_A_PAGE
    facts: dict[str, Any] = {
        "groups": [group for group in groups if group.number > 1],
        "doubts": _doubts(_unknown()[start : start + _ON_A_PAGE]),
        "number": number,
        "first": start + 1,
        "last": min(start + _ON_A_PAGE, number),
        "newer": shown or None,
        "older": shown + 2 if shown < last else None,
    }
    return rendering.admin_page(request, model_admin, "notifications/admin/unknown.html", "Unknown", facts)


@rendering.allowed("maintenance.book_window")
@require_POST
def decide_unknown(request: HttpRequest, model_admin: ModelAdmin[Delivery], public_id: UUID) -> HttpResponse:
    """A person says what became of it, or lets it be sent again."""
    row = get_object_or_404(Delivery, public_id=public_id)
    form = DecisionForm(request.POST)
    return bulk.form_response(request, form, lambda asked: _release(request, row, asked), _PAGE)


@rendering.allowed("maintenance.book_window")
@require_POST
def decide_all(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The same for all doubts of a notice on a channel."""
    form = DecideAllForm(request.POST)
    return bulk.form_response(request, form, lambda asked: _release_all(request, asked), _PAGE)


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
        f"Nothing was changed: {_QUICKER}. The delivery is now: {row.get_state_display().lower()}.",
    )


def _release_all(request: HttpRequest, asked: dict[str, Any]) -> None:
    sent = asked["decision"] == _SENT
    moved = reconciliation.release_all(
        asked["notice"],
        asked["channel"],
        until=asked["until"],
        sent=sent,
        by=request.user.get_username(),
        now=timezone.now(),
    )
    bulk.tell_moved(
        request,
        moved,
        of=asked["number"],
        done="Noted: sent" if sent else "In the queue again, as long as their words are true",
        why_not=_QUICKER,
    )


def _groups(now: datetime) -> list[bulk.Group]:
    """Those that went out last first."""
    found = _in_doubt().filter(intended_at__isnull=False)
    groups = bulk.delivery_groups(found, dated_by="intended_at", now=now)
    groups.sort(key=lambda group: (group.notice.pk, group.channel))
    return sorted(groups, key=lambda group: group.newest, reverse=True)


def _in_doubt() -> QuerySet[Delivery]:
    """Each of the states has its index."""
    return Delivery.objects.filter(Q(state=State.UNKNOWN) | Q(state=State.HELD))


def _unknown() -> QuerySet[Delivery]:
    return (
        _in_doubt()
        .select_related("notice__window")
        .prefetch_related("notice__window__services")
        .order_by("-intended_at", "-pk")
    )


def _doubts(found: QuerySet[Delivery]) -> list[Doubt]:
    rows, now = list(found), timezone.now()
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
    return masks.masked_address(contact)
