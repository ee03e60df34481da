"""Celery's timetable in; its tasks in time, and a watchman beside them, out."""

from __future__ import annotations

from typing import Any

from celery import beat

from notifications.operations.monitor import Watchman


class Scheduler(beat.Scheduler):
    """Celery's own, which keeps no file: every run is due from rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Celery's."""
        self._watchman = Watchman()
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Celery's, and the watchman hears of it."""
        # said before: with a broker that is away the first one may never come to its end
        self._watchman.ticked()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        """As Celery's."""
        self._watchman.stop()
        super().close()
