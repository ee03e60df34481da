"""The clock's jobs as Celery's tasks: each wakes a stage and carries no work. Losing one loses nothing."""

from __future__ import annotations

import functools
import logging
import mmap
from typing import Any, Final

from celery import Task, current_app, shared_task
from celery.concurrency import prefork
from celery.signals import (
    task_success,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)
from django.conf import settings

from notifications.operations import channel_threads, configuration, heartbeats, jobs

log = logging.getLogger(__name__)

_leaving: Final = mmap.mmap(-1, 1)
"""One byte that the pool's processes share with the worker they were forked from; no lock that one of
them could take along when it is killed."""

_WOKEN: Final = 2
"""Processes woken at a time for each channel with work: about four a second, of which each goes on for ten
seconds. One too many finds nothing."""

_LAST_SECONDS: Final = 30.0
"""How long a process that ends waits for the answers to what it has under way."""


@shared_task
def tick() -> None:
    """Plan what happened, prepare what is due, and wake senders for each channel with work."""
    jobs.tick(wake=_wake)


def _wake() -> None:
    for channel in jobs.waiting_channels():
        for _ in range(_WOKEN):
            deliver.apply_async((channel,), queue=_queue(channel), expires=10, retry=False)


def _queue(channel: str) -> str:
    return f"lull.{channel}"


@shared_task
def deliver(channel: str) -> None:
    """Send what is due on this channel, and on every other that this worker serves, side by side.

    At the worker's end no longer than what is under way takes.
    """
    channels = {channel, *_served()}
    channel_threads.serve([name for name in settings.CHANNELS if name in channels], stopping=_is_leaving)


def _served() -> list[str]:
    """The channels whose queues this worker was told to consume."""
    consumed = current_app.amqp.queues.consume_from
    return [channel for channel in settings.CHANNELS if _queue(channel) in consumed]


@worker_process_shutdown.connect
def _settle_what_is_under_way(**_: Any) -> None:
    """Turns may have left slow calls to their threads: a process that ends waits for these too."""
    channel_threads.close_threads(_LAST_SECONDS)


@worker_process_init.connect
def _say_what_is_served(**_: Any) -> None:
    """Whatever this process is at: nobody need start another where one is busy, or deaf to its queue."""
    _keep_serving()


@worker_ready.connect
def _say_what_threads_serve(sender: Any, **_: Any) -> None:
    """A pool of processes says it in each of them; the one that they were forked from sends nothing."""
    pool = getattr(sender, "pool", None)
    if pool is not None and not isinstance(pool, prefork.TaskPool):
        _keep_serving()


@functools.cache
def _keep_serving() -> None:
    """Once in a process: a pool without others may be told of at both moments."""
    if served := _served():
        heartbeats.keep_beating([f"{heartbeats.SERVING}{channel}" for channel in served])


def leave(**_: Any) -> None:
    """The worker is about to end: senders bring what they have under way to its end, and take no more."""
    _leaving[0] = 1


def _is_leaving() -> bool:
    return _leaving[0] == 1


worker_shutting_down.connect(leave)


@shared_task
def sweep() -> None:
    """Take back what dead processes held, and end what is no longer true."""
    jobs.sweep()


@shared_task
def reconcile() -> None:
    """Find out what became of the unknown."""
    jobs.reconcile()


@shared_task
def poll() -> None:
    """Ask what became of those that were sent and not heard of."""
    jobs.poll()


@worker_ready.connect
def _tell_what_is_wrong_with_the_settings(**_: Any) -> None:
    """A worker that would not start for the sake of one channel would hold up the others."""
    for fault in configuration.setting_faults():
        log.log(logging.WARNING if fault.is_warning else logging.ERROR, "%s %s", fault.words, fault.hint)


@shared_task
def recheck() -> None:
    """Look again at what is booked."""
    jobs.recheck()


@shared_task
def extend() -> None:
    """Book what has come near of the windows that repeat."""
    jobs.extend()


@shared_task
def clean_sign_ins() -> None:
    """Forget what is no longer needed to throttle."""
    jobs.clean_sign_ins()


@task_success.connect
def _leave_heartbeat(sender: Task[Any, Any], **_: Any) -> None:
    """Of every job that came to its end, maintenance's as well."""
    name = sender.name.rpartition(".")[2]
    if name in jobs.JOBS:
        heartbeats.record_beat(name)
