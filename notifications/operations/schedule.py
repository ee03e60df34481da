"""The clock's jobs: which there are, and how often each runs. Read before there are models, so without any.

The Celery clock hands them out as tasks, `dispatch` runs them itself (jobs.py), and the checks
miss the one that has not come to its end for too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that is done again and again. Old orders are worth nothing, so each expires."""

    task: str
    seconds: float
    expires: float

    @property
    def name(self) -> str:
        """What it is called in heartbeats and alarms."""
        return self.task.rpartition(".")[2]


JOBS: Final = (
    Job("notifications.tasks.tick", 1, expires=10),
    Job("notifications.tasks.sweep", 10, expires=30),
    Job("notifications.tasks.reconcile", 60, expires=120),
    Job("notifications.tasks.poll", 60, expires=120),
    Job("notifications.tasks.recheck", 60, expires=120),
    Job("notifications.tasks.extend", 600, expires=900),
    Job("notifications.tasks.clean_sign_ins", 600, expires=900),
)
