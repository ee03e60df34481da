"""What each kind of answer does to a delivery, and who may still write it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifications import deliveries, settlement
from notifications.contract import Class, Outcome
from notifications.models import Attempt, Delivery, State, Suppression
from notifications.settlement import Settled
from tests import people

pytestmark = pytest.mark.django_db


def _in_flight(now: datetime) -> deliveries.Claimed:
    people.queued(people.notice(people.window()))
    held = deliveries.claim("sms", demonstration=False, limit=1, now=now)
    deliveries.intend(held)
    return held[0]


def _settle(held: deliveries.Claimed, result: Class, now: datetime, **details: object) -> int:
    outcome = Outcome(held.public_id, held.attempt, result, "twilio", **details)  # type: ignore[arg-type]
    return settlement.settle([Settled(held, outcome, b"\x00" * 32, 2)], now=now)


def test_an_accepted_message_is_sent_and_remembers_the_providers_reference(now: datetime) -> None:
    held = _in_flight(now)

    assert _settle(held, Class.ACCEPTED, now, provider_ref="SM1") == 1
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
        (Class.PERMANENT, State.FAILED),
        (Class.OPT_OUT, State.FAILED),
        (Class.UNKNOWN, State.UNKNOWN),
        (Class.NOT_PROCESSED, State.QUEUED),
        (Class.CONFIGURATION, State.QUEUED),
        (Class.BY_HAND, State.QUEUED),
    ],
)
def test_each_answer_leads_to_its_state_and_is_on_record(now: datetime, result: Class, state: State) -> None:
    held = _in_flight(now)
    _settle(held, result, now, code="30000")

    assert Delivery.objects.get().state == state
    assert list(Attempt.objects.values_list("delivery_id", "number", "outcome", "code")) == [
        (held.id, 1, result.value, "30000")
    ]


def test_a_refused_message_waits_as_long_as_the_provider_asks(now: datetime) -> None:
    _settle(_in_flight(now), Class.NOT_PROCESSED, now, retry_after=7.0)

    assert Delivery.objects.get().not_before == now + timedelta(seconds=7)


def test_a_refused_message_waits_longer_each_time_and_never_in_step(now: datetime) -> None:
    waits = [settlement._pause(attempt) for attempt in (1, 2, 3, 4, 5, 50)]

    for wait, floor in zip(waits, (30, 120, 480, 1800, 3600, 3600), strict=True):
        assert floor <= wait <= 2 * floor


def test_an_opt_out_told_by_the_provider_holds_for_the_next_notice(now: datetime) -> None:
    held = _in_flight(now)
    _settle(held, Class.OPT_OUT, now)

    suppression = Suppression.objects.get()
    assert (suppression.channel, bytes(suppression.address_hmac)) == ("sms", held.address_hmac)


def test_a_late_answer_of_a_process_thought_dead_changes_nothing(now: datetime) -> None:
    held = _in_flight(now)
    Delivery.objects.update(lease_until=now - timedelta(days=999))
    deliveries.sweep(now=now)

    assert _settle(held, Class.ACCEPTED, now) == 0
    assert Delivery.objects.get().state == State.UNKNOWN


def test_an_answer_after_the_receipt_changes_nothing(now: datetime) -> None:
    held = _in_flight(now)
    Delivery.objects.update(state=State.DELIVERED, rank=4, lease_token=None)

    assert _settle(held, Class.ACCEPTED, now) == 0
    assert Delivery.objects.get().state == State.DELIVERED
