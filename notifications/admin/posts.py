"""Posts that wait for a person in; the words to copy, and the link that confirms each, out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.admin import rendering
from notifications import channels
from notifications.admin import outbox
from notifications.channels.providers.social import BY_HAND
from notifications.delivery import queue
from notifications.models import Delivery, State


class LinkForm(forms.Form):
    """Where the post can be read."""

    link = forms.URLField(
        assume_scheme="https",
        max_length=120,  # what a delivery keeps of its provider's reference
        error_messages={
            "required": "Paste the link of the post.",
            "invalid": "Paste the whole link of the post, beginning with https://.",
        },
    )


def waiting_posts() -> QuerySet[Delivery]:
    """The posts that somebody must make, the oldest first."""
    by = channels.channel_names(lambda kind: kind.is_posted_by_hand)
    rows = Delivery.objects.filter(channel__in=by, state=State.BY_HAND)
    return rows.select_related("notice__window").order_by("pk")


def network_name(delivery: Delivery) -> str:
    """Where it is to be posted: Facebook, for the target "by hand:facebook"."""
    return delivery.target.rpartition(":")[2].capitalize()


@rendering.allowed("notifications.view_delivery")
@require_safe
def posts_page(request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> HttpResponse:
    """What waits, and what was confirmed lately."""
    by = channels.channel_names(lambda kind: kind.is_posted_by_hand)
    posted = Delivery.objects.filter(channel__in=by, provider=BY_HAND, state=State.SENT)
    done = posted.order_by("-sent_at")
    facts: dict[str, Any] = {
        "waiting": [
            (network_name(kept.delivery), kept) for kept in outbox.kept_words(list(waiting_posts()[:50]))
        ],
        "done": [(network_name(delivery), delivery) for delivery in done[:10]],
    }
    return rendering.admin_page(
        request, model_admin, "notifications/admin/posts.html", "Posts by hand", facts
    )


@rendering.allowed("maintenance.book_window")
@require_POST
def confirm_post(request: HttpRequest, model_admin: ModelAdmin[Delivery], public_id: UUID) -> HttpResponse:
    """A person has posted it."""
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, rendering.form_faults(form))
    elif queue.confirm_by_hand(public_id, link=form.cleaned_data["link"], now=timezone.now()):
        messages.success(request, "Noted: it is posted.")
    else:
        messages.error(
            request, "This post no longer waits: it was confirmed, withdrawn, or its time is over."
        )
    return HttpResponseRedirect(reverse("admin:notifications_delivery_posts"))
