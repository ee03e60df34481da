"""One drain: nothing handed out before its intent is committed, nothing held beyond the bound."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from pytest_django.fixtures import Settings

from notifications.channels.types import Channel, Message, Outcome, Pause, Verdict
from notifications.customers import addresses
from notifications.delivery import queue, rate_limits, sending, suppression
from notifications.models import Bucket, Contact, Delivery, Priority, State, Suppression
from notifications.wording import segments
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_fast_as_they_are_taken(settings: Settings) -> None:
    """Whoever asks about a rate sets one: the ordinary one lets ten a second out, by the real clock."""
    settings.RATES = {}


class Wire(Channel):
    """A wire that answers as told and notes what the database said when each message was pulled."""

    provider = "wire"

    def __init__(self, answer: Callable[[Message], Verdict] = lambda message: Verdict.ACCEPTED) -> None:
        super().__init__(in_flight=8)
        self.answer = answer
        self.messages: list[Message] = []
        self.states: list[int] = []
        self.most_in_doubt = 0

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        for message in messages:
            if isinstance(message, Pause):
                continue
            self.messages.append(message)
            self.states.append(Delivery.objects.get(public_id=message.delivery).state)
            self.most_in_doubt = max(self.most_in_doubt, Delivery.objects.filter(state=State.SENDING).count())
            yield Outcome(message.delivery, message.attempt, self.answer(message), self.provider, "ref")


def _drain(wire: Wire, now: datetime) -> int:
    return sending._Run(wire, "sms", demonstration=False, clock=lambda: now).go()


def _counts() -> dict[State, int]:
    rows = list(Delivery.objects.values_list("state", flat=True))
    return {State(state): rows.count(state) for state in set(rows)}


def test_everything_due_is_sent_once_in_the_readers_words(now: datetime) -> None:
    now += timedelta(hours=1)
    people.queued(people.notice(people.window()), number=30)
    wire = Wire()

    assert _drain(wire, now) == 30
    assert _counts() == {State.SENT: 30}
    assert len({message.address for message in wire.messages}) == 30
    assert wire.messages[0].body == "Dear C0, we are closed."


def test_the_intent_is_committed_before_the_wire_sees_the_message(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=5)
    wire = Wire()
    _drain(wire, now)

    assert set(wire.states) == {State.SENDING}


def test_no_more_than_the_bound_is_ever_in_doubt(now: datetime, settings: Settings) -> None:
    people.queued(people.notice(people.window()), number=50)
    wire = Wire()
    _drain(wire, now)

    assert 0 < wire.most_in_doubt <= 8


def test_a_wrong_key_stops_the_drain_and_fails_nobody(now: datetime, settings: Settings) -> None:
    people.queued(people.notice(people.window()), number=50)
    wire = Wire(lambda message: Verdict.CONFIGURATION)
    _drain(wire, now)

    assert len(wire.messages) <= 8
    assert _counts() == {State.QUEUED: 50}


def test_one_that_cannot_be_composed_fails_alone(now: datetime) -> None:
    rows = people.queued(people.notice(people.window()), number=3)
    Contact.objects.filter(customer=rows[1].customer).update(address=b"\x01not sealed by us")

    assert _drain(Wire(), now) == 2
    rows[1].refresh_from_db()
    assert rows[1].state == State.FAILED
    assert "ADDRESS_KEY" in rows[1].reason


def test_a_fault_of_ours_over_one_makes_it_wait_and_the_others_go(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = people.queued(people.notice(people.window()), number=30)
    count = segments.counted_segments

    def faulty(text: str) -> segments.Segments:
        if "C0," in text:
            raise RuntimeError("no such alphabet")
        return count(text)

    monkeypatch.setattr(segments, "counted_segments", faulty)
    assert _drain(Wire(), now) == 29

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].not_before) == (State.QUEUED, now + timedelta(minutes=5))
    assert "no such alphabet" in rows[0].reason


def test_a_database_that_refuses_an_intent_is_asked_again_after_a_pause(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.queued(people.notice(people.window()), number=3)

    def refused(*args: Any) -> set[int]:
        raise DatabaseError("value out of range")

    monkeypatch.setattr(queue, "intended_ids", refused)
    source = sending._Run(Wire(), "sms", demonstration=False, clock=lambda: now)._messages()

    assert isinstance(next(source), Pause)
    monkeypatch.undo()
    assert isinstance(next(source), Message)


def test_a_worker_with_the_wrong_address_key_fails_nobody(now: datetime, settings: Settings) -> None:
    people.queued(people.notice(people.window()), number=3)
    settings.ADDRESS_KEY = "another key"
    _drain(Wire(), now)

    assert _counts() == {State.QUEUED: 3}
    assert {"ADDRESS_KEY" in reason for reason in Delivery.objects.values_list("reason", flat=True)} == {True}


def test_a_stop_word_after_a_change_of_number_suppresses_the_number_that_said_it(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    new = "+447700900999"
    Contact.objects.update(address=addresses.seal(new), address_hmac=addresses.fingerprint(new))
    _drain(Wire(lambda message: Verdict.OPT_OUT), now)

    assert bytes(Suppression.objects.get().address_hmac) == addresses.fingerprint(new)


def test_the_provider_is_given_until_the_customers_evening(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    wire = Wire()
    _drain(wire, now.replace(hour=20, minute=55))

    assert wire.messages[0].expires_at == now.replace(hour=21)


def test_a_channel_that_cannot_be_opened_can_be_tried_again(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **options: object) -> Channel:
        raise OSError("no file left")

    people.queued(people.notice(people.window()))
    monkeypatch.setattr(sending, "open_channel", fails)
    with pytest.raises(OSError, match="no file left"):
        sending.drain("sms", demonstration=False, clock=lambda: now)

    monkeypatch.undo()
    assert sending.drain("sms", demonstration=False, clock=lambda: now) == 1


def test_an_address_removed_meanwhile_is_no_address(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    Contact.objects.all().delete()
    _drain(Wire(), now)

    assert _counts() == {State.NO_ADDRESS: 1}


def test_a_number_changed_meanwhile_gets_the_message(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    new = "+447700900999"
    Contact.objects.update(address=addresses.seal(new), address_hmac=addresses.fingerprint(new))
    wire = Wire()
    _drain(wire, now)

    assert [message.address for message in wire.messages] == [new]
    assert bytes(Delivery.objects.get().address_hmac or b"") == addresses.fingerprint(new)


def test_quiet_hours_that_began_since_planning_hold_the_message_until_morning(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    night = now.replace(hour=21)
    wire = Wire()
    _drain(wire, night)

    row = Delivery.objects.get()
    assert (wire.messages, row.state, row.not_before) == ([], State.QUEUED, now.replace(hour=8, day=3))


def test_demonstration_people_reach_no_provider_whatever_the_credentials(
    now: datetime, settings: Settings
) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    settings.TWILIO_AUTH_TOKEN = "token"
    settings.TWILIO_API_BASE = "http://127.0.0.1:9"  # nobody listens: a call would not be accepted
    people.queued(people.notice(people.window()), demonstration=True)

    sending.drain("sms", demonstration=True, clock=lambda: now)

    row = Delivery.objects.get()
    assert (row.state, row.provider) == (State.SENT, "outbox")


def test_without_credentials_messages_go_to_the_outbox(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    sending.drain("sms", demonstration=False, clock=lambda: now)

    assert Delivery.objects.get().provider == "outbox"


def test_an_email_carries_the_way_out_of_email(now: datetime) -> None:
    people.queued(people.notice(people.window()), channel="email")
    wire = Wire()
    sending._Run(wire, "email", demonstration=False, clock=lambda: now).go()

    headers = wire.messages[0].headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/preferences/")


def test_a_second_thread_of_the_process_leaves_a_channel_that_is_being_drained(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    with sending._busy["sms"]:
        assert sending.drain("sms", demonstration=False, clock=lambda: now) == 0

    assert _counts() == {State.QUEUED: 1}


def _bucket() -> Bucket:
    return Bucket.objects.get(provider="wire")


def test_a_wrong_key_rests_the_sender_for_every_process_and_says_why(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=50)
    _drain(Wire(lambda message: Verdict.CONFIGURATION), now)
    other = Wire()

    assert _drain(other, now) == 0
    assert other.messages == []
    assert (_bucket().failures, "configuration" in _bucket().reason) == (1, True)


def test_after_the_rest_one_message_shows_whether_the_sender_is_well_and_then_all_go(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=50)
    _drain(Wire(lambda message: Verdict.CONFIGURATION), now)
    rate_limits.end_rest(rate_limits.Sender("wire", "", None))
    still_wrong = Wire(lambda message: Verdict.CONFIGURATION)
    _drain(still_wrong, now)
    rate_limits.end_rest(rate_limits.Sender("wire", "", None))
    mended = Wire()
    _drain(mended, now + timedelta(minutes=5))  # the one that was tried waits, so that others are tried too

    assert len(still_wrong.messages) == 1
    assert _counts() == {State.SENT: 50}
    assert _bucket().failing_since is None


def test_a_provider_that_names_a_wait_is_left_alone_that_long(now: datetime) -> None:
    class Busy(Wire):
        def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
            for outcome in super().send(messages):
                yield dataclasses.replace(outcome, retry_after=90.0)

    people.queued(people.notice(people.window()), number=50)
    wire = Busy(lambda message: Verdict.NOT_PROCESSED)
    _drain(wire, now)

    assert len(wire.messages) <= wire.in_flight
    assert rate_limits.resting_seconds(rate_limits.Sender("wire", "", None)) > 60
    assert _bucket().failing_since is None  # busy, not ill


def test_a_provider_that_leaves_one_answer_after_the_other_in_doubt_is_given_a_rest(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=50)
    wire = Wire(lambda message: Verdict.UNKNOWN)
    _drain(wire, now)

    assert 16 <= len(wire.messages) <= 16 + wire.in_flight
    assert rate_limits.resting_seconds(rate_limits.Sender("wire", "", None)) > 0
    assert _counts() == {State.UNKNOWN: len(wire.messages), State.QUEUED: 50 - len(wire.messages)}


def test_one_doubtful_answer_among_many_rests_nobody(now: datetime) -> None:
    rows = people.queued(people.notice(people.window()), number=50)
    wire = Wire(
        lambda message: Verdict.UNKNOWN if message.delivery == rows[9].public_id else Verdict.ACCEPTED
    )
    _drain(wire, now)

    assert _counts() == {State.UNKNOWN: 1, State.SENT: 49}


def test_what_is_urgent_overtakes_what_waits(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=40)
    Delivery.objects.update(priority=Priority.ROUTINE_VULNERABLE)
    urgent = {row.public_id for row in list(Delivery.objects.order_by("-id"))[:3]}
    Delivery.objects.filter(public_id__in=urgent).update(priority=10)
    wire = Wire()
    _drain(wire, now)

    assert {message.delivery for message in wire.messages[:3]} == urgent


def test_what_becomes_urgent_in_mid_run_goes_before_most_of_what_waited(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=200)
    Delivery.objects.update(priority=Priority.ROUTINE_VULNERABLE)
    last = Delivery.objects.order_by("-id")[0]

    class Late(Wire):
        def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
            for outcome in super().send(messages):
                if len(self.messages) == 20:
                    Delivery.objects.filter(pk=last.pk).update(priority=10)
                yield outcome

    wire = Late()
    _drain(wire, now)

    place = [message.delivery for message in wire.messages].index(last.public_id)
    assert place < 100


def test_a_worker_that_is_about_to_end_takes_nothing_more_and_gives_back_what_it_held(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=50)
    wire = Wire()
    run = sending._Run(
        wire, "sms", demonstration=False, clock=lambda: now, stopping=lambda: len(wire.messages) >= 8
    )
    run.go()

    assert 8 <= len(wire.messages) <= 2 * wire.in_flight
    assert _counts() == {State.SENT: len(wire.messages), State.QUEUED: 50 - len(wire.messages)}


def test_a_notice_withdrawn_in_mid_run_overshoots_by_what_is_in_flight_at_most(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=50)

    class Withdrawn(Wire):
        def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
            for outcome in super().send(messages):
                if len(self.messages) == 10:
                    queue.withdraw_deliveries([notice.pk], "cancelled", now=now)
                yield outcome

    wire = Withdrawn()
    _drain(wire, now)

    assert len(wire.messages) <= 10 + wire.in_flight
    assert _counts()[State.WITHDRAWN] == 50 - len(wire.messages)


def test_an_opt_out_in_mid_run_is_heeded_by_what_is_held_already(now: datetime) -> None:
    rows = people.queued(people.notice(people.window()), number=50)
    last = rows[-1]

    class OptedOut(Wire):
        def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
            for outcome in super().send(messages):
                if len(self.messages) == 10:
                    hmac = bytes(last.address_hmac or b"")
                    suppression.suppress("sms", hmac, Suppression.Reason.OPT_OUT, now=now)
                yield outcome

    wire = OptedOut()
    _drain(wire, now)

    assert last.public_id not in {message.delivery for message in wire.messages}
    assert _counts() == {State.SENT: 49, State.SUPPRESSED: 1}


def test_the_evening_that_begins_in_mid_run_holds_what_is_left(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=50)
    wire = Wire()

    def clock() -> datetime:
        return now.replace(hour=20, minute=59, second=55) + timedelta(seconds=len(wire.messages))

    run = sending._Run(wire, "sms", demonstration=False, clock=clock)
    run.until = math.inf
    run.go()

    assert len(wire.messages) <= 5 + wire.in_flight
    waiting = Delivery.objects.filter(state=State.QUEUED)
    assert {row.not_before for row in waiting} == {now.replace(hour=8) + timedelta(days=1)}
    assert len(wire.messages) + len(waiting) == 50


def test_a_sender_with_a_rate_is_given_no_more_than_its_bucket_holds(
    now: datetime, settings: Settings
) -> None:
    settings.RATES = {"sms": 0.01}
    people.queued(people.notice(people.window()), number=50)
    wire = Wire()
    run = sending._Run(wire, "sms", demonstration=False, clock=lambda: now)
    run.until = time.monotonic() + 1
    run.go()

    assert 0 < len(wire.messages) <= rate_limits.LONGEST
    assert _counts() == {State.SENT: len(wire.messages), State.QUEUED: 50 - len(wire.messages)}


def test_a_process_that_stood_still_between_intent_and_call_hands_nothing_over(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been taken for dead, and a person may have sent the message again meanwhile."""
    people.queued(people.notice(people.window()), number=3)
    asleep: list[timedelta] = []
    intends = queue.intended_ids

    def intend(*args: Any) -> set[int]:
        asleep.append(timedelta(hours=1))
        return intends(*args)

    monkeypatch.setattr(queue, "intended_ids", intend)
    wire = Wire()
    sending._Run(wire, "sms", demonstration=False, clock=lambda: now + sum(asleep, timedelta())).go()

    assert wire.messages == []
    assert _counts() == {State.QUEUED: 3}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("made", [True, False], ids=["made", "not made"])
