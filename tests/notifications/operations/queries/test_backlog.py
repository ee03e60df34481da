"""What waits, and since when, in questions that do not grow with the queue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import IN_DOUBT, Delivery, Notice, Receipt, State
from notifications.operations.queries import backlog
from tests import people
from tests.plans import of_big_tables

pytestmark = pytest.mark.django_db


def test_the_oldest_due_message_is_found_behind_more_urgent_ones(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, priority=10, not_before=now - timedelta(minutes=1))
    people.queued(notice, priority=20, not_before=now + timedelta(hours=1))
    people.queued(notice, priority=21, not_before=now - timedelta(minutes=5), demonstration=True)
    people.queued(notice, priority=0, not_before=now - timedelta(hours=9), state=State.SENT)

    assert backlog.due_since("sms", now=now) == now - timedelta(minutes=5)
    assert backlog.due_since("email", now=now) is None


def test_what_is_not_due_yet_does_not_wait(now: datetime) -> None:
    people.queued(people.notice(people.window()), not_before=now + timedelta(seconds=1))

    assert backlog.due_since("sms", now=now) is None


def test_the_number_of_questions_grows_with_urgencies_and_not_with_messages(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=2, priority=10)
    with CaptureQueriesContext(connection) as few:
        backlog.due_since("sms", now=now)
    people.queued(notice, number=20, priority=10)
    with CaptureQueriesContext(connection) as many:
        backlog.due_since("sms", now=now)

    assert len(many) == len(few)


def test_doubt_is_counted_since_it_began(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=3, state=State.UNKNOWN, intended_at=now)
    people.queued(notice, state=State.HELD, intended_at=now - timedelta(hours=1))
    assert backlog.unknown_deliveries("sms") == backlog.Waiting(4, now - timedelta(hours=1))

    assert backlog.unknown_deliveries("email") == backlog.Waiting(0, None)


@pytest.mark.parametrize(
    ("most", "tolerated", "counted"),
    [
        pytest.param(5, 2, 5, id="nobody acts on more"),
        pytest.param(2, 4, 5, id="one more than is tolerated"),
    ],
)
def test_doubt_is_counted_no_further(
    most: int, tolerated: int, counted: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST", most)
    monkeypatch.setattr(settings, "IN_FLIGHT", {})
    monkeypatch.setattr(settings, "DELIVERIES_IN_FLIGHT", tolerated // 2)
    people.queued(people.notice(people.window()), number=7, state=State.UNKNOWN, intended_at=now)
    assert backlog.unknown_deliveries("sms") == backlog.Waiting(counted, now, more=True)


def test_more_is_counted_than_a_channel_with_the_settings_of_the_house_tolerates() -> None:
    assert backlog.tolerated_doubts("sms") == 2 * settings.DELIVERIES_IN_FLIGHT < backlog.MOST


def test_receipts_that_were_worked_on_wait_no_more(now: datetime) -> None:
    row = people.queued(people.notice(people.window()))[0]
    for key, processed in (("a", now), ("b", None)):
        Receipt.objects.create(
            provider="twilio",
            event_key=key,
            delivery_public_id=row.public_id,
            attempt=1,
            state=State.DELIVERED,
            received_at=now,
            processed_at=processed,
        )

    assert backlog.waiting_receipts() == backlog.Waiting(1, now)


def test_counts_are_those_of_the_counters(now: datetime) -> None:
    notice = people.notice(people.window(), due_at=now - timedelta(hours=1))
    people.queued(notice, number=2)
    people.queued(notice, state=State.FAILED)
    old = people.notice(people.window(), due_at=now - timedelta(days=9), status=Notice.Status.PREPARED)
    people.queued(old)
    Delivery.objects.filter(state=State.QUEUED).update(state=State.SENT)

    found = backlog.state_counts(due_after=now - timedelta(days=7), now=now)
    assert {(count.notice, count.state): count.deliveries for count in found if count.deliveries} == {
        (notice.pk, State.SENT): 2,
        (notice.pk, State.FAILED): 1,
    }


@pytest.mark.postgresql
def test_each_question_is_answered_by_its_index(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    for state in IN_DOUBT:
        people.queued(notice, state=state, intended_at=now)
    with CaptureQueriesContext(connection) as captured:
        backlog.due_since("sms", now=now)
        backlog.unknown_deliveries("sms")
        backlog.waiting_receipts()
    plans = of_big_tables(captured)

    indexes = ("delivery_queue", "delivery_unknown", "delivery_held", "receipt_waiting")
    assert [plan for plan in plans if not any(index in plan for index in indexes)] == []
    assert [index for index in indexes if not any(index in plan for plan in plans)] == []
    assert [plan for plan in plans if "Sort" in plan] == []
