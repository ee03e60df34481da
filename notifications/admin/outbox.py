"""What would have gone out, had there been a provider, in; the same as its reader would see it out.

But for the links that work for the customer alone: with them a reader of the outbox could choose for her.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from maintenance.admin import rendering
from maintenance.requests import parameters
from notifications import channels, wording
from notifications.admin import masks
from notifications.delivery import composition
from notifications.models import Contact, Delivery, State, Text
from notifications.reporting import preview

_ON_A_PAGE: Final = 24
_LOOKED_AT: Final = 50_000
"""The newest deliveries among which the outbox is looked for: a bank that sends for real has none at all."""


@dataclass(frozen=True)
class Kept:
    """One delivery with its words as filled for its reader."""

    delivery: Delivery
    seen: preview.SeenText | None
    address: str


@rendering.allowed("notifications.view_delivery")
@require_safe
def outbox_page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """Newest first; `?channel=sms&language=ar` narrows, `?before=id` goes on."""
    channel, language = request.GET.get("channel", ""), request.GET.get("language", "")
    before = parameters.number_parameter(request.GET, "before")
    rows = _rows()
    if channel:
        rows = rows.filter(channel=channel)
    if language:
        rows = rows.filter(language=language)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: _ON_A_PAGE + 1])
    facts: dict[str, Any] = {
        "kept": kept_words(found[:_ON_A_PAGE]),
        "before": found[_ON_A_PAGE - 1].pk if len(found) > _ON_A_PAGE else None,
        "channel": channel,
        "language": language,
        "channels": channels.channel_choices(),
        "languages": settings.LANGUAGES,
    }
    return rendering.admin_page(request, model_admin, "notifications/admin/outbox.html", "Outbox", facts)


def _rows() -> QuerySet[Delivery]:
    newest = Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return (
        Delivery.objects.filter(pk__gt=newest - _LOOKED_AT, provider="outbox", state=State.SENT)
        .select_related("customer", "notice")
        .order_by("-pk")
    )


def kept_words(rows: Sequence[Delivery]) -> list[Kept]:
    """The words of each delivery, filled again: the row keeps only their hash. Signed links are hidden."""
    texts = Text.objects.in_bulk({row.text_id for row in rows if row.text_id})
    contacts = {
        (contact.customer_id, contact.channel): contact
        for contact in Contact.objects.filter(
            customer__in={row.customer_id for row in rows if row.customer_id}
        )
    }
    return [_kept(row, texts, contacts) for row in rows]


def _kept(row: Delivery, texts: dict[int, Text], contacts: dict[tuple[int, str], Contact]) -> Kept:
    text = texts.get(row.text_id or 0)
    contact = contacts.get((row.customer_id or 0, row.channel))
    seen = None
    if text is not None:
        seen = preview.seen_text(text, _words(text, row))
    return Kept(row, seen, masks.masked_address(contact) if contact else "")


def _words(text: Text, row: Delivery) -> wording.Filled:
    if row.customer is not None:
        return wording.filled_text(text, composition.message_reader(row.customer, row.language))
    public = wording.MessageReader(
        name="", language=text.language, time_zone=settings.TIME_ZONE, preferences_url=settings.BASE_URL
    )
    return wording.filled_text(text, public)
