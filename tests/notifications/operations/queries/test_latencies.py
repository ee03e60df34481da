"""How long messages took, from a sample that does not grow with the customers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifications.models import Notice, State
from notifications.operations.queries import latencies
from tests import people

pytestmark = pytest.mark.django_db


def test_times_are_those_of_first_tries_of_the_last_notices(now: datetime) -> None:
    due = now - timedelta(hours=1)
    notice = people.notice(people.window(), due_at=due, status=Notice.Status.PREPARED)
    seconds = [timedelta(seconds=number) for number in range(10)]
    people.queued(notice, attempt=1, state=State.SENT, sent_at=due + seconds[3])
    people.queued(
        notice,
        attempt=1,
        state=State.DELIVERED,
        sent_at=due + seconds[1],
        settled_at=due + seconds[8],
    )
    people.queued(notice, attempt=2, state=State.SENT, sent_at=due + seconds[9])
    people.queued(notice)
    old = people.notice(people.window(), due_at=now - timedelta(days=3), status=Notice.Status.PREPARED)
    people.queued(old, attempt=1, state=State.SENT, sent_at=now)

    assert latencies.latency_sample("sms", now=now) == latencies.LatencySample([1.0, 3.0], [7.0])
    assert latencies.latency_sample("email", now=now) == latencies.LatencySample([], [])


def test_what_was_asked_about_since_does_not_count_as_sent_before_it_was_due(now: datetime) -> None:
    """Whoever is not heard of is polled, and its next turn stands where its due time stood."""
    due = now - timedelta(hours=1)
    notice = people.notice(people.window(), due_at=due, status=Notice.Status.PREPARED)
    people.queued(notice, attempt=1, state=State.SENT, sent_at=due + timedelta(seconds=2))
    people.queued(notice, attempt=1, state=State.SENT, sent_at=due, not_before=now)

    assert latencies.latency_sample("sms", now=now).due_to_sent == [2.0]


def test_more_customers_are_no_larger_sample(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latencies, "_SAMPLE", 4)
    notice = people.notice(people.window(), due_at=now, status=Notice.Status.PREPARED)
    people.queued(notice, number=20, attempt=1, state=State.SENT, sent_at=now)

    assert len(latencies.latency_sample("sms", now=now).due_to_sent) == 5


def test_without_customers_there_is_nothing_to_measure(now: datetime) -> None:
    assert latencies.latency_sample("sms", now=now) == latencies.LatencySample([], [])
