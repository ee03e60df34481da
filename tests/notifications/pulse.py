"""A clock and workers that have been at work for an hour, or have fallen silent, as rows."""

from __future__ import annotations

from datetime import timedelta

from notifications import sql
from notifications.models import Heartbeat
from notifications.operations.heartbeats import CLOCK
from notifications.operations.schedule import JOBS

_HOUR = timedelta(hours=1)


def beats(
    *names: str, age: timedelta = timedelta(0), steady: timedelta = _HOUR, idle: timedelta | None = None
) -> None:
    """These were done so long ago, without a gap for so long before, and found nothing to do since."""
    moment = sql.database_now() - age
    for name in names:
        Heartbeat.objects.update_or_create(
            hand=name,
            process="elsewhere:1",
            defaults={
                "beat_at": moment,
                "since": moment - steady,
                "worked_at": None if idle is None else moment - idle,
            },
        )


def all_is_well() -> None:
    """The clock ticks and every job runs."""
    beats(CLOCK, *(job.name for job in JOBS))
