"""An approved window and a person's word in; the real start and the real end out.

Never the clock: a window begins and is over when somebody says so.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from maintenance import audit, bank_time
from maintenance.booking import windows
from maintenance.booking.validation import Refused, refuse, state_objections
from maintenance.models import Change, Window
from maintenance.rules import Objection


def start(window: Window, *, by: User, now: datetime) -> Window:
    """Say that the work has begun. Raises Refused unless it is approved and its time has come."""
    with transaction.atomic():
        window = windows.locked(window)
        refuse(state_objections(window, Window.Status.APPROVED))
        _its_time(window, now)
        before = audit.window_facts(window)
        window.status = Window.Status.STARTED
        window.started_at = window.changed_at = now
        window.save(update_fields=["status", "started_at", "changed_at"])
        audit.record_change(window, Change.What.STARTED, audit.Stamp(by, now), before=before)
    return window


def finish(window: Window, *, by: User, now: datetime) -> Window:
    """Say that it is over and the services work again. Raises Refused unless it was started."""
    with transaction.atomic():
        window = windows.locked(window)
        refuse(state_objections(window, Window.Status.STARTED))
        before = audit.window_facts(window)
        window.status = Window.Status.FINISHED
        window.finished_at = window.changed_at = now
        window.save(update_fields=["status", "finished_at", "changed_at"])
        audit.record_change(window, Change.What.FINISHED, audit.Stamp(by, now), before=before)
    return window


def _its_time(window: Window, now: datetime) -> None:
    """Customers were told when it begins: not before, and not when it should be over."""
    if now < window.starts_at:
        raise Refused(
            [
                Objection(
                    "early",
                    f"Customers were told that it begins on {bank_time.moment_words(window.starts_at)}.",
                )
            ]
        )
    if now >= window.ends_at:
        raise Refused(
            [
                Objection(
                    "late", f"It should have been over on {bank_time.moment_words(window.ends_at)}: move it."
                )
            ]
        )
