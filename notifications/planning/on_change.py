"""One change of a window in; the notices it calls for, drafted, planned or withdrawn, out.

What has not happened has no notice: the finish notice exists only after the finish change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from maintenance import policies
from maintenance.models import Change, NoticeKind, NoticeRule, Window
from notifications import wording
from notifications.delivery import queue
from notifications.models import Notice, Text
from notifications.planning.audience import ranges
from notifications.wording import facts

_UNSENT: Final = (Notice.Status.DRAFT, Notice.Status.PLANNED, Notice.Status.PREPARING)
_AFTERMATH: Final = timedelta(days=1)
"""How long "it is over" is worth saying."""

WITHOUT_APPROVAL: Final = Q(kind__in=(NoticeKind.STARTED, NoticeKind.FINISHED, NoticeKind.CANCELLED))
"""Notices of what has happened, whose words were approved together with the window's."""


def work_out_change(window: Window, change: Change, *, now: datetime) -> None:
    """Do what the change calls for; the window is locked by the caller."""
    _CALLS_FOR[Change.What(change.what)](window, change, now)


def _booked(window: Window, change: Change, now: datetime) -> None:
    if change.revision == window.revision and window.status != Window.Status.CANCELLED:
        _announce(window, change, now, NoticeKind.ANNOUNCED)


def _rescheduled(window: Window, change: Change, now: datetime) -> None:
    withdraw_notices(window, "The window was moved.", now=now)
    if change.revision != window.revision or window.status == Window.Status.CANCELLED:
        return
    told = facts.times_told(window, ranges.revisions_told(window), before=window.revision)
    if told == (window.starts_at, window.ends_at):  # back where customers think it is
        _announce(window, change, now)
    else:
        _announce(window, change, now, NoticeKind.RESCHEDULED if _told(window) else NoticeKind.ANNOUNCED)


def _announce(window: Window, change: Change, now: datetime, *first: NoticeKind) -> None:
    """Draft the announcement (or the new time, to those who hold the old one) and the reminders."""
    promise = policies.promise()
    due: dict[str, Callable[[NoticeRule], datetime]] = {
        NoticeKind.ANNOUNCED: lambda rule: promise.due_at(window.starts_at, rule.lead),
        NoticeKind.RESCHEDULED: lambda rule: now,
        NoticeKind.REMINDER: lambda rule: policies.due_at(window.starts_at, rule.lead),
    }
    for rule in _rules(window, *first, NoticeKind.REMINDER):
        write_texts(
            _notice(window, change, NoticeKind(rule.kind), rule.channels, due_at=due[rule.kind](rule))
        )


def _approved(window: Window, change: Change, now: datetime) -> None:
    """Once both approvals are given, the drafts of this revision become plans."""
    if window.status != Window.Status.APPROVED or change.revision != window.revision:
        return
    drafts = list(window.notices.filter(status=Notice.Status.DRAFT, revision=window.revision))
    needless = needless_reminders(drafts, now=now)
    for notice in drafts:
        if notice.true_until <= now:
            _end(notice, Notice.Status.EXPIRED, "Its time had passed before it was approved.", now=now)
        elif notice.pk in needless:
            _end(notice, Notice.Status.WITHDRAWN, f"Not sent: {needless[notice.pk]}", now=now)
        else:
            notice.status = Notice.Status.PLANNED
            notice.save(update_fields=["status"])


def needless_reminders(notices: Iterable[Notice], *, now: datetime) -> dict[int, str]:
    """The drafted reminders that would go out no later than what they remind of, were it approved now.

    By their numbers, each with the reason as the end of a sentence. Such a reminder stays needless however
    much later the approval comes.
    """
    drafts = [notice for notice in notices if notice.status == Notice.Status.DRAFT]
    first = [notice for notice in drafts if notice.kind != NoticeKind.REMINDER]
    told_at = max((max(notice.due_at, now) for notice in first), default=now)
    why = (
        "the new time is told at the same time."
        if any(notice.kind == NoticeKind.RESCHEDULED for notice in first)
        else "the announcement goes out at the same time."
        if first
        else "its time has passed, and customers know when the work is."
    )
    return {
        notice.pk: why for notice in drafts if notice.kind == NoticeKind.REMINDER and notice.due_at <= told_at
    }


def _rejected(window: Window, change: Change, now: datetime) -> None:
    if change.revision == window.revision:
        withdraw_notices(window, f"Rejected: {change.reason}", now=now)


def _started(window: Window, change: Change, now: datetime) -> None:
    withdraw_notices(window, "The window has begun.", now=now, kinds=(NoticeKind.REMINDER,))
    for rule in _rules(window, NoticeKind.STARTED):
        say_now(_notice(window, change, NoticeKind.STARTED, rule.channels, due_at=now))


def _finished(window: Window, change: Change, now: datetime) -> None:
    withdraw_notices(window, "The window is over.", now=now)
    for rule in _rules(window, NoticeKind.FINISHED):
        say_now(_notice(window, change, NoticeKind.FINISHED, rule.channels, due_at=now))


def _cancelled(window: Window, change: Change, now: datetime) -> None:
    """Tell those whom an earlier notice may have reached, by the channels it reached them by."""
    withdraw_notices(window, "The window was cancelled.", now=now)
    told = _told(window)  # after the withdrawal: what was on its way then may have arrived
    channels = [
        channel
        for rule in _rules(window, NoticeKind.CANCELLED)
        for channel in rule.channels
        if channel in told
    ]
    if channels:
        say_now(_notice(window, change, NoticeKind.CANCELLED, channels, due_at=now, only_told=True))


