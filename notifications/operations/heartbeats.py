"""What a process has just done in; who works, and who has fallen silent, out.

One row for each job and process, one for each process that is a clock, and one for each
channel that a process serves. All is judged by the database's clock, so that machines whose clocks differ
agree on who is dead.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Case, F, Q, Value, When

from notifications import sql
from notifications.models import Heartbeat

log = logging.getLogger(__name__)

CLOCK: Final = "clock"
"""The clock itself: it ticks, whoever does the work."""

SENDING: Final = "deliver "
"""Before a channel's name: sending on it."""

SERVING: Final = "serve "
"""Before a channel's name: a process that sends on it when it is woken, whatever it does meanwhile."""

_KEPT: Final = timedelta(hours=1)
"""How long the row of a process that is gone stays: long enough to be looked at."""


@dataclass(frozen=True, slots=True)
class LastBeat:
    """How one thing is done, in whichever process."""

    age: timedelta
    """Since it was last moved."""
    steady: timedelta
    """For how long it has been moved without a silence; nothing where it is silent."""
    idle: timedelta | None
    """Since it last found something to do; None where it never did."""
    processes: int
    """How many move it now."""
    where: Sequence[str] = ()
    """Which these are, each as its host and process id."""


def silence_limit() -> timedelta:
    """After how long without a beat something is dead."""
    return timedelta(seconds=settings.SILENT_SECONDS)


def beat_interval() -> timedelta:
    """A heart beats no more often than this on the disk: several times before a silence alarms."""
    return silence_limit() / 6


def record_beat(hand: str, *, worked: bool = False) -> None:
    """This process has just done it; `worked` where there was something to do."""
    clock, mine = sql.database_now(), Heartbeat.objects.filter(hand=hand, process=_process())
    since = Case(When(beat_at__lt=clock - silence_limit(), then=Value(clock)), default=F("since"))
    if (
        not mine.filter(beat_at__lt=clock - beat_interval()).update(beat_at=clock, since=since)
        and not mine.exists()
    ):
        new = Heartbeat(hand=hand, process=_process(), since=clock, beat_at=clock)
        Heartbeat.objects.bulk_create([new], ignore_conflicts=True)
    if worked:
        late = Q(worked_at__isnull=True) | Q(worked_at__lt=clock - beat_interval())
        mine.filter(late).update(worked_at=clock)


def keep_beating(names: Sequence[str]) -> threading.Event:
    """Leave heartbeats under these names for as long as this process lives, or until the event is set.

    By a thread of its own, with a connection for each time: one that is idle for days keeps none.
    """
    stop = threading.Event()
    threading.Thread(target=_keep, args=(names, stop), name="heartbeat", daemon=True).start()
    return stop


def _keep(names: Sequence[str], stop: threading.Event) -> None:
    while True:
        try:
            for name in names:
                record_beat(name)
        except Exception:  # whatever it is, the next time may succeed
            log.exception("no heartbeat could be left; it is tried again")
        finally:
            connection.close()
        if stop.wait(silence_limit().total_seconds() / 3):
            return


def last_beats() -> dict[str, LastBeat]:
    """Each thing that anybody did within the last hour, by its name."""
    clock = sql.database_now()
    found: dict[str, list[Heartbeat]] = {}
    for row in Heartbeat.objects.order_by("hand", "pk"):
        found.setdefault(row.hand, []).append(row)
    return {hand: _pulse(rows, clock) for hand, rows in found.items()}


def database_refusal() -> str:
    """Why the database takes no heartbeat of whoever comes to it now, in its words; empty where it does.

    Tried by a new connection: a kept one knows nothing of a database that lets nobody else in. Nothing stays
    of the trial.
    """
    if not connection.in_atomic_block:
        connection.close()
    try:
        with transaction.atomic():
            moment = sql.database_now()
            Heartbeat.objects.create(hand="trial", process=str(uuid.uuid4()), since=moment, beat_at=moment)
            transaction.set_rollback(True)
    except Error as refused:
        return str(refused).partition("\n")[0].rpartition("FATAL:")[2].strip()[:200] or type(refused).__name__
    return ""


def _pulse(rows: Sequence[Heartbeat], clock: datetime) -> LastBeat:
    alive = [row for row in rows if row.beat_at >= clock - silence_limit()]
    return LastBeat(
        age=clock - max(row.beat_at for row in rows),
        steady=clock - min(row.since for row in alive) if alive else timedelta(0),
        idle=min((clock - row.worked_at for row in rows if row.worked_at), default=None),
        processes=len(alive),
        where=tuple(sorted(row.process for row in alive)),
    )


def forget_dead() -> None:
    """Drop the rows of processes that are long gone."""
    Heartbeat.objects.filter(beat_at__lt=sql.database_now() - _KEPT).delete()


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:120]
