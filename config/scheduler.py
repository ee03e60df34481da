"""Celery's schedule in; its tasks in time, and a monitor beside them, out."""

from __future__ import annotations

from typing import Any

from celery import beat

from notifications.operations.monitor import Monitor


class Scheduler(beat.Scheduler):
    """Celery's own, which keeps no file: every run is due from rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Celery's."""
        self._monitor = Monitor()
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Celery's, and the monitor hears of it."""
        # said before: with a broker that is away the first one may never come to its end
        self._monitor.ticked()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        """As Celery's."""
        self._monitor.stop()
        super().close()
