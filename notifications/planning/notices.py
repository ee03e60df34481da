"""What happened to the windows in; their notices, planned once and due in time, out.

Each Change is worked out once, in one transaction with the row that says so.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from maintenance.booking import approvals
from maintenance.booking.validation import Refusal
from maintenance.models import Approval, Change, Window
from notifications import wording
from notifications.models import Notice, PlannedChange
from notifications.planning import on_change

log = logging.getLogger(__name__)

_CLOCK_PATIENCE: Final = timedelta(minutes=1)
"""Several ticks: a worker may be busy sending for one or two of them."""


class NotReady(Refusal):
    """The text cannot be approved as it stands; the sentence says what to do."""


def drafted_notices(window: Window, *, now: datetime) -> list[Notice]:
    """The window's notices as they stand, worked out at once rather than at the next tick."""
    for change in _unplanned().filter(window=window):
        _work_out(change.pk, now=now)
    for notice in window.notices.filter(status=Notice.Status.DRAFT).exclude(reason=""):
        on_change.write_texts(notice)
    return list(window.notices.order_by("due_at", "id"))


def approve_text(window: Window, *, revision: int, by: User, now: datetime) -> Approval:
    """Approve the customers' words of one revision. Raises NotReady or approvals.NotAllowed."""
    drafted = drafted_notices(window, now=now)
    needless = on_change.needless_reminders(drafted, now=now)
    incomplete = [
        notice
        for notice in drafted
        if notice.status == Notice.Status.DRAFT and notice.reason and notice.pk not in needless
    ]
    if incomplete:
        raise NotReady(incomplete[0].reason)
    if not any(notice.revision == revision for notice in drafted):
        raise NotReady("There is no text to approve for this revision: look at the window again.")
    try:
        with transaction.atomic():
            approval = approvals.approve(window, Approval.Subject.TEXT, revision=revision, by=by, now=now)
            on_change.keep_standard_words(window)
    except wording.Incomplete as lacking:
        raise NotReady(str(lacking)) from lacking
    return approval


def plan_notices(*, now: datetime) -> int:
    """Work out every change that has no notices yet; how many there were."""
    changes = list(_unplanned().values_list("pk", flat=True))
    for pk in changes:
        with _guarded(f"change {pk} cannot be worked out"):
            _work_out(pk, now=now)
    for notice in Notice.objects.filter(on_change.WITHOUT_APPROVAL, status=Notice.Status.DRAFT):
        with _guarded(f"notice {notice.pk} has no words yet"):
            on_change.say_now(notice)
    return len(changes)


@contextlib.contextmanager
def _guarded(words: str) -> Iterator[None]:
    """Whatever it is that fails, the other windows' customers must not wait for it."""
    try:
        yield
    except Exception:
        log.exception("%s; it is tried again", words)


def due_notices(*, now: datetime) -> list[int]:
    """The notices to prepare now. Those whose words are no longer true expire, with the reason."""
    ready = Notice.objects.filter(
        status__in=(Notice.Status.PLANNED, Notice.Status.PREPARING), due_at__lte=now
    )
    ready.filter(true_until__lte=now, status=Notice.Status.PLANNED).update(
        status=Notice.Status.EXPIRED, reason="Its time had passed before it could be sent.", ended_at=now
    )
    return list(ready.order_by("due_at", "id").values_list("pk", flat=True))


def stuck_notices(*, now: datetime) -> bool:
    """Whether something that the clock should have done is left: no worker, or no beat, is running."""
    before = now - _CLOCK_PATIENCE
    late = Notice.objects.filter(
        Q(status=Notice.Status.PLANNED, due_at__lte=before)
        | Q(status=Notice.Status.PREPARING, progress_at__lte=before)
    )
    return _unplanned().filter(at__lte=before).exists() or late.exists()


def _unplanned() -> QuerySet[Change]:
    return Change.objects.exclude(pk__in=PlannedChange.objects.values("change")).order_by("pk")


def _work_out(pk: int, *, now: datetime) -> None:
    """Do what one change calls for and mark it, in one transaction; a second caller finds it done."""
    with transaction.atomic():
        change = Change.objects.get(pk=pk)
        window = Window.objects.select_for_update().get(pk=change.window_id)
        _, fresh = PlannedChange.objects.get_or_create(change=change, defaults={"at": now})
        if fresh:
            change.window = window
            on_change.work_out_change(window, change, now=now)
