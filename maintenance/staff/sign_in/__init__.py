"""Signing in to the admin: throttled, recorded, one hash at a time, with one-time passwords that end."""

from __future__ import annotations

from datetime import datetime

from maintenance.staff.sign_in import history, throttle


def delete_outdated(*, now: datetime) -> None:
    """Delete what is no longer needed: run now and then, so that no attack fills the disk."""
    throttle.delete_full(now=now)
    history.delete_old(now=now)
