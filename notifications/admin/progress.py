"""The notices of a window in; how far each has come, as bars and as the JSON that keeps them moving, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance.admin import rendering
from maintenance.models import Window
from notifications import channels
from notifications.models import Delivery, Notice, State
from notifications.planning import on_change
from notifications.reporting import eta, sent_times
from notifications.reporting.eta import Finish
from notifications.reporting.progress import Progress, mornings_of, progress_of

ORDER: Final = (
    State.DELIVERED,
    State.SENT,
    State.SENDING,
    State.QUEUED,
    State.BY_HAND,
    State.UNKNOWN,
    State.HELD,
    State.FAILED,
    State.SUPPRESSED,
    State.NO_ADDRESS,
    State.EXPIRED,
    State.WITHDRAWN,
)
"""What has arrived stands first in a bar, what never will stands last."""
_ON_THE_WAY: Final = (State.QUEUED, State.SENDING)
_RECEIPTS: Final = timedelta(minutes=5)
"""How long after the last message the page still looks for receipts."""
_AHEAD: Final = (Notice.Status.DRAFT, Notice.Status.PLANNED)
_UNDECIDED: Final = (Window.Status.BOOKED, Window.Status.REJECTED)


@dataclass(frozen=True)
class Piece:
    """One state's part of a bar."""

    state: State
    people: int

    @property
    def tone(self) -> str:
        """The name of its colour in the stylesheet."""
        return self.state.name.lower()


@dataclass(frozen=True)
class Road:
    """One channel of one notice: pieces that sum to `all`."""

    channel: str
    pieces: tuple[Piece, ...]
    outbox: int

    @property
    def all(self) -> int:
        """Every delivery of the notice on this channel."""
        return sum(piece.people for piece in self.pieces)


def roads_of_notices(notices: Sequence[Notice]) -> dict[int, list[Road]]:
    """The roads of each notice, by the notice's number, in the order of the channels."""
    found: dict[tuple[int, str], list[Progress]] = {}
    for part in progress_of([notice.pk for notice in notices]):
        found.setdefault((part.notice_id, part.channel), []).append(part)
    roads: dict[int, list[Road]] = {notice.pk: [] for notice in notices}
    for channel in channels.channel_names():
        for notice in notices:
            parts = found.get((notice.pk, channel))
            if parts:
                pieces = tuple(Piece(part.state, part.people) for part in parts)
                ordered = tuple(sorted(pieces, key=lambda piece: ORDER.index(piece.state)))
                roads[notice.pk].append(Road(channel, ordered, sum(part.outbox for part in parts)))
    return roads


def eta_numbers() -> dict[str, Any]:
    """The numbers in the words about the end of sending, foreseen or forced."""
    return {
        "quiet_from": f"{settings.QUIET_FROM:02}:00",
        "quiet_until": f"{settings.QUIET_UNTIL:02}:00",
        "in_flight": [
            (channel, channels.most_in_flight(channel))
            for channel in channels.direct_names()
            if channel in settings.CHANNELS
        ],
    }


def is_moving(notices: Sequence[Notice], *, window: Window, now: datetime) -> bool:
    """Whether it is worth looking again in two seconds.

    What waits for a person, or for the customer's morning, does not move; nor what no receipt follows.
    """
    if any(notice.status == Notice.Status.PREPARING for notice in notices):
        return True
    if window.status not in _UNDECIDED and any(
        notice.status in _AHEAD and notice.due_at <= now for notice in notices
    ):
        return True
    # by the counters first: of a million deliveries none need be looked at while nothing moves
    stands = {one.state for one in progress_of([notice.pk for notice in notices]) if one.people > one.outbox}
    rows = Delivery.objects.filter(notice__in=notices)
    if stands.intersection(_ON_THE_WAY) and rows.filter(state__in=_ON_THE_WAY, not_before__lte=now).exists():
        return True
    lately = rows.filter(state=State.SENT, sent_at__gte=now - _RECEIPTS).exclude(provider="outbox")
    return State.SENT in stands and lately.exists()


@rendering.allowed("notifications.view_delivery")
@require_safe
def progress_view(request: HttpRequest, model_admin: ModelAdmin[Any], pk: int) -> HttpResponse:
    """The bars of a window's notices as they stand now."""
    window = get_object_or_404(Window, pk=pk)
    notices = list(window.notices.order_by("due_at", "id"))
    roads, now = roads_of_notices(notices), timezone.now()
    finishes = eta.expected_finishes(notices, {}, now=now)
    drawn = _html(notices, roads, finishes, now)
    return JsonResponse(
        {
            "moving": is_moving(notices, window=window, now=now),
            "notices": [_numbers(notice, roads[notice.pk], finishes[notice.pk]) for notice in notices],
            "html": drawn,
        },
        headers={"Cache-Control": "no-store"},
    )


def _numbers(notice: Notice, roads: Sequence[Road], finishes: Sequence[Finish]) -> dict[str, Any]:
    return {
        "notice": notice.pk,
        "status": notice.status,
        "channels": {road.channel: {piece.tone: piece.people for piece in road.pieces} for road in roads},
        "finishing": {
            finish.channel: {
                "pieces": finish.pieces,
                "ends_at": finish.ends_at,
                "resting_until": finish.standing and finish.standing.resting_until,
                "reason": finish.standing.reason if finish.standing else "",
            }
            for finish in finishes
        },
    }


def _html(
    notices: Sequence[Notice],
    roads: Mapping[int, Sequence[Road]],
    finishes: Mapping[int, Sequence[Finish]],
    now: datetime,
) -> dict[str, str]:
    """The bars and sentences of each notice, by the id of their place on the page."""
    numbers = [notice.pk for notice in notices]
    mornings, times = mornings_of(numbers, now=now), sent_times.sent_times_of(numbers)
    needless, in_words = on_change.needless_reminders(notices, now=now), eta_numbers()
    return {
        f"progress-{notice.pk}": render_to_string(
            "notifications/admin/progress.html",
            {
                "notice": notice,
                "roads": roads[notice.pk],
                "times": times.get(notice.pk),
                "now": now,
                "needless": needless.get(notice.pk, ""),
                "morning": mornings.get(notice.pk),
                "finishes": finishes[notice.pk],
                **in_words,
            },
        )
        for notice in notices
    }
