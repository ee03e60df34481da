"""The clock of config.celery with its long pauses cut to a second, so that a test need not sit them out.

For `celery -A tests.faults.quick beat`.
"""

from __future__ import annotations

from config.celery import app

_SECONDS = 1.0

app.conf.beat_schedule = {
    name: {**entry, "schedule": min(_SECONDS / (2 if name == "tick" else 1), entry["schedule"])}
    for name, entry in app.conf.beat_schedule.items()
}
