"""A refusal that many share is ours: the sender rests and nobody fails; and one poisoned row stops nobody."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from maintenance.models import Window
from notifications import sql
from notifications.channels.types import Channel, Message, Outcome, Pause, Verdict
from notifications.delivery import queue, rate_limits, receipts, sending
from notifications.delivery.queue import requeue
from notifications.delivery.rate_limits import Sender
from notifications.models import Attempt, Bucket, Delivery, Notice, Refusal, State
from tests import people

pytestmark = pytest.mark.django_db

WIRE = Sender("wire", "", None)
HOUR = timedelta(hours=1)
Answer = Callable[[Message], tuple[Verdict, str]]


def yes(message: Message) -> tuple[Verdict, str]:
    return Verdict.ACCEPTED, ""


def no_number(message: Message) -> tuple[Verdict, str]:
    """As where every number of an import lacks its prefix."""
    return Verdict.PERMANENT, "21211"


def unheard_of(message: Message) -> tuple[Verdict, str]:
    return Verdict.REFUSED, "29999"


class Wire(Channel):
    """Answers as told."""

    provider = "wire"

    def __init__(self, answer: Answer) -> None:
        super().__init__(in_flight=4)
        self.answer = answer
        self.messages: list[Message] = []

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        for message in messages:
            if not isinstance(message, Pause):
                self.messages.append(message)
                result, code = self.answer(message)
                yield Outcome(message.delivery, message.attempt, result, self.provider, code=code)


def _drain(answer: Answer, now: datetime) -> Wire:
    """One worker's run: another process knows only what stands in the database."""
    wire = Wire(answer)
    sending._Run(wire, "sms", demonstration=False, clock=lambda: now).go()
    return wire


def _counts() -> dict[State, int]:
    rows = list(Delivery.objects.values_list("state", flat=True))
    return {State(state): rows.count(state) for state in set(rows)}


@pytest.fixture
def notice() -> Notice:
    return people.notice(people.window())


@pytest.mark.parametrize("answer", [no_number, unheard_of])
def test_the_same_refusal_for_many_in_a_row_rests_the_sender_and_fails_nobody(
    answer: Answer, notice: Notice, now: datetime
) -> None:
    people.queued(notice, number=60)
    wire = _drain(answer, now)

    assert 20 <= len(wire.messages) <= 20 + 2 * wire.in_flight
    assert _counts() == {State.QUEUED: 60}
    bucket = Bucket.objects.get()
    assert bucket.failing_since is not None
    assert "people in a row" in bucket.reason


def test_a_few_wrong_numbers_fail_as_before(notice: Notice, now: datetime) -> None:
    people.queued(notice, number=19)
    _drain(no_number, now)

    assert _counts() == {State.FAILED: 19}
    assert set(Delivery.objects.values_list("code", flat=True)) == {"21211"}


def test_what_another_process_was_refused_counts(notice: Notice, now: datetime) -> None:
    """A slow sender does a dozen in a drain."""
    people.queued(notice, number=12)
    _drain(no_number, now)
    assert _counts() == {State.FAILED: 12}

    people.queued(people.notice(people.window()), number=12)
    _drain(no_number, now)
    assert _counts() == {State.QUEUED: 24}


@pytest.mark.parametrize("rate", [None, 1_000.0])
def test_a_message_that_another_process_has_accepted_ends_the_run(
    rate: float | None, notice: Notice, now: datetime, settings: Settings
) -> None:
    settings.RATES = {"sms": rate} if rate else {}
    people.queued(notice, number=12)
    _drain(no_number, now)
    people.queued(notice, number=3)
    _drain(yes, now)
    people.queued(notice, number=12)
    _drain(no_number, now)

    assert _counts() == {State.FAILED: 24, State.SENT: 3}
    assert Refusal.objects.count() == 12


def test_a_process_that_goes_on_all_the_while_ends_the_run_of_another(notice: Notice, now: datetime) -> None:
    """It learns of the run with what it may send, and its next accepted message ends it."""
    run = sending._Run(Wire(yes), "sms", demonstration=False, clock=lambda: now)
    people.queued(notice, number=2)
    run.go()
    people.queued(notice, number=12)
    _drain(no_number, now)
    assert Bucket.objects.get().refused == 12

    people.queued(notice, number=2)
    run.asked_at = 0.0
    run.go()
    assert (Bucket.objects.get().refused, Refusal.objects.count()) == (0, 0)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_processes_that_are_refused_at_the_same_moment_count_together(
    notice: Notice, now: datetime
) -> None:
    people.queued(notice, number=24)
    both = threading.Barrier(2)

    class Slow(Wire):
        def __init__(self) -> None:
            super().__init__(no_number)
            self.in_flight = 12

        def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
            handed_out = (message for message in messages if isinstance(message, Message))
            mine = list(itertools.islice(handed_out, 12))
            both.wait(30)
            for message in mine:
                yield Outcome(
                    message.delivery, message.attempt, Verdict.PERMANENT, self.provider, code="21211"
                )

    def drain() -> None:
        try:
            sending._Run(Slow(), "sms", demonstration=False, clock=lambda: now).go()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: drain(), range(2)))
    queue.put_back(now=now)

    assert _counts() == {State.QUEUED: 24}
    assert rate_limits.resting_seconds(WIRE) > 0


