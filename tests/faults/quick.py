"""The clock of config.celery with its long pauses cut to seconds, so that a test need not sit them out.

For `celery -A tests.faults.quick beat`.
"""

from __future__ import annotations

from config.celery import app

_SECONDS = {"tick": 0.5, "sweep": 1.0}
_OTHERS = 2.0

app.conf.beat_schedule = {
    name: {**entry, "schedule": min(_SECONDS.get(name, _OTHERS), entry["schedule"])}
    if entry["task"].startswith("notifications.")
    else entry
    for name, entry in app.conf.beat_schedule.items()
}
