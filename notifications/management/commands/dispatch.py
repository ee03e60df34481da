"""Nothing in; the clock and the senders without Celery, until SIGTERM or Ctrl-C, out.

What the workers' tasks do, from the same functions, by looking every second instead of being woken.
Several at once, and beside workers, are harmless: rows are claimed.
"""

from __future__ import annotations

import logging
import math
import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections, connection

from notifications.operations import channel_threads, heartbeats, jobs
from notifications.operations.monitor import Monitor
from notifications.operations.schedule import JOBS

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 40.0
"""For the messages under way at the end: longer than the longest call."""


class Command(BaseCommand):
    """Threads for the clock's jobs and for the senders."""

    help = "Do the clock's and the workers' work in one process, without Celery and Redis."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which channels, of those that are switched on."""
        parser.add_argument(
            "--channel",
            action="append",
            dest="channels",
            metavar="CHANNEL",
            help="send on this channel alone; may be named more than once (all of CHANNELS)",
        )

    def handle(self, *args: Any, channels: list[str] | None, **options: Any) -> None:
        """Work until told to stop; what is under way is brought to its end."""
        for channel in channels or ():
            if channel not in settings.CHANNELS:
                raise CommandError(f"{channel!r} is none of CHANNELS: {', '.join(settings.CHANNELS)}.")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        served = channels or settings.CHANNELS
        threads = [
            _thread("jobs", Moving(stop).turn, stop),
            _thread("senders", Sending(served, stop).turn, stop),
        ]
        heartbeats.keep_beating([f"{heartbeats.SERVING}{channel}" for channel in served])
        monitor = Monitor()
        monitor.ticked()
        for thread in threads:
            thread.start()
        self.stdout.write("Dispatching. SIGTERM or Ctrl-C ends it after the messages under way.")
        self.stdout.flush()  # ready when read from a pipe, too
        while not stop.wait(_LOOK_SECONDS):
            monitor.ticked()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        channel_threads.close_threads()
        monitor.stop()
        self.stdout.write("Stopped.")


class Moving:
    """The jobs of the clock, each as often as the schedule says, one after the other."""

    def __init__(self, stop: threading.Event) -> None:
        """All are due at once."""
        self._stop = stop
        self._due = {job.name: 0.0 for job in JOBS}

    def turn(self) -> None:
        """Run those that are due; one that fails does not keep the others waiting."""
        for job in JOBS:
            if self._stop.is_set() or time.monotonic() < self._due[job.name]:
                continue
            self._due[job.name] = time.monotonic() + job.seconds
            try:
                jobs.JOBS[job.name]()
            except Exception:
                log.exception("%s failed; it is tried again", job.name)
                close_old_connections()
            else:
                heartbeats.record_beat(job.name)


class Sending:
    """The channels, side by side."""

    def __init__(self, channels: Sequence[str], stop: threading.Event) -> None:
        """Until `stop`."""
        self._channels, self._stop = channels, stop

    def turn(self) -> None:
        """Send what is due, for as long as anything is."""
        channel_threads.serve(self._channels, stopping=self._stop.is_set, seconds=math.inf)


def _thread(name: str, turn: Callable[[], None], stop: threading.Event) -> threading.Thread:
    def go() -> None:
        while not stop.is_set():
            try:
                turn()
            except Exception:  # a database that was away, for one; the rows are still there
                log.exception("%s failed; it is tried again", name)
            close_old_connections()
            stop.wait(_LOOK_SECONDS)
        connection.close()

    return threading.Thread(target=go, name=name, daemon=True)
