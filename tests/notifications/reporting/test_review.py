"""What is learnt from a window: numbers that sum to all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from maintenance import traffic
from maintenance.models import NoticeKind, Window
from notifications.models import Attempt, AttemptOutcome, Delivery, Notice, State
from notifications.reporting import review
from tests import people
from tests.staff import address, signed_in, words

pytestmark = pytest.mark.django_db


def _told(window: Window, at: datetime, state: State = State.DELIVERED, number: int = 1) -> Notice:
    notice = people.notice(window, status=Notice.Status.PREPARED)
    people.queued(notice, number=number, state=state, sent_at=at, provider="twilio")
    return notice


@pytest.mark.parametrize(
    ("state", "part"),
    [
        (State.DELIVERED, "reached"),
        (State.SENT, "reached"),
        (State.QUEUED, "waiting"),
        (State.BY_HAND, "waiting"),
        (State.UNKNOWN, "unknown"),
        (State.HELD, "unknown"),
        (State.FAILED, "failed"),
        (State.EXPIRED, "expired"),
        (State.WITHDRAWN, "expired"),
        (State.SUPPRESSED, "not_reachable"),
        (State.NO_ADDRESS, "not_reachable"),
    ],
)
def test_each_state_counts_once(now: datetime, state: State, part: str) -> None:
    window = people.window()
    _told(window, now, state, number=2)
    reach = review.review_of(window, now=now).reach
    assert (getattr(reach, part), reach.all) == (2, 2)


def test_one_message_that_arrived_is_enough(now: datetime) -> None:
    window = people.window()
    notice = people.notice(window, status=Notice.Status.PREPARED)
    [text] = people.queued(notice, state=State.FAILED)
    Delivery.objects.create(
        notice=notice,
        customer=text.customer,
        channel="email",
        language="en",
        state=State.SENT,
        not_before=now,
        expires_at=now,
        provider="smtp",
    )
    reach = review.review_of(window, now=now).reach
    assert (reach.reached, reach.failed, reach.all) == (1, 0, 1)


def test_the_outbox_reaches_nobody(now: datetime) -> None:
    window = people.window()
    people.queued(people.notice(window), state=State.SENT, provider="outbox")
    reach = review.review_of(window, now=now).reach
    assert (reach.reached, reach.outbox, reach.all) == (0, 1, 1)


def test_broadcasts_stand_outside_of_the_customers(now: datetime) -> None:
    window = people.window()
    notice = people.notice(window, channels=["social"])
    Delivery.objects.create(
        notice=notice,
        channel="social",
        target="outbox",
        language="en",
        state=State.SENT,
        not_before=now,
        expires_at=now,
    )
    found = review.review_of(window, now=now)
    assert found.reach.all == 0
    assert [(row.channel, row.all) for row in found.rows] == [("social", 1)]


def test_each_channel_sums_to_all_of_its_messages(now: datetime) -> None:
    window = people.window()
    notice = people.notice(window)
    people.queued(notice, number=3, state=State.DELIVERED)
    people.queued(notice, number=2, state=State.FAILED)
    [row] = review.review_of(window, now=now).rows
    assert (row.states, row.all) == ({State.DELIVERED: 3, State.FAILED: 2}, 5)


def test_the_overrun_is_counted_from_the_planned_end(now: datetime) -> None:
    window = people.window(status=Window.Status.STARTED)
    window.started_at = window.starts_at
    late = timedelta(minutes=40)
    assert review.review_of(window, now=window.ends_at + late).overrun == late
    window.finished_at = window.ends_at - late
    assert review.review_of(window, now=window.ends_at + late).overrun is None


def test_notices_that_came_too_late_are_named(now: datetime) -> None:
    window = people.window()
    lost = people.notice(window, NoticeKind.REMINDER, status=Notice.Status.EXPIRED)
    people.notice(window)
    assert review.review_of(window, now=now).lost == (lost,)


def test_the_review_shows_what_was_promised_beside_what_came(now: datetime) -> None:
    banking = people.service()
    midnight = now.replace(hour=0)
    traffic.keep_samples(banking, [(midnight + timedelta(hours=hour), 60.0) for hour in range(-48, 9)])
    window = people.window(banking, starts_at=midnight)
    Window.objects.update(
        expected_load=100, expected_low=90, expected_high=110, expected_customers=1, expected_vulnerable=0
    )
    with time_machine.travel(now, tick=False):
        page = words(signed_in("ada"), address("maintenance_window_review", window.pk))
    card = page.split('aria-label="Promised and came"')[1].split("</section>")[0]
    for said in ("100<", "90 – 110, 80 %", "120<", "More than promised", "0 now"):
        assert said in card


def test_what_was_sent_again_by_policy_is_said(now: datetime) -> None:
    window = people.window()
    notice = _told(window, now, number=3)
    rows = list(Delivery.objects.filter(notice=notice).order_by("pk"))
    for row, outcome in zip(rows, (AttemptOutcome.RESENT_BY_POLICY, "sent again", "held"), strict=True):
        Attempt.objects.create(delivery_id=row.pk, number=1, at=now, outcome=outcome)

    assert review.review_of(window, now=now).resent == 1
    page = words(signed_in("ada"), address("maintenance_window_review", window.pk))
    assert "Sent again by policy, because nobody could know whether they had arrived: 1." in page


def test_nothing_sent_again_is_not_worth_a_word() -> None:
    window = people.window()
    _told(window, people.NOW)
    page = words(signed_in("ada"), address("maintenance_window_review", window.pk))
    assert "Sent again by policy" not in page


@pytest.mark.parametrize(("ahead", "said"), [(8, "has been told yet."), (-8, "has been told.")])
def test_both_promises_are_said_where_nobody_was_told(now: datetime, ahead: int, said: str) -> None:
    window = people.window(starts_at=people.NOW + timedelta(days=ahead))
    with time_machine.travel(now, tick=False):
        page = words(signed_in("ada"), address("maintenance_window_review", window.pk))
    assert f"No customer {said} Promised 7 days, at least " in page
