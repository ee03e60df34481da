"""Receipts: twice, late, early and out of order, they lead to the same end."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from notifications.channels import open_channel
from notifications.delivery import queue, receipts
from notifications.delivery.receipts import apply
from notifications.models import (
    IN_DOUBT,
    Bucket,
    Delivery,
    Notice,
    Receipt,
    Refusal,
    ReportedRest,
    State,
    Suppression,
    Tally,
)
from tests import people

pytestmark = pytest.mark.django_db


def _sent(now: datetime, **options: object) -> Delivery:
    values: dict[str, object] = {"state": State.SENT, "rank": 2, "attempt": 1, "provider": "twilio"}
    return people.queued(people.notice(people.window()), **(values | options))[0]  # type: ignore[arg-type]


def _record(row: Delivery, state: State, now: datetime, *, attempt: int = 1, **details: object) -> bool:
    values: dict[str, object] = {"event_key": f"SM1:{state.label}:{attempt}", "provider_ref": "SM1"}
    values["provider"] = row.provider
    kept = receipts.ProviderEvent(
        delivery=row.public_id,
        attempt=attempt,
        state=state,
        received_at=now,
        **(values | details),  # type: ignore[arg-type]
    ).receipt()
    return receipts.keep_receipt(kept)


def test_the_same_event_is_kept_once(now: datetime) -> None:
    row = _sent(now)

    assert [_record(row, State.DELIVERED, now) for _ in range(5)] == [True, False, False, False, False]
    assert receipts.apply_receipts(now=now) == 1


@pytest.mark.parametrize("order", list(itertools.permutations((State.SENT, State.DELIVERED, State.FAILED))))
def test_in_whatever_order_they_come_delivered_wins(now: datetime, order: tuple[State, ...]) -> None:
    row = _sent(now, state=State.SENDING, rank=0, lease_token=people.TOKEN)
    for state in order:
        _record(row, state, now)
        receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert (row.state, row.lease_token) == (State.DELIVERED, None)


@pytest.mark.parametrize("state", IN_DOUBT)
def test_a_receipt_settles_a_delivery_in_doubt(now: datetime, state: State) -> None:
    row = _sent(now, state=state, rank=1)
    _record(row, State.SENT, now)
    receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert (row.state, row.provider_ref) == (State.SENT, "SM1")


def test_a_receipt_before_the_commit_waits_for_its_delivery(now: datetime) -> None:
    row = _sent(now, state=State.QUEUED, rank=0, attempt=0)
    _record(row, State.DELIVERED, now)
    assert receipts.apply_receipts(now=now) == 0

    Delivery.objects.update(state=State.SENDING, attempt=1, lease_token=people.TOKEN)
    assert receipts.apply_receipts(now=now) == 1
    assert Delivery.objects.get().state == State.DELIVERED


def test_a_receipt_for_nothing_we_know_is_let_go_after_three_days(now: datetime) -> None:
    row = _sent(now)
    _record(row, State.DELIVERED, now)
    Delivery.objects.all().delete()

    assert receipts.apply_receipts(now=now + timedelta(days=2)) == 0
    receipts.apply_receipts(now=now + timedelta(days=3))
    assert Receipt.objects.get().result == "no such delivery"


def test_a_receipt_of_an_earlier_attempt_does_not_move_the_later_one(now: datetime) -> None:
    row = _sent(now, attempt=2)
    _record(row, State.FAILED, now, attempt=1)
    receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert row.state == State.SENT


@pytest.mark.parametrize(
    "second_try", [{"state": State.QUEUED}, {"state": State.SENDING, "lease_token": people.TOKEN}]
)
def test_a_receipt_stops_the_second_try_of_what_was_unknown(
    now: datetime, second_try: dict[str, Any]
) -> None:
    row = _sent(now, rank=0, **second_try)
    _record(row, State.DELIVERED, now)
    receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert (row.state, row.lease_token) == (State.DELIVERED, None)


def test_those_of_one_delivery_are_worked_on_in_one_go(now: datetime) -> None:
    first, second = _sent(now), _sent(now, state=State.UNKNOWN, rank=1)
    for row in (first, second):
        for state in (State.SENT, State.DELIVERED, State.FAILED):
            _record(row, state, now, event_key=f"{row.pk}:{state}", provider_ref=f"SM{row.pk}")
    _record(first, State.FAILED, now, attempt=0)
    assert receipts.apply_receipts(now=now) == 7

    assert [
        list(Receipt.objects.filter(delivery_public_id=row.public_id).order_by("pk").values_list("result"))
        for row in (first, second)
    ] == [
        [("nothing new",), ("moved",), ("nothing new",), ("of an earlier attempt",)],
        [("moved",), ("moved",), ("nothing new",)],
    ]
    for row in (first, second):
        row.refresh_from_db()
        assert (row.state, row.rank, row.provider_ref) == (State.DELIVERED, 4, f"SM{row.pk}")
        assert row.settled_at == now


def test_a_receipt_that_comes_days_late_still_counts(now: datetime) -> None:
    row = _sent(now)
    _record(row, State.DELIVERED, now + timedelta(days=4))
    receipts.apply_receipts(now=now + timedelta(days=4))

    row.refresh_from_db()
    assert row.state == State.DELIVERED


def test_a_failure_after_the_fact_says_why(now: datetime) -> None:
    row = _sent(now, sent_at=now)
    _record(row, State.FAILED, now + timedelta(hours=1), code="30003")
    receipts.apply_receipts(now=now + timedelta(hours=1))

    row.refresh_from_db()
    assert (row.state, row.reason, row.sent_at) == (State.FAILED, "30003", now)
    assert row.settled_at == now + timedelta(hours=1)


def test_thirty_receipts_take_the_statements_of_one(now: datetime) -> None:
    spent = []
    for number in (1, 30):
        for row in people.queued(
            people.notice(people.window(people.service(f"service-{number}"))),
            number=number,
            state=State.SENT,
            rank=2,
            attempt=1,
        ):
            _record(row, State.FAILED, now, event_key=str(row.public_id), suppress="bounce")
        with CaptureQueriesContext(connection) as queries:
            assert receipts.apply_receipts(now=now) == number
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_the_door_takes_one_statement(now: datetime, django_assert_num_queries: Any) -> None:
    row = _sent(now)
    for _ in range(2):
        with django_assert_num_queries(1):
            _record(row, State.SENT, now)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_delivery_that_a_sender_holds_is_left_for_the_next_run(now: datetime) -> None:
    held, free = _sent(now), _sent(now)
    for row in (held, free):
        _record(row, State.DELIVERED, now, event_key=str(row.pk))
    late = now + timedelta(days=3)  # held by somebody, not missing
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=held.pk)
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(_apart, lambda: receipts.apply_receipts(now=late)).result() == 1
    assert receipts.apply_receipts(now=late) == 1

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_work_on_each_receipt_once(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "_BATCH", 7)
    rows = people.queued(people.notice(people.window()), number=60, state=State.SENT, rank=2, attempt=1)
    for row in rows:
        for state in (State.SENT, State.DELIVERED):
            _record(row, state, now, event_key=f"{row.pk}:{state}")
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: _apart(lambda: receipts.apply_receipts(now=now)), range(4)))
    # what one passed over because another held it is left for the next run
    assert sum(done) + receipts.apply_receipts(now=now) == 120

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}


def _apart(work: Callable[[], int]) -> int:
    """In a thread, with a connection that ends with the work."""
    try:
        return work()
    finally:
        connection.close()


def test_a_bounce_suppresses_the_address_for_the_next_notice(now: datetime) -> None:
    row = _sent(now)
    _record(row, State.FAILED, now, suppress=Suppression.Reason.BOUNCE, code="30005")
    receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "30005")
    assert bytes(Suppression.objects.get().address_hmac) == bytes(row.address_hmac or b"")


def test_receipts_that_wait_do_not_hold_up_the_others(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "_BATCH", 2)
    for number in range(5):
        receipts.keep_receipt(
            receipts.ProviderEvent(
                provider="twilio",
                event_key=f"nobody's {number}",
                delivery=people.TOKEN,
                attempt=1,
                state=State.SENT,
                received_at=now,
            ).receipt()
        )
    row = _sent(now)
    _record(row, State.DELIVERED, now)

    assert receipts.apply_receipts(now=now) == 1


def test_a_receipt_before_the_answer_still_says_when_it_was_sent(now: datetime) -> None:
    row = _sent(now, state=State.SENDING, rank=0, lease_token=people.TOKEN)
    _record(row, State.DELIVERED, now)
    receipts.apply_receipts(now=now)

    row.refresh_from_db()
    assert row.sent_at == now


@pytest.mark.parametrize("code", ["30002", "30032", "30034"])
def test_a_blocked_account_that_is_reported_later_rests_the_sender_and_fails_nobody(
    code: str, now: datetime, settings: Settings
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    row = _sent(now)
    _record(row, State.FAILED, now, code=code)
    receipts.apply_receipts(now=now)
    queue.put_back(now=now)

    row.refresh_from_db()
    assert (row.state, row.code) == (State.QUEUED, code)
    assert row.not_before > now
    bucket = Bucket.objects.get(provider="twilio", sender="+441632960000")
    assert (bucket.failing_since is not None, code in bucket.reason) == (True, True)
    assert not Refusal.objects.exists()


def test_what_is_put_back_still_hears_of_the_attempt_that_was_made(now: datetime, settings: Settings) -> None:
    """The same word again is nothing new; that it was delivered after all is."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    row = _sent(now)
    _record(row, State.FAILED, now, code="30002")
    receipts.apply_receipts(now=now)
    queue.put_back(now=now)
    _record(row, State.FAILED, now, code="30002", event_key="again")
    receipts.apply_receipts(now=now)
    row.refresh_from_db()
    assert row.state == State.QUEUED

    _record(row, State.DELIVERED, now)
    receipts.apply_receipts(now=now)
    row.refresh_from_db()
    assert row.state == State.DELIVERED


