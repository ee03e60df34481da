"""A window in; the page that looks back on it out."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance.admin import rendering
from maintenance.admin.windows.changes import log_of_window
from maintenance.models import Window
from notifications.admin.progress import ORDER
from notifications.models import State
from notifications.reporting import review
from notifications.reporting.notice_given import NoticeGiven


@rendering.allowed("maintenance.view_window")
@require_safe
def review_page(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Notice given against promised, reach, every channel, planned against real times, and the log."""
    window = get_object_or_404(Window.objects.prefetch_related("services"), pk=pk)
    now = timezone.now()
    found = review.review_of(window, now=now)
    alone = len(window.services.all()) == 1
    states = [state for state in ORDER if any(row.states.get(state) for row in found.rows)]
    facts: dict[str, Any] = {
        "object": window,
        "window": window,
        "tone": window.status,
        "now": now,
        "review": found,
        "parts": _parts(found.reach),
        "brackets": _brackets(found.notice),
        "states": states,
        "alone": alone,
        "table": [(row, [row.states.get(state, 0) for state in states]) for row in found.rows],
        "log": log_of_window(window),
    }
    return rendering.admin_page(
        request, model_admin, "notifications/admin/review.html", f"Review of {window}", facts
    )


def _brackets(given: NoticeGiven) -> list[tuple[str, str, int]]:
    """Words, colour and number of each length of notice; those that are late, warmer the later they are."""
    late = sum(bracket.late for bracket in given.brackets)
    tones = ["delivered", *["unknown", "late", "later", "failed", "expired"][-late:]]
    rows = zip(given.brackets, tones, strict=True)
    return [
        *((bracket.words, tone, bracket.people) for bracket, tone in rows),
        ("Not told", "no_address", given.not_told),
    ]


def _parts(reach: review.Reach) -> list[tuple[str, str, int]]:
    """Words, colour and number of each part of the reach; the empty ones only where they always matter."""
    parts = [
        ("Reached by at least one channel", State.DELIVERED, reach.reached, True),
        ("In the outbox, not sent to anyone", State.SENT, reach.outbox, False),
        ("Still waiting", State.QUEUED, reach.waiting, False),
        ("Unknown", State.UNKNOWN, reach.unknown, False),
        ("Failed", State.FAILED, reach.failed, True),
        ("Never sent: too late, or taken back before", State.EXPIRED, reach.expired, True),
        ("Not reachable: no address, or opted out", State.NO_ADDRESS, reach.not_reachable, True),
    ]
    return [(words, state.name.lower(), number) for words, state, number, always in parts if number or always]