def test_a_commit_that_is_not_answered_loses_and_doubles_nothing(
    now: datetime, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.queued(people.notice(people.window()), number=30)
    commit, commits = connection.commit, itertools.count()

    def unanswered() -> None:
        if next(commits) % 3 != 1:
            return commit()
        if made:
            commit()
        raise OperationalError("server closed the connection unexpectedly")

    wire = Wire()
    with monkeypatch.context() as patch:
        patch.setattr(connection, "commit", unanswered)
        _drain(wire, now)

    assert next(commits) > 3
    assert sorted(one.delivery for one in wire.messages) == sorted(
        Delivery.objects.values_list("public_id", flat=True)
    )
    assert _counts() == {State.SENT: 30}
    assert set(Delivery.objects.values_list("attempt", flat=True)) == {1}


def test_a_slow_sender_goes_through_the_queue_in_its_order(now: datetime, settings: Settings) -> None:
    settings.RATES = {"sms": 40}
    rows = people.queued(people.notice(people.window()), number=60)
    wire = Wire()
    run = sending._Run(wire, "sms", demonstration=False, clock=lambda: now)
    run.until = time.monotonic() + 30
    run.go()

    order = {row.public_id: place for place, row in enumerate(rows)}
    handed = [order[message.delivery] for message in wire.messages]
    assert handed == sorted(handed)
    assert len(handed) == 60
