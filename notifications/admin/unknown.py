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
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance import parameters
from maintenance.admin import frame
from maintenance.forms import Moment
from notifications import reconciliation
from notifications.admin import masks
from notifications.models import Attempt, ChannelName, Contact, Delivery, Notice, State

_ON_A_PAGE: Final = 50
_SENT: Final = "sent"
_AGAIN: Final = "again"
_PAGE: Final = "admin:notifications_delivery_unknown"


def _decision() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=((_SENT, "It was sent"), (_AGAIN, "Send again")),
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose what to do."},
    )


class DecisionForm(forms.Form):
    """What a person takes to be true of one attempt: a later one is another question."""

    attempt = forms.IntegerField(min_value=0, error_messages={"required": "Say which attempt is meant."})
    decision = _decision()


class GroupForm(forms.Form):
    """What a person takes to be true of all attempts of a notice on a channel made by `until`."""

    notice = forms.IntegerField(min_value=1)
    channel = forms.ChoiceField(choices=ChannelName.choices)
    until = Moment()
    number = forms.IntegerField(min_value=1)
    decision = _decision()
    sure = forms.BooleanField(error_messages={"required": "Confirm that you decide on all of them."})


@dataclass(frozen=True)
class Group:
    """The doubts of one notice on one channel, as many as they are."""

    notice: Notice
    channel: ChannelName
    number: int
    newest: datetime
    true_until: datetime

    @property
    def until(self) -> str:
        """A later attempt is not meant by whoever saw this."""
        return self.newest.isoformat()


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
    """The newest first, a page at a time; before them those that can be decided together."""
    groups, now = _groups(), timezone.now()
    number = sum(group.number for group in groups)
    last = max(0, (number - 1) // _ON_A_PAGE)
    shown = min(max(parameters.number(request.GET, "page") or 1, 1) - 1, last)
    start = shown * _ON_A_PAGE
    facts: dict[str, Any] = {
        "groups": [(group, group.true_until <= now) for group in groups if group.number > 1],
        "doubts": _doubts(_unknown()[start : start + _ON_A_PAGE]),
        "number": number,
        "first": start + 1,
        "last": min(start + _ON_A_PAGE, number),
        "newer": shown or None,
        "older": shown + 2 if shown < last else None,
    }
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
    return HttpResponseRedirect(reverse(_PAGE))


@frame.allowed("maintenance.book_window")
@require_POST
def decide_all(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The same for all doubts of a notice on a channel."""
    form = GroupForm(request.POST)
    if form.is_valid():
        _release_all(request, form.cleaned_data)
    else:
        messages.error(request, frame.faults(form))
    return HttpResponseRedirect(reverse(_PAGE))


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


def _release_all(request: HttpRequest, asked: dict[str, Any]) -> None:
    now, sent, number = timezone.now(), asked["decision"] == _SENT, asked["number"]
    moved = reconciliation.release_all(
        asked["notice"],
        asked["channel"],
        until=asked["until"],
        sent=sent,
        by=request.user.get_username(),
        now=now,
    )
    if moved:
        done = "Noted: sent" if sent else "In the queue again, as long as their words are true"
        messages.success(request, f"{done}: {moved:,}.")
    if moved < number:
        messages.warning(
            request,
            f"Nothing was changed for {number - moved:,}: "
            "a receipt, the provider or somebody else was quicker.",
        )


def _groups() -> list[Group]:
    rows = list(
        Delivery.objects.filter(state=State.UNKNOWN, intended_at__isnull=False)
        .values("notice", "channel")
        .annotate(number=Count("pk"), newest=Max("intended_at"), true_until=Max("expires_at"))
        .order_by("-newest", "notice", "channel")
    )
    notices = (
        Notice.objects.select_related("window")
        .prefetch_related("window__services")
        .in_bulk({row["notice"] for row in rows})
    )
    return [
        Group(
            notices[row["notice"]],
            ChannelName(row["channel"]),
            row["number"],
            row["newest"],
            row["true_until"],
        )
        for row in rows
    ]


def _unknown() -> QuerySet[Delivery]:
    return (
        Delivery.objects.filter(state=State.UNKNOWN)
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
    return masks.of(contact)
