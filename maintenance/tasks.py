"""The clock's hands: each wakes a stage and carries no work. Losing any of them loses nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from maintenance import rechecks, series, signin


@shared_task
def recheck() -> None:
    """Look again at what is booked: something may have come to stand against it."""
    rechecks.run(timezone.now())


@shared_task
def extend() -> None:
    """Book what has come near of the windows that repeat."""
    series.extend(timezone.now())


@shared_task
def clean_sign_ins() -> None:
    """Forget what is no longer needed to throttle, or was kept long enough."""
    signin.clean(now=timezone.now())