_CALLS_FOR: Final[dict[Change.What, Callable[[Window, Change, datetime], None]]] = {
    Change.What.BOOKED: _booked,
    Change.What.RESCHEDULED: _rescheduled,
    Change.What.CHANGE_APPROVED: _approved,
    Change.What.TEXT_APPROVED: _approved,
    Change.What.REJECTED: _rejected,
    Change.What.STARTED: _started,
    Change.What.FINISHED: _finished,
    Change.What.CANCELLED: _cancelled,
}

_TRUE_UNTIL: Final[dict[NoticeKind, Callable[[Window, datetime], datetime]]] = {
    NoticeKind.ANNOUNCED: lambda window, now: window.starts_at,
    NoticeKind.RESCHEDULED: lambda window, now: window.starts_at,
    NoticeKind.REMINDER: lambda window, now: window.starts_at,
    NoticeKind.STARTED: lambda window, now: max(window.ends_at, now + timedelta(hours=1)),
    NoticeKind.FINISHED: lambda window, now: now + _AFTERMATH,
    NoticeKind.CANCELLED: lambda window, now: max(window.ends_at, now + _AFTERMATH),
}
"""Until when each kind's words are still true."""


def withdraw_notices(
    window: Window, reason: str, *, now: datetime, kinds: Sequence[NoticeKind] = tuple(NoticeKind)
) -> None:
    """Take back every notice of the window that is not out yet, and what is queued of the others."""
    notices = list(window.notices.filter(kind__in=kinds).values_list("pk", flat=True))
    Notice.objects.filter(pk__in=notices, status__in=_UNSENT).update(
        status=Notice.Status.WITHDRAWN, withdrawn=True, reason=reason[:200], ended_at=now
    )
    queue.withdraw_deliveries(notices, reason, now=now)


def _rules(window: Window, *kinds: NoticeKind) -> list[NoticeRule]:
    """The lines of the customers' policy for these kinds that hold for this window."""
    money = window.services.filter(moves_money=True).exists()
    rules = policies.policy_of().rules.filter(kind__in=kinds).order_by("-lead", "id")
    return [rule for rule in rules if money or not rule.only_money]


def _notice(
    window: Window,
    change: Change,
    kind: NoticeKind,
    channels: Sequence[str],
    *,
    due_at: datetime,
    only_told: bool = False,
) -> Notice:
    notice, _ = Notice.objects.get_or_create(
        change=change,
        kind=kind,
        due_at=due_at,
        channels=[channel for channel in channels if channel in settings.CHANNELS],
        defaults={
            "window": window,
            "revision": window.revision,
            "true_until": _TRUE_UNTIL[kind](window, due_at),
            "only_told": only_told,
        },
    )
    return notice


def write_texts(notice: Notice) -> bool:
    """Give a draft its words; what they lack is kept as its reason for the page to show."""
    try:
        texts = _approved_words(notice) or wording.drafted_texts(notice, _revisions_told(notice))
    except wording.Incomplete as lacking:
        notice.reason = str(lacking)[:200]
    else:
        notice.reason = ""
        Text.objects.bulk_create(texts, ignore_conflicts=True)
    notice.save(update_fields=["reason"])
    return not notice.reason


def keep_standard_words(window: Window) -> None:
    """Keep what start, end and cancellation will say, as the approver of this revision sees it now.

    Kept beside the first notice of the revision, as variants of its texts; what is changed later in the
    services or their alternatives does not reach customers under this approval.
    """
    beside = window.notices.filter(revision=window.revision).order_by("pk")[0]
    for rule in _rules(window, NoticeKind.STARTED, NoticeKind.FINISHED, NoticeKind.CANCELLED):
        channels = [channel for channel in rule.channels if channel in settings.CHANNELS]
        texts = wording.standard_texts(window, NoticeKind(rule.kind), None, channels)
        for text in texts:
            text.notice, text.variant = beside, rule.kind
        Text.objects.bulk_create(texts, ignore_conflicts=True)


def _approved_words(notice: Notice) -> list[Text]:
    """The words approved for what has now happened; empty where some were not there to be approved."""
    window = notice.window
    revision = window.revision
    if notice.kind == NoticeKind.CANCELLED:
        revision = facts.last_told(_revisions_told(notice), before=window.revision + 1) or revision
    kept = Text.objects.filter(
        notice__window=window, notice__revision=revision, variant=notice.kind, channel__in=notice.channels
    )
    if kept.count() < len(notice.channels) * len(settings.LANGUAGES):
        return []
    return [
        Text(
            notice=notice,
            channel=text.channel,
            language=text.language,
            subject=text.subject,
            body=text.body,
            html=text.html,
        )
        for text in kept
    ]


def say_now(notice: Notice) -> None:
    """Words that need no approval of their own, because the approver saw them with the window's."""
    if write_texts(notice):
        # only from a draft: it may have been withdrawn since it was read
        Notice.objects.filter(pk=notice.pk, status=Notice.Status.DRAFT).update(status=Notice.Status.PLANNED)


def _end(notice: Notice, status: Notice.Status, reason: str, *, now: datetime) -> None:
    notice.status, notice.reason, notice.ended_at = status, reason, now
    notice.withdrawn = status == Notice.Status.WITHDRAWN
    notice.save(update_fields=["status", "withdrawn", "reason", "ended_at"])


def _told(window: Window) -> set[str]:
    """The channels by which an earlier notice of the window may have reached somebody."""
    return {channel for channel, _ in ranges.reached_by(window)}


def _revisions_told(notice: Notice) -> set[int]:
    """What may have been heard of the window, where the notice's words depend on that."""
    return ranges.revisions_told(notice.window) if notice.kind in facts.LOOKS_BACK else set()
