"""Deliveries that failed for good in; how many for which reason, and those of one queued again, out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import frame
from maintenance.forms import Moment
from notifications import deliveries
from notifications.models import ChannelName, Delivery, Notice, State, Tally

log = logging.getLogger(__name__)

_LATELY: Final = timedelta(days=7)
"""Failures of notices whose words were true within it: nothing can be done about older ones."""
_PAGE: Final = "admin:notifications_delivery_failures"


class AgainForm(forms.Form):
    """Which failures are meant: those of a notice on a channel for one reason that were there by `until`."""

    notice = forms.IntegerField(min_value=1)
    channel = forms.ChoiceField(choices=ChannelName.choices)
    code = forms.CharField(required=False, max_length=40, strip=False)
    until = Moment()
    number = forms.IntegerField(min_value=1)
    sure = forms.BooleanField(error_messages={"required": "Confirm that the reason is mended."})


@dataclass(frozen=True)
class Group:
    """The failures of one notice on one channel for one reason, as many as they are."""

    notice: Notice
    channel: ChannelName
    code: str
    number: int
    example: str
    """One of their reasons, in the provider's words."""
    newest: datetime
    true_until: datetime

    @property
    def until(self) -> str:
        """What fails later is not meant by whoever saw this."""
        return self.newest.isoformat()

    @property
    def is_withdrawn(self) -> bool:
        """Nothing of the notice goes out any more."""
        return self.notice.withdrawn or self.notice.status == Notice.Status.WITHDRAWN


@frame.allowed("notifications.view_delivery")
@require_safe
def page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """The most first: that is what a setting of ours looks like."""
    now = timezone.now()
    facts: dict[str, Any] = {"groups": [(group, group.true_until <= now) for group in _groups(now)]}
    return frame.render(request, model_admin, "notifications/admin/failures.html", "Failed", facts)


@frame.allowed("maintenance.book_window")
@require_POST
def send_again(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """A person says that the reason is mended."""
    form = AgainForm(request.POST)
    if form.is_valid():
        _again(request, form.cleaned_data)
    else:
        messages.error(request, frame.faults(form))
    return HttpResponseRedirect(reverse(_PAGE))


def _again(request: HttpRequest, asked: dict[str, Any]) -> None:
    by, number = request.user.get_username(), asked["number"]
    moved = deliveries.send_again(
        asked["notice"], asked["channel"], asked["code"], until=asked["until"], by=by, now=timezone.now()
    )
    log.warning(
        "%s sent again %d of notice %s by %s: %s", by, moved, asked["notice"], asked["channel"], asked["code"]
    )
    if moved:
        messages.success(request, f"In the queue again: {moved:,}.")
    if moved < number:
        messages.warning(
            request,
            f"Nothing was changed for {number - moved:,}: their words are no longer true, "
            "or somebody else was quicker.",
        )


def _groups(now: datetime) -> list[Group]:
    failed = Tally.objects.filter(state=State.FAILED, notice__true_until__gte=now - _LATELY)
    some = failed.values("notice").annotate(number=Sum("deliveries")).filter(number__gt=0)
    rows = list(
        Delivery.objects.filter(
            state=State.FAILED, notice__in=list(some.values_list("notice", flat=True)), demonstration=False
        )
        .values("notice", "channel", "code")
        .annotate(
            number=Count("pk"),
            example=Max("reason"),
            newest=Max("settled_at"),
            true_until=Max("expires_at"),
        )
        .order_by("-number", "-notice", "channel", "code")
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
            row["code"],
            row["number"],
            row["example"],
            row["newest"] or now,
            row["true_until"],
        )
        for row in rows
    ]
