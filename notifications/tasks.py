"""The clock's hands as Celery's tasks: each wakes a stage and carries no work. Losing one loses nothing."""

from __future__ import annotations

import mmap
from typing import Any, Final

from celery import Task, shared_task
from celery.signals import task_success, worker_shutting_down

from notifications import hands, heartbeats

_leaving: Final = mmap.mmap(-1, 1)
"""One byte that the pool's processes share with the worker they were forked from; no lock that one of
them could take along when it is killed."""

_WOKEN: Final = 4
"""Senders woken by each tick: many that are idle must not begin one a second. One too many finds nothing."""


@shared_task
def tick() -> None:
    """Plan what happened, prepare what is due, and wake a sender for each channel with work."""
    hands.tick()
    for channel in hands.waiting():
        for _ in range(_WOKEN):
            deliver.apply_async((channel,), queue=f"lull.{channel}", expires=10, retry=False)


@shared_task
def deliver(channel: str) -> None:
    """Send what is due on one channel; at the worker's end no longer than what is under way takes."""
    hands.deliver(channel, stopping=_is_leaving)


def leave(**_: Any) -> None:
    """The worker is about to end: senders bring what they have under way to its end, and take no more."""
    _leaving[0] = 1


def _is_leaving() -> bool:
    return _leaving[0] == 1


worker_shutting_down.connect(leave)


@shared_task
def sweep() -> None:
    """Take back what dead processes held, and end what is no longer true."""
    hands.sweep()


@shared_task
def reconcile() -> None:
    """Find out what became of the unknown."""
    hands.reconcile()


@shared_task
def poll() -> None:
    """Ask what became of those that were sent and not heard of."""
    hands.poll()


@task_success.connect
def _leave_heartbeat(sender: Task[Any, Any], **_: Any) -> None:
    """Of every hand that came to its end, maintenance's as well."""
    name = sender.name.rpartition(".")[2]
    if name in hands.HANDS:
        heartbeats.beat(name)
