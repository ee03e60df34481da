"""What each kind of answer does to a delivery, and who may still write it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifications.channels.types import Outcome, Verdict
from notifications.delivery import queue, settlement
from notifications.delivery.settlement import Settled
from notifications.models import Attempt, Delivery, State, Suppression
from tests import people

pytestmark = pytest.mark.django_db


def _in_flight(now: datetime) -> queue.Claimed:
    people.queued(people.notice(people.window()))
    held = queue.claimed_deliveries("sms", demonstration=False, limit=1, token=people.TOKEN, now=now)
    queue.intended_ids(held, {held[0].id: (b"\x00" * 32, 2)})
    return held[0]


def _settle(held: queue.Claimed, result: Verdict, now: datetime, **details: object) -> int:
    outcome = Outcome(held.public_id, held.attempt, result, "twilio", **details)  # type: ignore[arg-type]
    return settlement.settle([Settled(held, outcome)], now=now)


def test_an_accepted_message_is_sent_and_remembers_the_providers_reference(now: datetime) -> None:
    held = _in_flight(now)

    assert _settle(held, Verdict.ACCEPTED, now, provider_ref="SM1") == 1
    row = Delivery.objects.get()
    assert (row.state, row.provider, row.provider_ref, row.sent_at, row.segments, row.lease_token) == (
        State.SENT,
        "twilio",
        "SM1",
        now,
        2,
        None,
    )


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Verdict.PERMANENT, State.FAILED),
        (Verdict.OPT_OUT, State.FAILED),
        (Verdict.UNKNOWN, State.UNKNOWN),
        (Verdict.NOT_PROCESSED, State.QUEUED),
        (Verdict.CONFIGURATION, State.QUEUED),
        (Verdict.BY_HAND, State.BY_HAND),
    ],
)
def test_each_answer_leads_to_its_state_and_is_on_record(
    now: datetime, result: Verdict, state: State
) -> None:
    held = _in_flight(now)
    _settle(held, result, now, code="30000")

    assert Delivery.objects.get().state == state
    assert list(Attempt.objects.values_list("delivery_id", "number", "outcome", "code")) == [
        (held.id, 1, result.value, "30000")
    ]


def test_a_refused_message_waits_as_long_as_the_provider_asks(now: datetime) -> None:
    _settle(_in_flight(now), Verdict.NOT_PROCESSED, now, retry_after=7.0)

    assert Delivery.objects.get().not_before == now + timedelta(seconds=7)


def test_a_refused_message_waits_longer_each_time_and_never_in_step(now: datetime) -> None:
    waits = [settlement.retry_pause(attempt) for attempt in (1, 2, 3, 4, 5, 50)]

    for wait, floor in zip(waits, (30, 120, 480, 1800, 3600, 3600), strict=True):
        assert floor <= wait <= 2 * floor


def test_an_opt_out_told_by_the_provider_holds_for_the_next_notice(now: datetime) -> None:
    held = _in_flight(now)
    _settle(held, Verdict.OPT_OUT, now)

    suppression = Suppression.objects.get()
    assert (suppression.channel, bytes(suppression.address_hmac)) == ("sms", held.address_hmac)


def _swept(now: datetime) -> queue.Claimed:
    """A process slept past its lease and was taken for dead."""
    held = _in_flight(now)
    Delivery.objects.update(lease_until=now - timedelta(days=999))
    queue.sweep_deliveries(now=now)
    return held


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Verdict.ACCEPTED, State.SENT),
        (Verdict.PERMANENT, State.FAILED),
        (Verdict.NOT_PROCESSED, State.UNKNOWN),
        (Verdict.UNKNOWN, State.UNKNOWN),
    ],
)
def test_a_late_answer_of_a_process_thought_dead_counts_only_where_it_is_certain(
    now: datetime, result: Verdict, state: State
) -> None:
    _settle(_swept(now), result, now)

    assert Delivery.objects.get().state == state


def test_a_late_answer_about_an_earlier_attempt_changes_nothing(now: datetime) -> None:
    held = _swept(now)
    Delivery.objects.update(state=State.UNKNOWN, attempt=2)

    assert _settle(held, Verdict.ACCEPTED, now) == 0


def test_an_answer_that_cannot_be_written_does_not_take_the_others_along(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=3)
    held = queue.claimed_deliveries("sms", demonstration=False, limit=3, token=people.TOKEN, now=now)
    queue.intended_ids(held)
    answers = [
        Outcome(held[0].public_id, 1, Verdict.ACCEPTED, "twilio"),
        Outcome(held[1].public_id, 1, Verdict.NOT_PROCESSED, "twilio", retry_after=1e15),
        Outcome(held[2].public_id, 1, Verdict.ACCEPTED, "twilio"),
    ]
    settlement.settle([Settled(row, answer) for row, answer in zip(held, answers, strict=True)], now=now)

    states = list(Delivery.objects.order_by("id").values_list("state", flat=True))
    assert states == [State.SENT, State.SENDING, State.SENT]


def test_a_withdrawn_notice_is_not_tried_again_by_the_provider_it_was_with(now: datetime) -> None:
    held = _in_flight(now)
    queue.withdraw_deliveries([held.notice_id], "The window was moved.", now=now)
    _settle(held, Verdict.NOT_PROCESSED, now, retry_after=1.0)

    later = now + timedelta(minutes=1)
    assert queue.claimed_deliveries("sms", demonstration=False, limit=1, token=people.TOKEN, now=later) == []
    assert Delivery.objects.get().state == State.EXPIRED


def test_an_answer_after_the_receipt_changes_nothing(now: datetime) -> None:
    held = _in_flight(now)
    Delivery.objects.update(state=State.DELIVERED, rank=4, lease_token=None)

    assert _settle(held, Verdict.ACCEPTED, now) == 0
    assert Delivery.objects.get().state == State.DELIVERED
