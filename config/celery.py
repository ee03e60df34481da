"""Settings in; the Celery app and its clock out.

Celery carries the tick, the database carries the work: a lost task costs seconds, never a message.
So no task has a result, a retry or a date in the future, and publishing may fail.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from django.conf import settings
from kombu import Queue

from notifications.operations import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("lull")


def _configuration() -> dict[str, Any]:
    return {
        "broker_url": settings.REDIS_URL or "memory://localhost",
        "broker_transport_options": _REDIS if settings.REDIS_URL else _MEMORY,
        "broker_connection_timeout": 1,
        "broker_connection_retry_on_startup": True,
        "task_default_queue": "lull",  # a Redis may be shared
        # senders have queues of their own, so that a worker may be kept free for the clock's jobs
        "task_queues": [Queue("lull"), *(Queue(f"lull.{channel}") for channel in settings.CHANNELS)],
        # publishing fails at once and loudly when the broker is gone: the next tick finds the row again
        "task_publish_retry": False,
        "task_ignore_result": True,
        # a wake-up whose worker died is worth repeating, and harmless: its work is claimed by rows
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,  # no work parked behind a slow task
        # a drain that outlives its connection ends in known states; one cut short leaves unknown ones
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_soft_shutdown_timeout": 30,  # longer than the longest batch
        # every task ends itself where nothing is half done. What hangs is killed, which all of it survives;
        # a soft limit would raise its error anywhere, in the middle of a call or of a transaction
        "task_time_limit": 300,
        "beat_scheduler": "config.scheduler:Scheduler",
        "beat_max_loop_interval": 1,
        "beat_enable_remote_control": False,
        "beat_schedule": _SCHEDULE,
    }


_MEMORY = {"polling_interval": 0.01}  # the default of a whole second makes 17 tasks a second
_REDIS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,  # above the second that a worker's blocking read takes
    "socket_keepalive": True,
    # for publishers; a worker goes on trying for ever
    "max_retries": 1,
    "interval_start": 0.2,
    "connect_retries_timeout": 1,
}
# two beats at once are harmless
_SCHEDULE = {
    job.name: {"task": job.task, "schedule": job.seconds, "options": {"expires": job.expires}}
    for job in schedule.JOBS
}

app.add_defaults(_configuration)  # called when first needed: settings import this package
app.autodiscover_tasks()


@worker_process_init.connect
def _keep_what_is_loaded(**_: Any) -> None:
    """What was loaded before the fork is never garbage: looking through it took a seventh of each message."""
    gc.collect()
    gc.freeze()


@setup_logging.connect
def _leave_logging_alone(**_: Any) -> None:
    """Being here is enough: with a receiver Celery keeps its hands off the handlers in settings."""
