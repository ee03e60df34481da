"""The senders in; how fast each may send, how it stands, and "try now" for one that rests, out."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import rendering
from notifications import channels
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import Sender, SenderStanding
from notifications.models import Bucket, Delivery
from notifications.operations.queries import backlog

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """One sender on the page; without a `channel` it is one that the settings no longer name."""

    who: Sender
    channel: str | None
    standing: SenderStanding | None
    number: int | None
    """Of its bucket."""

    @property
    def unit(self) -> str:
        """What its rate counts."""
        return "segment" if self.channel and channels.class_of(self.channel).counts_segments else "message"

    @property
    def waited_for(self) -> bool:
        """Whether it has anything to hand over, now or later."""
        return self.channel is not None and (
            backlog.has_queued(self.channel) or backlog.is_sending(self.channel)
        )


@rendering.allowed("notifications.view_delivery")
@require_safe
def senders_page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """Those of the settings, and those of earlier settings behind them."""
    facts = {"senders": _shown(), "share": round(rate_limits.RESERVE * 100)}
    return rendering.admin_page(request, model_admin, "notifications/admin/senders.html", "Senders", facts)


@rendering.allowed("maintenance.book_window")
@require_POST
def end_rest_page(request: HttpRequest, model_admin: ModelAdmin[Delivery], pk: int) -> HttpResponse:
    """A person knows better than the rest that was asked for: the account was mended, say."""
    row = get_object_or_404(Bucket, pk=pk)
    if rate_limits.end_rest(Sender(row.provider, row.sender, None)):
        log.warning("%s ended the rest of %s: %s", request.user.get_username(), row, row.reason)
        messages.success(request, "It is tried now.")
    else:
        messages.warning(request, "Nothing was changed: it does not rest any more.")
    return HttpResponseRedirect(reverse("admin:notifications_delivery_senders"))


def hindered_senders() -> list[Shown]:
    """Those in use that hand nothing over now, or one at a time to see whether all is well again."""
    return [
        sender
        for sender in _shown()
        if sender.channel and sender.standing
        if sender.standing.resting_until or sender.standing.failing_since
    ]


def _shown() -> list[Shown]:
    rows = {(row.provider, row.sender): row.pk for row in Bucket.objects.order_by("provider", "sender")}
    found: dict[tuple[str, str], tuple[Sender, str | None]] = {}
    for channel in settings.CHANNELS:
        if who := rate_limits.sender_of(channel):
            found[channel, ""] = who, channel
    known = {(who.provider, who.name) for who, _ in found.values()}
    for key in rows:
        if key not in known:
            found[key] = Sender(*key, None), None
    return [
        Shown(who, channel, rate_limits.sender_standing(who), rows.get((who.provider, who.name)))
        for who, channel in found.values()
    ]
