"""How far a notice has got, in numbers that sum to everyone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.customers.quiet_hours import QUIET_HOURS
from notifications.models import State, WaitsFor
from notifications.reporting import progress
from tests import people


@pytest.mark.django_db
def test_progress_sums_to_everyone(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=3)
    people.queued(notice, state=State.SENT, provider="outbox")
    people.queued(notice, channel="email", state=State.NO_ADDRESS)

    assert progress.progress_of([notice.pk]) == [
        progress.Progress(notice.pk, "email", State.NO_ADDRESS, 1, 0),
        progress.Progress(notice.pk, "sms", State.QUEUED, 3, 0),
        progress.Progress(notice.pk, "sms", State.SENT, 1, 1),
    ]


@pytest.mark.django_db
def test_only_channels_with_something_due_are_woken(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, channel="email")
    people.queued(notice, channel="sms", not_before=now + timedelta(hours=1))

    assert progress.waiting_channels(now=now) == ["email"]


@pytest.mark.django_db
def test_what_waits_for_the_customers_morning_is_counted_with_the_first_of_them(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    morning: dict[str, Any] = {"waits_for": WaitsFor.MORNING}
    people.queued(notice, number=2, not_before=now + timedelta(hours=9), **morning)
    people.queued(notice, not_before=now + timedelta(hours=8), reason=QUIET_HOURS, **morning)
    people.queued(notice, not_before=now + timedelta(minutes=1), waits_for=WaitsFor.RETRY)
    people.queued(notice, not_before=now + timedelta(minutes=1), waits_for=WaitsFor.SENDER)
    people.queued(notice, state=State.DELIVERED, not_before=now + timedelta(hours=7))

    assert progress.mornings_of([notice.pk], now=now) == {
        notice.pk: progress.Morning(3, now + timedelta(hours=8))
    }
