"""How long a server is waited for, and the one timer that each line has for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TICK: Final = 1.0
"""Seconds between looks at the clock: a timer for each command would cost more than the command."""
_AGAIN: Final = 0.05


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the server's answer to a command, and to a text, which it may have to store."""

    reply: float
    content: float


class Deadline:
    """Calls `late` when a wait is not over in time."""

    def __init__(self, late: Callable[[], None]) -> None:
        """Nothing is waited for yet."""
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._at: float | None = None
        self._overdue: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seconds: float) -> None:
        """Wait from now on; whatever was waited for before has come."""
        self._at = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_later(min(_TICK, seconds), self._look)

    def rest(self) -> None:
        """Wait for nothing."""
        self._at = None

    def end(self) -> None:
        """Never look again."""
        self._at = None
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        """It is late only at the second look that finds it so.

        The loop stands still while its thread is busy elsewhere: what came meanwhile is read first.
        """
        self._timer = None
        if self._at is None:
            return
        left = self._at - self._loop.time()
        if left <= 0 and self._overdue == self._at:
            self._late()
            return
        self._overdue = self._at if left <= 0 else None
        self._timer = self._loop.call_later(min(_TICK, max(left, _AGAIN)), self._look)
