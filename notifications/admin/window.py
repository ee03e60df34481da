"""The page of a window, extended by what is told of it: words, people, price, text approval, progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from maintenance.admin import rendering
from maintenance.admin.windows import decisions
from maintenance.admin.windows.window_page import WindowAdmin
from maintenance.models import Approval, Window
from notifications.admin import progress, review
from notifications.models import Notice, State
from notifications.planning import notices
from notifications.reporting import eta, preview, sent_times
from notifications.reporting.eta import Finish
from notifications.reporting.preview import Part
from notifications.reporting.progress import Morning, mornings_of
from notifications.reporting.sent_times import SentTimes

admin.site.unregister(Window)

_OPEN = (Window.Status.BOOKED, Window.Status.APPROVED)
"""While the words of what comes later are still to be approved, or may still be needed."""


@dataclass(frozen=True)
class Told:
    """One notice on the page: what it will be, and how far it has come."""

    part: Part
    roads: list[progress.Road]
    times: SentTimes | None
    morning: Morning | None
    table: tuple[AudienceRow, ...]
    finishes: list[Finish]

    @property
    def notice(self) -> Notice:
        """The notice itself."""
        return self.part.notice

    @property
    def going(self) -> list[Finish]:
        """What is expected of its messages while they go out; before that, of the people counted."""
        return [] if self.part.direct else self.finishes


@dataclass(frozen=True)
class AudienceRow:
    """The people of one channel and language, by what would become of their messages; they sum to `all`."""

    channel: str
    language: str
    queued: int
    suppressed: int
    no_address: int
    expired: int

    @property
    def all(self) -> int:
        """Everybody of this channel and language."""
        return self.queued + self.suppressed + self.no_address + self.expired


@rendering.allowed("maintenance.approve_window")
@require_POST
def decide_text(request: HttpRequest, model_admin: ModelAdmin[Window], pk: int) -> HttpResponse:
    """Approve or reject the customers' text."""
    return decisions.decision_response(
        request,
        pk,
        Approval.Subject.TEXT,
        lambda window, revision, by, now: notices.approve_text(window, revision=revision, by=by, now=now),
    )


@admin.register(Window)
class AnnouncedWindowAdmin(WindowAdmin):
    """Knows also what customers hear."""

    page_template = "notifications/admin/window.html"

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """And the progress, the approval of the text, and the review."""
        return (
            *super().get_custom_urls(),
            ("<int:pk>/decide-text/", "maintenance_window_decide_text", decide_text),
            ("<int:pk>/progress.json", "maintenance_window_progress", progress.progress_view),
            ("<int:pk>/review/", "maintenance_window_review", review.review_page),
        )

    def page_facts(self, request: HttpRequest, window: Window, now: datetime) -> dict[str, Any]:
        """And everything that is or will be told; drafted now where the clock has not come to it yet."""
        facts = super().page_facts(request, window, now)
        if window.status in _OPEN:
            notices.drafted_notices(window, now=now)
        seen = preview.preview_of(window, now=now)
        drafted = [part.notice for part in seen.parts]
        roads = progress.roads_of_notices(drafted)
        times = sent_times.sent_times_of([notice.pk for notice in drafted])
        mornings = mornings_of([notice.pk for notice in drafted], now=now)
        finishes = eta.expected_finishes(
            drafted, {part.notice.pk: part.pieces for part in seen.parts}, now=now
        )
        text_gate = self.gate(
            facts["reader"], window, Approval.Subject.TEXT, "maintenance_window_decide_text"
        )
        return {
            **facts,
            "now": now,
            "told": [
                Told(
                    part,
                    roads[part.notice.pk],
                    times.get(part.notice.pk),
                    mornings.get(part.notice.pk),
                    _table(part),
                    finishes[part.notice.pk],
                )
                for part in seen.parts
            ],
            "standard": seen.standard if window.status in _OPEN else (),
            "languages": settings.LANGUAGES,
            **progress.eta_numbers(),
            "text_gate": text_gate,
            "moving": progress.is_moving(drafted, window=window, now=now),
        }


def _table(part: Part) -> tuple[AudienceRow, ...]:
    found: dict[tuple[str, str], dict[State, int]] = {}
    for count in part.counts:
        found.setdefault((count.channel, count.language), {})[count.state] = count.people
    return tuple(
        AudienceRow(
            channel,
            language,
            states.get(State.QUEUED, 0),
            states.get(State.SUPPRESSED, 0),
            states.get(State.NO_ADDRESS, 0),
            states.get(State.EXPIRED, 0),
        )
        for (channel, language), states in sorted(found.items())
    )
