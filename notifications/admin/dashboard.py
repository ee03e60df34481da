"""The day in; the cards of the admin's first page, what needs a person first, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from maintenance import bank_time
from maintenance.booking import rechecks
from maintenance.models import Approval, Skipped, Window
from maintenance.staff import groups
from notifications.admin import posts, senders
from notifications.models import Delivery, Notice, State
from notifications.operations import alerts
from notifications.operations.queries import backlog
from notifications.reporting import sent_times
from notifications.reporting.sent_times import DayCount, SentTimes

_SHOWN = 6
_LATELY = timedelta(days=7)


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by the admin's theme for its first page; readers without the permission see no cards."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("maintenance.view_window"):
        return context | {"groups": (groups.READERS, groups.APPROVERS, groups.CHANGE_MANAGERS)}
    now = timezone.now()
    windows = Window.objects.prefetch_related("services")
    coming = windows.filter(ends_at__gt=now, status__in=(Window.Status.BOOKED, Window.Status.APPROVED))
    due = windows.filter(status=Window.Status.APPROVED, starts_at__lte=now)
    under_way = windows.filter(status=Window.Status.STARTED)
    context |= {
        "title": "Today",
        "now": now,
        "coming": list(coming.filter(starts_at__gt=now).order_by("starts_at")[:_SHOWN]),
        "in_conflict": _in_conflict(windows),
        "left_out": list(_left_out()[:_SHOWN]),
        "due_to_start": list(due.order_by("starts_at")[:_SHOWN]),
        "under_way": list(under_way.order_by("starts_at")[:_SHOWN]),
        "mine_to_approve": list(_waiting_for(user, coming).order_by("starts_at")[:_SHOWN]),
        "may_approve": user.has_perm("maintenance.approve_window"),
        "may_book": user.has_perm("maintenance.book_window"),
    }
    if user.has_perm("notifications.view_delivery"):
        context |= {
            "today": _today(now),
            "expired": list(_notices(status=Notice.Status.EXPIRED, since=now - _LATELY)[:_SHOWN]),
            "incomplete": list(_notices(status=Notice.Status.DRAFT, since=now).exclude(reason="")[:_SHOWN]),
            "failed": _failed(now),
            "alarms": alerts.open_alarms(),
            "resting": senders.hindered_senders(),
            **_unknown(),
            "posts": posts.waiting_posts().count(),
        }
    return context


def _unknown() -> dict[str, Any]:
    """How many are in doubt, and whether there are more than were counted."""
    found = [backlog.unknown_deliveries(channel) for channel in settings.CHANNELS]
    return {
        "unknown": sum(waiting.number for waiting in found),
        "unknown_or_more": any(waiting.more for waiting in found),
    }


def _in_conflict(windows: QuerySet[Window]) -> list[Window]:
    """The windows against which something has come to stand, each with what, the next one first."""
    conflicts = Prefetch("conflicts", rechecks.open_conflicts(), to_attr="open_conflicts")
    hit = Exists(rechecks.open_conflicts().filter(window=OuterRef("pk")))
    return list(windows.filter(hit).prefetch_related(conflicts).order_by("starts_at")[:_SHOWN])


def _left_out() -> QuerySet[Skipped]:
    """Times of series that could not be booked, and of which nobody has taken care."""
    return Skipped.objects.filter(settled_at=None).prefetch_related("series__services")


def _waiting_for(user: User, windows: QuerySet[Window]) -> QuerySet[Window]:
    """The booked windows of others that lack a decision of theirs."""
    if not user.has_perm("maintenance.approve_window"):
        return windows.none()
    decided = Approval.objects.filter(window=OuterRef("pk"), revision=OuterRef("revision"))
    return (
        windows.filter(status=Window.Status.BOOKED)
        .exclude(booker=user)
        .exclude(
            Exists(decided.filter(subject=Approval.Subject.CHANGE)),
            Exists(decided.filter(subject=Approval.Subject.TEXT)),
        )
    )


@dataclass(frozen=True)
class NoticeToday:
    """A notice of which messages went out today, or are to go today."""

    notice: Notice
    times: SentTimes | None
    count: DayCount


@dataclass(frozen=True)
class Today:
    """The messages of the bank's day, in sum and by the notices shown; `hidden` is how many are not."""

    sent: int
    outbox: int
    to_go: int
    later: int
    notices: tuple[NoticeToday, ...]
    hidden: int


def _today(now: datetime) -> Today:
    """Everything that went or goes out, whenever it was due; what is not prepared yet has no messages."""
    day = bank_time.bank_day(now)
    start, end = (bank_time.at_bank(day + timedelta(days=ahead), time()) for ahead in (0, 1))
    counts = sent_times.on_day(start, end)
    busy = [pk for pk, count in counts.items() if count.sent or count.to_go]
    coming = Q(status__in=(Notice.Status.PLANNED, Notice.Status.PREPARING), due_at__lt=end)
    found = Notice.objects.filter(coming | Q(pk__in=busy)).select_related("window")
    number = found.count()
    found = found.prefetch_related("window__services").order_by("-due_at", "-pk")
    shown = list(found[: 2 * _SHOWN])
    times = sent_times.sent_times_of([notice.pk for notice in shown])
    nothing = DayCount(0, 0, 0)
    return Today(
        sent=sum(count.sent for count in counts.values()),
        outbox=sum(count.outbox for count in counts.values()),
        to_go=sum(count.to_go for count in counts.values()),
        later=sum(count.later for count in counts.values()),
        notices=tuple(
            NoticeToday(notice, times.get(notice.pk), counts.get(notice.pk, nothing)) for notice in shown
        ),
        hidden=number - len(shown),
    )


def _notices(*, status: Notice.Status, since: datetime) -> QuerySet[Notice]:
    return (
        Notice.objects.filter(status=status, true_until__gte=since)
        .select_related("window")
        .order_by("-due_at")
    )


def _failed(now: datetime) -> list[tuple[str, int]]:
    """How many messages of the last days failed, for each channel on which any did."""
    lately = list(Notice.objects.filter(prepared_at__gte=now - _LATELY).values_list("pk", flat=True))
    failed = Delivery.objects.filter(notice__in=lately, state=State.FAILED)
    counted = failed.values("channel").annotate(number=Count("pk")).order_by("channel")
    return [(row["channel"], row["number"]) for row in counted]
