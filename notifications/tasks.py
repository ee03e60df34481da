"""The clock's hands: each wakes a stage and carries no work. Losing any of them loses nothing."""

from __future__ import annotations

import logging
import time
from typing import Final

from celery import shared_task
from django.utils import timezone

from notifications import deliveries, notices, preparation, progress, receipts, reconciliation, sending

log = logging.getLogger(__name__)

_TURN_SECONDS: Final = 8
"""How long one tick prepares before it hands the worker back; the next one goes on."""


@shared_task
def tick() -> None:
    """Plan what happened, prepare what is due, and wake a sender for each channel with work."""
    now = timezone.now()
    notices.plan(now=now)
    stop = time.monotonic() + _TURN_SECONDS
    for notice in notices.due(now=now):
        _prepare(notice, stop)
    receipts.work(now=timezone.now())
    for channel in progress.waiting(now=timezone.now()):
        deliver.apply_async((channel,), expires=10, retry=False)


def _prepare(notice: int, stop: float) -> None:
    try:
        while time.monotonic() < stop and not preparation.prepare(notice, now=timezone.now()):
            pass
    except Exception:  # whatever it is, the other notices must not wait for it
        log.exception("notice %s cannot be prepared; it is tried again", notice)


@shared_task
def deliver(channel: str) -> None:
    """Send what is due on one channel, the bank's own customers first."""
    for demonstration in (False, True):
        sending.drain(channel, demonstration=demonstration, clock=timezone.now)


@shared_task
def sweep() -> None:
    """Take back what dead processes held, and end what is no longer true."""
    deliveries.sweep(now=timezone.now())


@shared_task
def reconcile() -> None:
    """Find out what became of the unknown."""
    reconciliation.reconcile(now=timezone.now())
