"""A process that is a clock in; its heartbeat, and mails to operators about what is wrong, out.

Both by threads with connections of their own: neither a database nor a mail server that hangs can stop
the ticks. Nothing here goes through the queue that is watched.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import Error, close_old_connections, connection

from notifications import sql
from notifications.operations import alerts, heartbeats, operator_mail

log = logging.getLogger(__name__)

_NO_DATABASE: Final = (
    "The database has not answered the clock for {seconds} s. Nothing is planned, prepared, sent or settled "
    "until it does; then everything goes on by itself, and what was under way is found by its leases."
)


class Monitor:
    """Threads beside a clock; the clock says each time that it ticks."""

    def __init__(self) -> None:
        """Nothing runs before the first tick, so that a clock which is only asked for its plan has none."""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ticked_at = time.monotonic()
        self._lost_at: float | None = None
        self._told_at: float | None = None

    def ticked(self) -> None:
        """The clock goes on. One that does not say so leaves no heartbeat."""
        self._ticked_at = time.monotonic()
        if not self._threads:
            often, silence = (
                heartbeats.beat_interval().total_seconds(),
                heartbeats.silence_limit().total_seconds(),
            )
            # the first look comes late: a clock that was away has just begun to make up for it
            work: list[tuple[str, Callable[[], None], float, float]] = [
                ("heartbeat", self._beat, 0, often),
                ("watch", self._look, silence / 2, silence / 2),
            ]
            self._threads = [
                threading.Thread(target=self._every, name=name, args=(do, first, seconds), daemon=True)
                for name, do, first, seconds in work
            ]
            for thread in self._threads:
                thread.start()

    def stop(self, *, patience: float = 1.0) -> None:
        """End the threads; one that hangs ends with the process."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience)

    def _every(self, do: Callable[[], None], first: float, seconds: float) -> None:
        wait = first
        while not self._stop.wait(wait):
            wait = seconds
            try:
                do()
            except Exception:  # whatever it is, the next turn may succeed
                log.exception("%s failed; it is tried again", threading.current_thread().name)
            close_old_connections()
        connection.close()

    def _beat(self) -> None:
        if time.monotonic() - self._ticked_at <= heartbeats.silence_limit().total_seconds() / 2:
            heartbeats.record_beat(heartbeats.CLOCK)

    def _look(self) -> None:
        try:
            now = sql.database_now()
            alerts.update_alarms(now=now)
            heartbeats.forget_dead()
        except Error:
            log.exception("the database does not answer the watch")
            self._miss_database()
            return
        self._found_database()
        alerts.tell_alarms(operator_mail.mail_operators, now=now)

    def _miss_database(self) -> None:
        """No row can claim this mail: each clock sends its own, once and again every hour."""
        self._let_go()
        moment = time.monotonic()
        self._lost_at = self._lost_at or moment
        missing = moment - self._lost_at
        due = self._told_at is None or moment - self._told_at >= alerts.AGAIN.total_seconds()
        if missing >= heartbeats.silence_limit().total_seconds() / 2 and due:
            operator_mail.mail_operators(
                f"{settings.BANK_NAME}: the database does not answer",
                _NO_DATABASE.format(seconds=int(missing)) + "\n",
            )
            self._told_at = moment

    def _let_go(self) -> None:
        connection.close()

    def _found_database(self) -> None:
        if self._told_at is not None:
            operator_mail.mail_operators(
                f"{settings.BANK_NAME}: over: the database answers again", "It goes on.\n"
            )
        self._lost_at = self._told_at = None
