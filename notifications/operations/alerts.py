"""What is wrong now in; alarms opened, told to operators once and again while they last, and ended, out.

Any number of clocks may look at once. Opening is one row by its constraint; telling is claimed by a
conditional UPDATE with a lease, so that one of them mails, and another after it if it dies meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from notifications import sql
from notifications.models import Alarm
from notifications.operations import checks, heartbeats
from notifications.operations.checks import processes

AGAIN: Final = timedelta(hours=1)
"""How long after it was told an alarm that lasts is told again."""

_TELLING: Final = timedelta(minutes=2)
"""How long one process may take to tell: longer than a mail server's every timeout."""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm as pages and probes show it."""

    words: str
    since: datetime | None


def update_alarms(*, now: datetime) -> None:
    """Open alarms for what is wrong, and end those of what is not."""
    for wrong in checks.all_findings(now=now):
        words = wrong.words[:500]
        if not _open().filter(what=wrong.what[:160]).update(words=words, seen_at=now):
            made = Alarm(what=wrong.what[:160], words=words, since=now, seen_at=now)
            Alarm.objects.bulk_create([made], ignore_conflicts=True)
    # after two looks without it: what comes and goes is one alarm
    gone = _open().filter(seen_at__lte=now - heartbeats.silence_limit())
    gone.filter(told_at__isnull=True).update(ended_at=now, end_told_at=now)
    gone.update(ended_at=now)


def tell_alarms(send: Callable[[str, str], None], *, now: datetime) -> int:
    """Hand one message with all that is to be told to `send`; how many alarms it told.

    Where `send` raises, nothing counts as told, and the next look tries again.
    """
    mine = _claimed(now)
    if not mine:
        return 0
    begun = [alarm for alarm in mine if not alarm.ended_at and not alarm.told_at]
    lasting = [alarm for alarm in mine if not alarm.ended_at and alarm.told_at]
    over = [alarm for alarm in mine if alarm.ended_at]
    rows = Alarm.objects.filter(pk__in=[alarm.pk for alarm in mine])
    try:
        send(_subject(begun, lasting, over), _body(begun, lasting, over))
    except Exception:
        rows.update(telling_until=None)
        raise
    rows.filter(pk__in=[alarm.pk for alarm in over]).update(end_told_at=now)
    rows.exclude(pk__in=[alarm.pk for alarm in over]).update(told_at=now)
    rows.update(telling_until=None)
    return len(mine)


def open_alarms() -> list[OpenAlarm]:
    """What is wrong, as the clocks found it; whether there is a clock to find anything; and our settings."""
    silent = checks.dead_clock()
    dead = [OpenAlarm(wrong.words, None) for wrong in silent]
    if any(wrong.what == processes.DATABASE for wrong in silent):
        return dead  # what the clocks had found before, none of them can have looked at since
    found = _open().exclude(what=heartbeats.CLOCK).order_by("since", "pk")
    told = [OpenAlarm(alarm.words, alarm.since) for alarm in found]
    known = {standing.words for standing in told}
    ours = [
        OpenAlarm(wrong.words, None) for wrong in checks.setting_findings() if wrong.words[:500] not in known
    ]
    return dead + ours + told


def _open() -> QuerySet[Alarm]:
    return Alarm.objects.filter(ended_at__isnull=True)


def _claimed(now: datetime) -> list[Alarm]:
    """Those to tell now that no other process is telling."""
    clock = sql.database_now()
    lasts = Q(ended_at__isnull=True) & (Q(told_at__isnull=True) | Q(told_at__lte=now - AGAIN))
    over = Q(ended_at__isnull=False, end_told_at__isnull=True)
    free = Q(telling_until__isnull=True) | Q(telling_until__lte=clock)
    due = Alarm.objects.filter(lasts | over).filter(free)
    return [
        alarm
        for alarm in due.order_by("since", "pk")
        if due.filter(pk=alarm.pk, ended_at=alarm.ended_at).update(telling_until=clock + _TELLING)
    ]


def _subject(begun: Sequence[Alarm], lasting: Sequence[Alarm], over: Sequence[Alarm]) -> str:
    first = (*begun, *lasting, *over)[0]
    more = len(begun) + len(lasting) + len(over) - 1
    said = f"{first.words.split('. ')[0].rstrip('.')}{f' (and {more} more)' if more else ''}"
    return f"{settings.BANK_NAME}: {'' if begun else 'still: ' if lasting else 'over: '}{said}"


def _body(begun: Sequence[Alarm], lasting: Sequence[Alarm], over: Sequence[Alarm]) -> str:
    parts = [
        ("Needs you now:", begun),
        ("Still so:", lasting),
        ("Over:", over),
    ]
    said = [
        "\n".join([title, *(f"- {alarm.words}" for alarm in alarms)]) for title, alarms in parts if alarms
    ]
    return "\n\n".join([*said, f"{settings.BASE_URL}{reverse('admin:index')}"]) + "\n"
