"""Deliveries that one decision moves in; their groups, the form for one, and what became of it, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Aggregate, Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from maintenance.admin import rendering
from maintenance.admin.forms import MomentField
from notifications import channels
from notifications.models import Delivery, Notice


class GroupForm(forms.Form):
    """Which deliveries are meant: those of a notice on a channel that stood there by `until`."""

    notice = forms.IntegerField(min_value=1)
    channel = forms.ChoiceField(choices=channels.channel_choices)
    until = MomentField()
    number = forms.IntegerField(min_value=1)


@dataclass(frozen=True)
class Group:
    """Those of one notice on one channel, as many as they are; the failed ones of one reason."""

    notice: Notice
    channel: str
    number: int
    newest: datetime
    true_until: datetime
    too_late: bool
    """Their words are no longer true: sent again, they would expire."""
    code: str = ""
    example: str = ""
    """One of their reasons, in the provider's words."""

    @property
    def until(self) -> str:
        """What comes later is not meant by whoever saw this."""
        return self.newest.isoformat()

    @property
    def is_withdrawn(self) -> bool:
        """Nothing of the notice goes out any more."""
        return self.notice.withdrawn


def delivery_groups(
    found: QuerySet[Delivery], *by: str, dated_by: str, now: datetime, **more: Aggregate
) -> list[Group]:
    """By notice, channel and whatever else `by` names, in no order; `dated_by` is never null in `found`."""
    rows = list(
        found.values("notice", "channel", *by)
        .annotate(number=Count("pk"), newest=Max(dated_by), true_until=Max("expires_at"), **more)
        .order_by()
    )
    notices = (
        Notice.objects.select_related("window")
        .prefetch_related("window__services")
        .in_bulk({row["notice"] for row in rows})
    )
    return [
        Group(
            **row
            | {
                "notice": notices[row["notice"]],
                "too_late": row["true_until"] <= now,
            }
        )
        for row in rows
    ]


def form_response(
    request: HttpRequest, form: forms.Form, act: Callable[[dict[str, Any]], None], page: str
) -> HttpResponse:
    """Do what a form asks, or say what is wrong with it; back to the page."""
    if form.is_valid():
        act(form.cleaned_data)
    else:
        messages.error(request, rendering.form_faults(form))
    return HttpResponseRedirect(reverse(page))


def tell_moved(request: HttpRequest, moved: int, *, of: int, done: str, why_not: str) -> None:
    """How many of those that were meant were moved, and why the others were not."""
    if moved:
        messages.success(request, f"{done}: {moved:,}.")
    if moved < of:
        messages.warning(request, f"Nothing was changed for {of - moved:,}: {why_not}.")