def test_one_person_refused_again_and_again_is_one(notice: Notice, now: datetime) -> None:
    people.queued(notice)
    for again in range(25):
        Delivery.objects.update(not_before=now)
        _drain(unheard_of, now + timedelta(seconds=again))

    assert (Delivery.objects.get().attempt, rate_limits.resting_seconds(WIRE)) == (25, 0.0)


def test_another_reason_beside_it_does_not_hide_what_many_were_refused_for(
    notice: Notice, now: datetime
) -> None:
    rows = people.queued(notice, number=40)
    odd = {row.public_id for row in rows[::4]}

    def mixed(message: Message) -> tuple[Verdict, str]:
        return no_number(message) if message.delivery in odd else unheard_of(message)

    _drain(mixed, now)
    assert rate_limits.resting_seconds(WIRE) > 0


def test_the_single_probe_after_the_rest_is_not_failed_for_it_either(notice: Notice, now: datetime) -> None:
    people.queued(notice, number=30)
    _drain(no_number, now)
    rate_limits.end_rest(WIRE)
    probe = _drain(no_number, now)

    assert len(probe.messages) == 1
    assert _counts() == {State.QUEUED: 30}
    assert Bucket.objects.get().failures == 2


def test_once_it_is_mended_all_go_at_once(notice: Notice, now: datetime) -> None:
    people.queued(notice, number=30)
    _drain(unheard_of, now)
    rate_limits.end_rest(WIRE)
    _drain(yes, now)

    assert _counts() == {State.SENT: 30}
    assert not Refusal.objects.exists()


