"""The clock's hands: each wakes a stage and carries no work. Losing any of them loses nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from maintenance import rechecks


@shared_task
def recheck() -> None:
    """Look again at what is booked: something may have come to stand against it."""
    rechecks.run(timezone.now())
