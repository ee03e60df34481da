"""What waits in; what has waited too long, or is in doubt, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from notifications import channels, sql
from notifications.operations.checks import senders
from notifications.operations.checks.findings import Finding, length_of, number_of
from notifications.operations.checks.processes import silence_while_busy, time_at_work
from notifications.operations.heartbeats import SENDING, SERVING, LastBeat
from notifications.operations.queries import backlog
from notifications.planning import notices

LATE: Final = timedelta(minutes=3)
"""How long a channel with something due may send nothing; a slow sender still sends within it."""

UNREAD: Final = timedelta(minutes=10)
"""How long a receipt may wait: its delivery was committed before the provider heard of it."""


def unsettled_notices() -> timedelta:
    """How long reconciliation may take: twice its longest wait."""
    return timedelta(seconds=2 * settings.UNKNOWN_WAIT_SECONDS)


def unprepared_notices(now: datetime) -> Iterator[Finding]:
    """Whatever the workers' heartbeats say."""
    if notices.stuck_notices(now=now):
        yield Finding(
            "notices",
            "Notices are due and not prepared, or changes have no notices yet. "
            "Where a worker runs, its log says what stops them.",
        )


def overdue_queues(pulses: Mapping[str, LastBeat], now: datetime) -> Iterator[Finding]:
    """A queue is no fault while it moves, or while its sender rests: that is told by itself."""
    at_work = time_at_work(pulses)
    for channel in settings.CHANNELS if at_work > silence_while_busy() else ():
        since = backlog.due_since(channel, now=now)
        waited = min(now - since, at_work) if since else timedelta(0)
        sending = pulses.get(f"{SENDING}{channel}")
        if waited > silence_while_busy() and (sending is None or sending.age > silence_while_busy()):
            yield Finding(f"sender {channel}", _unsent(channel, waited, pulses.get(f"{SERVING}{channel}")))
        elif waited > LATE and (sending is None or sending.idle is None or sending.idle > LATE):
            yield from _stuck(channel, waited, now)


def _unsent(channel: str, waited: timedelta, serving: LastBeat | None) -> str:
    """Nobody is there to send them, or somebody is and does not."""
    due = f"{channels.label_of(channel)}: messages have been due for {length_of(waited)}, and"
    if serving is None or not serving.processes:
        last = f" The last one fell silent {length_of(serving.age)} ago." if serving else ""
        return (
            f"{due} no running worker serves this channel.{last} Start one "
            f"(celery -A config worker --queues lull.{channel})."
        )
    names = ", ".join(serving.where[:_NAMED]) + (", ..." if serving.processes > _NAMED else "")
    them = "is 1 process" if serving.processes == 1 else f"are {serving.processes} processes"
    return (
        f"{due} nothing is sent, though there {them} for this channel ({names}). They hang, are busy with "
        "other work, or no longer hear Redis: see the workers' log, and restart them."
    )


_NAMED: Final = 3
"""Processes that are named; the others are like them."""


def _stuck(channel: str, waited: timedelta, now: datetime) -> Iterator[Finding]:
    if not senders.sender_stands(channel, now=now):
        yield Finding(
            f"due {channel}",
            f"{channels.label_of(channel)}: the oldest message has been due for {length_of(waited)}, and "
            f"none has gone for {length_of(LATE)}, though a worker tries. Its log says why.",
        )


def growing_doubt() -> Iterator[Finding]:
    """Doubt that grows, or that nothing ends."""
    moment = sql.database_now()
    for channel in settings.CHANNELS:
        waiting = backlog.unknown_deliveries(channel)
        old = waiting.since is not None and moment - waiting.since > unsettled_notices()
        if waiting.since is not None and (old or waiting.number > backlog.tolerated_doubts(channel)):
            yield Finding(
                f"unknown {channel}",
                f"{channels.label_of(channel)}: of {number_of(waiting)} nobody knows whether they were sent, "
                f"the oldest for {length_of(moment - waiting.since)}. Receipts and the provider are asked by "
                "themselves; what they leave is decided in the admin under Unknown.",
            )


def late_receipts(now: datetime) -> Iterator[Finding]:
    """Those that are early wait for seconds."""
    waiting = backlog.waiting_receipts()
    if waiting.since is not None and now - waiting.since > UNREAD:
        yield Finding(
            "receipts",
            f"Receipts wait ({number_of(waiting)}), the oldest for {length_of(now - waiting.since)}. "
            "Nobody works on them, or they name deliveries that are not there: was the database put back to "
            "an earlier state?",
        )