@pytest.mark.parametrize("code", ["30003", "30004", "30005", "30006", "30008"])
def test_one_phone_that_cannot_be_reached_is_the_customers(
    code: str, now: datetime, settings: Settings
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    row = _sent(now)
    _record(row, State.FAILED, now, code=code)
    receipts.apply_receipts(now=now)
    queue.put_back(now=now)

    row.refresh_from_db()
    assert (row.state, row.code, Bucket.objects.exists()) == (State.FAILED, code, False)


def _reported(notice: Notice, number: int, code: str, now: datetime, provider: str = "twilio") -> None:
    """So many new messages of a notice fail under a code, each told by a receipt."""
    channel = "sms" if provider == "twilio" else "email"
    sent: dict[str, Any] = {"state": State.SENT, "rank": 2, "attempt": 1, "provider": provider}
    for row in people.queued(notice, number=number, channel=channel, **sent):
        _record(row, State.FAILED, now, code=code, event_key=str(row.pk))
    receipts.apply_receipts(now=now)


def _delivered(notice: Notice, number: int) -> None:
    counted = {"channel": "sms", "state": State.DELIVERED, "outbox": False, "segments": number}
    Tally.objects.create(notice=notice, deliveries=number, **counted)


@pytest.mark.parametrize("code", ["30007", "30033", "30008", ""])
@pytest.mark.parametrize(
    ("failed", "delivered", "rests"), [(19, 0, False), (20, 5, True), (22, 2_000, False), (22, 88, True)]
)
def test_a_failure_that_a_fifth_of_a_notice_shares_rests_the_sender(
    failed: int, delivered: int, rests: bool, code: str, now: datetime, settings: Settings
) -> None:
    """A filter, a number that nobody registered: networks always refuse some, and only many are ours."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    notice = people.notice(people.window())
    _delivered(notice, delivered)
    _reported(notice, failed, code, now)
    queue.put_back(now=now)

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.FAILED}
    assert Bucket.objects.filter(failing_since__isnull=False, reason__contains=code).exists() is rests


@pytest.mark.parametrize("code", ["30003", "30005", "30006", "21610", "21614"])
def test_many_phones_that_cannot_be_reached_rest_nobody(code: str, now: datetime, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    _reported(people.notice(people.window()), 20, code, now)

    assert not Bucket.objects.exists()


@pytest.mark.parametrize(("reason", "rests"), [("blocked", True), ("invalid", False), ("bounced", False)])
def test_mails_that_are_blocked_for_many_rest_their_sender(
    reason: str, rests: bool, now: datetime, settings: Settings
) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "anymail.backends.mailjet.EmailBackend"
    settings.ANYMAIL = {"MAILJET_API_KEY": "key", "MAILJET_SECRET_KEY": "secret"}
    with contextlib.closing(open_channel("email", 1, demonstration=False)) as wire:
        _reported(people.notice(people.window()), 20, reason, now, wire.provider)

    assert Bucket.objects.filter(failing_since__isnull=False, reason__contains=reason).exists() is rests


def test_a_sender_rests_once_for_what_a_notice_goes_on_failing_for(
    now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken all the same, so the sender is well. Again an hour later, or for another notice."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    notice, bucket = people.notice(people.window()), Bucket.objects.filter(failing_since__isnull=False)
    _reported(notice, 20, "30007", now)
    assert bucket.update(failing_since=None, resting_until=None) == 1

    _reported(notice, 3, "30007", now)
    assert not bucket.exists()

    ReportedRest.objects.update(rested_at=F("rested_at") - timedelta(hours=1))
    _reported(notice, 1, "30007", now)
    assert bucket.update(failing_since=None, resting_until=None) == 1

    _reported(people.notice(people.window()), 20, "30007", now)
    assert bucket.exists()


def test_a_mail_backend_that_cannot_be_read_keeps_no_receipt_waiting(
    now: datetime, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", "+441632960000"
    settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND = True, "no.such.module.EmailBackend"
    for number in range(2):
        mail, sms = _sent(now, channel="email", provider="sendgrid"), _sent(now)
        _record(mail, State.FAILED, now, code="bounced", event_key=f"mail {number}")
        _record(sms, State.FAILED, now, code="30002", event_key=f"sms {number}")
        assert receipts.apply_receipts(now=now) == 2

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.FAILED}
    assert Bucket.objects.get().reason.endswith("30002")
    assert len([line for line in caplog.messages if "email cannot be opened" in line]) == 1
