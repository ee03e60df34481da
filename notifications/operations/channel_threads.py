"""Channels in; what is due on each of them sent by a thread of its own, side by side, out.

A channel that is slow, rests or fails keeps no other waiting. Workers and `dispatch` both send this way.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Final

from django.db import Error, close_old_connections, connection

from notifications.channels.providers.http import loops
from notifications.delivery import sending
from notifications.operations import jobs

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often is looked whether something has become due on a channel that is not being sent on."""
_GRACE_SECONDS: Final = 2.0
"""So long after its end a turn still waits for answers; those that take longer are settled without it."""
_KEPT_SECONDS: Final = 60.0
"""How long a thread without work keeps its connections to the database and the provider."""

Drain = Callable[[], int]


class _Thread:
    """The thread of one channel in this process. What it has open stays open from one drain to the next."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._busy = threading.Lock()
        self._jobs: queue.SimpleQueue[tuple[Drain, Future[int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=channel, daemon=True)
        self._thread.start()

    def begin(self, drain: Drain, ended: Future[int]) -> bool:
        """Whether it does so; not where it is at another."""
        if not self._busy.acquire(blocking=False):
            return False
        self._jobs.put((drain, ended))
        return True

    def is_alive(self) -> bool:
        """Not where it came upon what nobody expects."""
        return self._thread.is_alive()

    def end(self, seconds: float) -> None:
        """Close what it has open; one that still waits for the network then ends with the process."""
        self._jobs.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while job := self._next():
            drain, ended = job
            settled = 0
            try:
                settled = drain()
            except Exception:  # a database that was away, for one; the rows are still there
                log.exception("sending on %s failed; it is tried again", self._channel)
            finally:
                self._close_what_is_broken()
                self._busy.release()
                ended.set_result(settled)
        self._let_go()

    def _next(self) -> tuple[Drain, Future[int]] | None:
        try:
            return self._jobs.get(timeout=_KEPT_SECONDS)
        except queue.Empty:
            self._let_go()
            return self._jobs.get()

    def _close_what_is_broken(self) -> None:
        try:
            close_old_connections()
        except Error:
            log.warning("a connection of %s could not be closed", self._channel, exc_info=True)

    def _let_go(self) -> None:
        try:
            loops.close_own()
        except Exception:  # it is forgotten, and the next drain makes another
            log.warning("what %s had open could not be closed", self._channel, exc_info=True)
        connection.close()


_threads: Final[dict[tuple[int, str], _Thread]] = {}
"""By process, because a fork takes no threads along, and channel."""
_making: Final = threading.Lock()


def _thread(channel: str) -> _Thread:
    with _making:
        key = (os.getpid(), channel)
        if key not in _threads or not _threads[key].is_alive():
            _threads[key] = _Thread(channel)
        return _threads[key]


def close_threads(seconds: float = 1.0) -> None:
    """End the threads of this process, which takes so long at most, and close what they have open."""
    until = time.monotonic() + seconds
    with _making:
        for key in [key for key in _threads if key[0] == os.getpid()]:
            _threads.pop(key).end(max(0.0, until - time.monotonic()))


def serve(
    channels: Sequence[str],
    *,
    stopping: Callable[[], bool] = lambda: False,
    seconds: float = sending.TURN_SECONDS,
) -> int:
    """Send what is due on these channels, and what becomes due meanwhile; how many were settled.

    It ends when nothing is due that can be sent, or after so many seconds. A channel whose calls are not
    answered by then is left to its thread, which takes no more and settles them; until it has, turns pass
    it by. After `stopping` says so nothing is begun, and all answers are waited for. Several turns at once
    share the threads.
    """
    return _Turn(channels, stopping, seconds).run()


class _Turn:
    """What is being sent on at this moment, and what has come of it."""

    def __init__(self, channels: Sequence[str], stopping: Callable[[], bool], seconds: float) -> None:
        self._channels, self._stopping = channels, stopping
        self._until = time.monotonic() + seconds
        self._running: dict[str, Future[int]] = {}
        self._settled = 0

    def run(self) -> int:
        looked_at, free = time.monotonic(), list(self._channels)
        while True:
            self._begin(free)
            if not self._running or self._leaves():
                return self._settled
            left = looked_at + LOOK_SECONDS - time.monotonic()
            wait(list(self._running.values()), max(0.0, left), return_when=FIRST_COMPLETED)
            free = self._ended()  # those that got on go on at once, while it is their turn
            if time.monotonic() >= looked_at + LOOK_SECONDS:
                looked_at, free = time.monotonic(), list(self._channels)
            elif time.monotonic() >= self._until:
                free = []

    def _begin(self, channels: Iterable[str]) -> None:
        free = [channel for channel in channels if channel not in self._running]
        if not free or self._is_over():
            return
        for channel in self._due(free):
            ended: Future[int] = Future()
            self._running[channel] = ended
            if not _thread(channel).begin(self._drain(channel), ended):
                del self._running[channel]  # somebody else in this process sends on it

    def _leaves(self) -> bool:
        return time.monotonic() >= self._until + _GRACE_SECONDS and not self._stopping()

    def _due(self, channels: Sequence[str]) -> Sequence[str]:
        try:
            return jobs.waiting_channels(channels)
        except Error:
            if not self._running:
                raise
            log.warning("whether something is due cannot be seen; it is tried again", exc_info=True)
            close_old_connections()
            return ()

    def _is_over(self) -> bool:
        return time.monotonic() >= self._until or self._stopping()

    def _drain(self, channel: str) -> Drain:
        return lambda: jobs.deliver(channel, stopping=self._is_over)

    def _ended(self) -> list[str]:
        """The channels that have come to their end since the last time and had something to send."""
        ended = [channel for channel, future in self._running.items() if future.done()]
        counts = {channel: self._running.pop(channel).result() for channel in ended}
        self._settled += sum(counts.values())
        return [channel for channel, settled in counts.items() if settled]
