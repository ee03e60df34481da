"""Nothing in; one turn of each of the clock's jobs, as Celery's tasks and `dispatch` both do it, out.

Every turn goes by the database's clock, whatever the machine's own shows: a process whose clock is a day
off sends nothing early, ends nothing that is still true, and puts nothing off by a day.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from maintenance.booking import rechecks, series
from maintenance.staff import sign_in
from notifications import sql
from notifications.delivery import backfill, polling, queue, receipts, reconciliation, sending
from notifications.delivery.database_time import Clock, corrected_clock
from notifications.operations import heartbeats
from notifications.planning import notices, preparation
from notifications.reporting import progress

log = logging.getLogger(__name__)

_TURN_SECONDS: Final = 8
"""How long one tick prepares before others get their turn; the next one goes on."""

_WAKE_SECONDS: Final = 1.0


def tick(*, wake: Callable[[], None] = lambda: None) -> None:
    """Plan what happened, prepare what is due, and work on what providers said.

    `wake` is called first, about once a second of preparing, and after it: no sender waits for a notice of
    a million to be prepared to its end, or for receipts.
    """
    clock = corrected_clock()
    wake()
    notices.plan_notices(now=clock())
    begun = time.monotonic()
    woken_at, stop = begun, begun + _TURN_SECONDS
    for notice in notices.due_notices(now=clock()):
        while time.monotonic() < stop and not _prepare(notice, clock):
            if time.monotonic() >= woken_at + _WAKE_SECONDS:
                wake()
                woken_at = time.monotonic()
    wake()
    receipts.apply_receipts(now=clock())


def _prepare(notice: int, clock: Clock) -> bool:
    """Whether there is nothing more to do for it now."""
    try:
        return preparation.prepare(notice, now=clock())
    except Exception:  # whatever it is, the other notices must not wait for it
        log.exception("notice %s cannot be prepared; it is tried again", notice)
        return True


def sweep() -> None:
    """Take back what dead processes held or our own fault failed, end what is untrue, sum up the counters.

    What an earlier version has written is read first.
    """
    backfill.read_earlier_rows(now=sql.database_now())
    queue.sweep_deliveries(now=sql.database_now())
    queue.put_back(now=sql.database_now())
    progress.fold_tallies()


def reconcile() -> None:
    """Find out what became of the unknown."""
    with sql.alone_at("reconcile") as mine:
        if mine:
            reconciliation.reconcile(now=sql.database_now())


def poll() -> None:
    """Ask what became of those that were sent and not heard of."""
    with sql.alone_at("poll") as mine:  # one that is slow must not take every worker from the senders
        if mine:
            polling.poll(now=sql.database_now())


def recheck() -> None:
    """Look again at what is booked: something may have come to stand against it."""
    rechecks.recheck_windows(sql.database_now())


def extend() -> None:
    """Book what has come near of the windows that repeat."""
    series.extend_series(sql.database_now())


def clean_sign_ins() -> None:
    """Forget what is no longer needed to throttle, or was kept long enough."""
    sign_in.delete_outdated(now=sql.database_now())


JOBS: Final[Mapping[str, Callable[[], None]]] = {
    job.__name__: job for job in (tick, sweep, reconcile, poll, recheck, extend, clean_sign_ins)
}
"""By the names of the schedule."""


def waiting_channels(channels: Sequence[str] | None = None) -> list[str]:
    """Those of the channels on which something is due now; of all that are switched on if none are named."""
    return progress.waiting_channels(channels, now=sql.database_now())


def deliver(channel: str, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due on one channel, the bank's own customers first; how many were settled.

    It leaves a heartbeat while it goes on: with slow calls a turn may last longer than a silence.
    """
    beat = f"{heartbeats.SENDING}{channel}"
    beaten_at = -math.inf

    def asked() -> bool:
        nonlocal beaten_at
        if time.monotonic() - beaten_at > heartbeats.beat_interval().total_seconds():
            beaten_at = time.monotonic()
            heartbeats.record_beat(beat)
        return stopping()

    asked()
    clock = corrected_clock()
    begun = time.monotonic()
    settled = sending.drain(channel, demonstration=False, clock=clock, stopping=asked)
    if time.monotonic() - begun < sending.TURN_SECONDS:
        settled += sending.drain(channel, demonstration=True, clock=clock, stopping=asked)
    heartbeats.record_beat(beat, worked=settled > 0)
    return settled