def test_a_crash_before_they_are_put_back_leaves_that_to_the_sweep(
    notice: Notice, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.queued(notice, number=20)

    def killed(*, now: datetime) -> int:
        if rate_limits.resting_seconds(WIRE):
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(queue, "put_back", killed)
        with pytest.raises(KeyboardInterrupt):
            _drain(no_number, now)
    assert _counts() == {State.FAILED: 20}

    assert queue.put_back(now=now) == 20
    assert (_counts()[State.QUEUED], State.FAILED in _counts()) == (20, False)
    assert queue.put_back(now=now) == 0


def test_what_was_withdrawn_meanwhile_does_not_come_back(notice: Notice, now: datetime) -> None:
    people.queued(notice, number=12)
    _drain(no_number, now)
    queue.withdraw_deliveries([notice.pk], "The window was moved.", now=now)
    people.queued(people.notice(people.window()), number=12)
    _drain(no_number, now)

    assert _counts() == {State.FAILED: 12, State.QUEUED: 12}


def test_a_refusal_that_is_reported_while_others_are_put_back_is_kept_for_the_next_time(
    notice: Notice, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same delivery, at its next attempt: that it was refused again is another question."""
    row = people.queued(notice, state=State.FAILED, attempt=1)[0]

    def report(attempt: int) -> None:
        with transaction.atomic():
            rate_limits.note_reported(
                WIRE, [rate_limits.RefusedMessage(row.pk, row.customer_id or 0, attempt, "30002", "")]
            )

    def put_back_and_refused_again(*args: object, **options: object) -> int:
        report(2)
        return 1

    report(1)
    with monkeypatch.context() as patch:
        patch.setattr(requeue, "_put_back", put_back_and_refused_again)
        queue.put_back(now=now)
    assert list(Refusal.objects.values_list("attempt", flat=True)) == [2]

    Delivery.objects.update(attempt=2)
    assert queue.put_back(now=now) == 1
    assert not Refusal.objects.exists()


def test_what_is_put_back_stands_on_record(notice: Notice, now: datetime) -> None:
    people.queued(notice, number=20)
    _drain(no_number, now)

    assert Attempt.objects.filter(outcome="back in the queue", code="21211").count() == 20
    assert {row.reason for row in Delivery.objects.all()} == {
        "the fault was not the customer's; before: 21211"
    }


@pytest.mark.parametrize("result", [Verdict.REFUSED, Verdict.CONFIGURATION])
def test_one_poisoned_row_holds_up_nobody(result: Verdict, notice: Notice, now: datetime) -> None:
    """However urgent it is: it waits longer each time, and others try whether the sender is well."""
    rows = people.queued(notice, number=101)
    Delivery.objects.update(priority=50)
    Delivery.objects.filter(pk=rows[0].pk).update(priority=10)

    def poisoned(message: Message) -> tuple[Verdict, str]:
        return (result, "29999") if message.delivery == rows[0].public_id else yes(message)

    rests = 0
    while _counts().get(State.SENT, 0) < 100:
        _drain(poisoned, now)
        now += timedelta(seconds=rate_limits.resting_seconds(WIRE))
        rests += rate_limits.end_rest(WIRE)
        assert rests <= 5

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].code) == (State.QUEUED, "29999")
    assert rows[0].not_before > now or result is Verdict.CONFIGURATION


def test_what_is_refused_until_it_is_too_late_expires_with_its_reason(notice: Notice, now: datetime) -> None:
    people.queued(notice)
    _drain(unheard_of, now)
    queue.sweep_deliveries(now=notice.true_until)

    row = Delivery.objects.get()
    assert (row.state, row.code) == (State.EXPIRED, "29999")
    assert row.reason == "its words are no longer true; before: 29999"


def test_notices_that_an_earlier_version_withdrew_are_known_as_such(notice: Notice, now: datetime) -> None:
    """By what was taken back of them, or because their window has moved on."""
    migration = import_module("notifications.migrations.0005_refusals_in_a_row")
    people.queued(notice, state=State.WITHDRAWN)
    moved, stands = people.notice(people.window()), people.notice(people.window())
    Window.objects.filter(pk=moved.window_id).update(revision=2)
    migration.note_withdrawn(apps, SimpleNamespace(connection=connection))

    withdrawn = set(Notice.objects.filter(withdrawn=True).values_list("pk", flat=True))
    assert withdrawn == {notice.pk, moved.pk} - {stands.pk}


class Twilio(Wire):
    """Takes every message; that none arrives is reported afterwards."""

    provider = "twilio"
    sender = "+441632960000"


def _round(now: datetime) -> int:
    """Rest and waiting are over, whatever is queued goes out, and each is reported as not registered."""
    ended = sql.database_now() - timedelta(seconds=1)
    Bucket.objects.update(resting_until=ended, refilled_at=ended - timedelta(minutes=2))
    Delivery.objects.filter(state=State.QUEUED).update(not_before=now)
    wire = Twilio(yes)
    sending._Run(wire, "sms", demonstration=False, clock=lambda: now).go()
    for message in wire.messages:
        word = receipts.ProviderEvent(
            provider="twilio",
            event_key=f"{message.delivery} {message.attempt}",
            delivery=message.delivery,
            attempt=message.attempt,
            state=State.FAILED,
            code="30034",
            received_at=now,
        ).receipt()
        receipts.keep_receipt(word)
    receipts.apply_receipts(now=now)
    queue.put_back(now=now)
    return len(wire.messages)


@pytest.fixture
def unregistered(settings: Settings) -> Sender:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "AC0", Twilio.sender
    settings.TWILIO_MESSAGING_SERVICE_SID, settings.RATES = "", {}
    return Sender("twilio", Twilio.sender, None)


def test_what_is_reported_as_our_fault_again_and_again_is_sent_three_times_and_then_waits_for_a_person(
    notice: Notice, now: datetime, unregistered: Sender
) -> None:
    people.queued(notice, number=10)
    assert sum(_round(now + timedelta(minutes=number)) for number in range(12)) == 30
    assert _counts() == {State.FAILED: 10}
    assert not Refusal.objects.exists()

    queue.send_again(notice.pk, "sms", "30034", until=now + HOUR, by="olga", now=now + HOUR)
    assert [_round(now + HOUR), _round(now + HOUR)] == [10, 0]


def test_rests_for_what_is_reported_grow_though_each_message_was_taken(
    notice: Notice, now: datetime, unregistered: Sender
) -> None:
    failures = []
    for number in range(4):
        people.queued(notice, number=2)
        _round(now + timedelta(minutes=number))
        failures.append(Bucket.objects.get().failures)
    assert failures == [1, 2, 3, 4]


def test_an_hour_without_such_a_report_and_the_next_rest_is_a_first_one(
    notice: Notice, now: datetime, unregistered: Sender
) -> None:
    for number in range(2):
        people.queued(notice, number=2)
        _round(now + timedelta(minutes=number))
    Bucket.objects.update(reported_at=sql.database_now() - HOUR)
    people.queued(notice, number=2)
    _round(now + timedelta(minutes=2))
    assert Bucket.objects.get().failures == 1

    ended = sql.database_now() - timedelta(seconds=1)
    Bucket.objects.update(reported_at=ended - HOUR, resting_until=ended)
    rate_limits.note_taken(unregistered, now=now)
    assert Bucket.objects.get().failures == 0
