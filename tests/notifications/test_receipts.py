"""Receipts: twice, late, early and out of order, they lead to the same end."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from notifications import deliveries, receipts
from notifications.models import Delivery, Receipt, State, Suppression
from tests import people

pytestmark = pytest.mark.django_db


def _sent(now: datetime, **options: object) -> Delivery:
    values: dict[str, object] = {"state": State.SENT, "rank": 2, "attempt": 1, "provider": "twilio"}
    return people.queued(people.notice(people.window()), **(values | options))[0]  # type: ignore[arg-type]


def _record(row: Delivery, state: State, now: datetime, *, attempt: int = 1, **details: object) -> bool:
    values: dict[str, object] = {"event_key": f"SM1:{state.label}:{attempt}", "provider_ref": "SM1"}
    return receipts.record(
        provider="twilio",
        delivery=row.public_id,
        attempt=attempt,
        state=state,
        now=now,
        **(values | details),  # type: ignore[arg-type]
    )


def test_the_same_event_is_kept_once(now: datetime) -> None:
    row = _sent(now)

    assert [_record(row, State.DELIVERED, now) for _ in range(5)] == [True, False, False, False, False]
    assert receipts.work(now=now) == 1


@pytest.mark.parametrize("order", list(itertools.permutations((State.SENT, State.DELIVERED, State.FAILED))))
def test_in_whatever_order_they_come_delivered_wins(now: datetime, order: tuple[State, ...]) -> None:
    row = _sent(now, state=State.SENDING, rank=0, lease_token=people.TOKEN)
    for state in order:
        _record(row, state, now)
        receipts.work(now=now)

    row.refresh_from_db()
    assert (row.state, row.lease_token) == (State.DELIVERED, None)


def test_a_receipt_settles_an_unknown_delivery(now: datetime) -> None:
    row = _sent(now, state=State.UNKNOWN, rank=1)
    _record(row, State.SENT, now)
    receipts.work(now=now)

    row.refresh_from_db()
    assert (row.state, row.provider_ref) == (State.SENT, "SM1")


def test_a_receipt_before_the_commit_waits_for_its_delivery(now: datetime) -> None:
    row = _sent(now, state=State.QUEUED, rank=0, attempt=0)
    _record(row, State.DELIVERED, now)
    assert receipts.work(now=now) == 0

    Delivery.objects.update(state=State.SENDING, attempt=1, lease_token=people.TOKEN)
    assert receipts.work(now=now) == 1
    assert Delivery.objects.get().state == State.DELIVERED


def test_a_receipt_for_nothing_we_know_is_let_go_after_three_days(now: datetime) -> None:
    row = _sent(now)
    _record(row, State.DELIVERED, now)
    Delivery.objects.all().delete()

    assert receipts.work(now=now + timedelta(days=2)) == 0
    receipts.work(now=now + timedelta(days=3))
    assert Receipt.objects.get().result == "no such delivery"


def test_a_receipt_of_an_earlier_attempt_does_not_move_the_later_one(now: datetime) -> None:
    row = _sent(now, attempt=2)
    _record(row, State.FAILED, now, attempt=1)
    receipts.work(now=now)

    row.refresh_from_db()
    assert row.state == State.SENT


def test_a_receipt_stops_the_second_try_of_what_was_unknown(now: datetime) -> None:
    row = _sent(now, state=State.QUEUED, rank=0)
    _record(row, State.DELIVERED, now)
    receipts.work(now=now)

    assert deliveries.claim("sms", demonstration=False, limit=1, now=now) == []


def test_a_bounce_suppresses_the_address_for_the_next_notice(now: datetime) -> None:
    row = _sent(now)
    _record(row, State.FAILED, now, suppress=Suppression.Reason.BOUNCE, code="30005")
    receipts.work(now=now)

    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "30005")
    assert bytes(Suppression.objects.get().address_hmac) == bytes(row.address_hmac or b"")


def test_receipts_that_wait_do_not_hold_up_the_others(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "_BATCH", 2)
    for number in range(5):
        receipts.record(
            provider="twilio",
            event_key=f"nobody's {number}",
            delivery=people.TOKEN,
            attempt=1,
            state=State.SENT,
            now=now,
        )
    row = _sent(now)
    _record(row, State.DELIVERED, now)

    assert receipts.work(now=now) == 1


def test_a_receipt_before_the_answer_still_says_when_it_was_sent(now: datetime) -> None:
    row = _sent(now, state=State.SENDING, rank=0, lease_token=people.TOKEN)
    _record(row, State.DELIVERED, now)
    receipts.work(now=now)

    row.refresh_from_db()
    assert row.sent_at == now
