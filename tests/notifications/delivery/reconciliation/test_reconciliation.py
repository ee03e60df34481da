"""The unknown: asked about, found, sent again or held, each step on record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pytest_django import Settings

from notifications import sql
from notifications.channels.types import Channel, Found, Message, Outcome, Pause, Unreachable
from notifications.delivery import composition, reconciliation
from notifications.delivery.reconciliation import decide, lookup
from notifications.models import Attempt, AttemptOutcome, Delivery, State
from tests import people
from tests.servers import twilio as stand_in

pytestmark = pytest.mark.django_db

Answer = Found | None | Exception


class Provider(Channel):
    """A provider that can be asked and answers as told."""

    provider = "provider"

    def __init__(self, answer: Answer) -> None:
        super().__init__(1)
        self.answer = answer

    def send(self, messages: Iterator[Message | Pause]) -> Iterator[Outcome]:
        """Asking is not sending."""
        raise AssertionError(list(messages))

    def find(self, message: Message, since: datetime) -> Found | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Ask:
    return Ask(monkeypatch, now)


class Ask:
    """Reconcile once, with a provider that gives this answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        self.monkeypatch, self.now = monkeypatch, now

    def __call__(self, answer: Answer) -> int:
        self.monkeypatch.setattr(decide, "open_channel", lambda *args, **options: Provider(answer))
        return reconciliation.reconcile(now=self.now)


def _unknown(channel: str = "sms", minutes: float = 2, number: int = 1, **options: Any) -> Delivery:
    notice = people.notice(people.window(), true_until=datetime.now(UTC) + timedelta(days=1))
    values: dict[str, Any] = {
        "channel": channel,
        "state": State.UNKNOWN,
        "rank": 1,
        "attempt": 1,
        "intended_at": sql.database_now() - timedelta(minutes=minutes),
    }
    return people.queued(notice, number=number, **(values | options))[0]


def test_a_run_with_slow_answers_ends_by_itself_and_the_next_goes_on(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(decide, "_TURN_SECONDS", 0.5)
    _unknown(number=3 * lookup.AT_ONCE, channel="email", minutes=60)

    def slowly(self: Provider, message: Message, since: datetime) -> Found | None:
        time.sleep(0.6)
        return Found(f"SM{message.delivery}")

    monkeypatch.setattr(Provider, "find", slowly)
    found = ask(None)

    assert 0 < found <= lookup.AT_ONCE
    assert Delivery.objects.filter(state=State.UNKNOWN).count() == 3 * lookup.AT_ONCE - found
    assert Attempt.objects.count() == found  # of the others nothing is known, and nothing decided
    ask.now = now + timedelta(minutes=2)
    assert ask(None) > 0


def test_a_channel_that_cannot_be_opened_keeps_no_other_from_being_asked(
    now: datetime, settings: Settings
) -> None:
    settings.CHANNELS = ["email", "inapp"]
    settings.EMAIL_CONFIGURED, settings.EMAIL_BACKEND = True, "no.such.Backend"
    mail, post = _unknown("email", minutes=60), _unknown("inapp", minutes=60)
    reconciliation.reconcile(now=now)

    mail.refresh_from_db()
    post.refresh_from_db()
    assert (mail.state, mail.reason) == (State.UNKNOWN, "")  # nothing is known of it, and nothing decided
    assert post.state == State.HELD
    assert Attempt.objects.get(delivery_id=mail.pk).outcome == AttemptOutcome.COULD_NOT_ASK


def test_found_at_the_provider_is_sent(ask: Ask) -> None:
    row = _unknown()

    assert ask(Found("SM1")) == 1
    row.refresh_from_db()
    assert (row.state, row.provider, row.provider_ref) == (State.SENT, "provider", "SM1")


def test_not_found_waits_before_anything_is_done(ask: Ask) -> None:
    row = _unknown(minutes=14)

    assert ask(None) == 0
    row.refresh_from_db()
    assert row.state == State.UNKNOWN


def test_an_sms_not_found_after_the_wait_is_held_for_a_person(ask: Ask) -> None:
    row = _unknown(minutes=16)
    ask(None)

    row.refresh_from_db()
    assert (row.state, row.reason[:4]) == (State.HELD, "held")
    assert ask(Found("asked again")) == 0


def test_an_email_not_found_after_the_wait_is_sent_again(ask: Ask) -> None:
    row = _unknown("email", minutes=16)
    ask(LookupError("SMTP keeps no list"))

    row.refresh_from_db()
    assert (row.state, row.rank, row.attempt) == (State.QUEUED, 0, 1)
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["sent again by policy"]


def test_a_provider_that_cannot_be_asked_decides_nothing(ask: Ask) -> None:
    row = _unknown(minutes=600)
    ask(Unreachable("connection refused"))

    row.refresh_from_db()
    assert row.state == State.UNKNOWN
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["could not ask"]


@pytest.mark.parametrize(("sent", "state"), [(True, State.SENT), (False, State.QUEUED)])
def test_a_person_decides_what_nobody_can_know(now: datetime, sent: bool, state: State) -> None:
    row = _unknown()

    assert reconciliation.release(row, sent=sent, by="olga", now=now) is True
    assert reconciliation.release(row, sent=sent, by="olga", now=now) is False
    row.refresh_from_db()
    assert (row.state, "olga" in row.reason) == (state, True)


def test_a_demonstration_delivery_in_doubt_is_found_in_the_outbox(ask: Ask) -> None:
    row = _unknown()
    Delivery.objects.update(demonstration=True)

    assert ask(Found("")) == 1
    row.refresh_from_db()
    assert row.state == State.SENT


def test_one_that_cannot_be_asked_about_does_not_keep_the_others_from_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_BATCH", 1)
    monkeypatch.setattr(decide, "_TURN_SECONDS", 0)
    first, second = _unknown(minutes=9), _unknown()
    ask(TypeError("an answer nobody expected"))
    ask(Found("SM2"))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.UNKNOWN, State.SENT)


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_person_sends_again_waits_for_no_page_whose_clock_is_ahead(at_once: bool) -> None:
    row = _unknown()
    tomorrow = sql.database_now() + timedelta(days=1)
    who: dict[str, Any] = {"sent": False, "by": "olga", "now": tomorrow}
    if at_once:
        reconciliation.release_all(row.notice_id, row.channel, until=tomorrow, **who)
    else:
        reconciliation.release(row, **who)
    row.refresh_from_db()

    assert row.state == State.QUEUED
    assert row.not_before <= sql.database_now()


@pytest.mark.parametrize(("seconds", "settled"), [(20, 3), (0, 1)])
def test_a_slow_provider_settles_what_it_answered_and_leaves_the_rest_to_the_next_run(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, seconds: int, settled: int
) -> None:
    """A run that asked about all of them at once would be ended before it wrote anything, each time."""
    monkeypatch.setattr(lookup, "_BATCH", 1)
    monkeypatch.setattr(decide, "_TURN_SECONDS", seconds)
    _unknown(number=3)

    assert ask(Found("SM1")) == settled
    assert ask(Found("SM1")) == min(settled, 3 - settled)
    assert Delivery.objects.filter(state=State.SENT).count() == min(2 * settled, 3)


def test_that_a_provider_could_not_be_asked_is_on_record_once(ask: Ask) -> None:
    _unknown()
    for _ in range(3):
        Delivery.objects.update(not_before=ask.now)
        ask(Unreachable("connection refused"))

    assert Attempt.objects.count() == 1


def test_each_is_asked_about_again_before_its_policy_decides(ask: Ask) -> None:
    _unknown()
    assert ask(None) == 0
    assert ask(Found("not yet")) == 0
    ask.now += timedelta(minutes=2)
    assert ask(Found("SM1")) == 1


def test_what_was_sent_again_by_policy_is_counted_apart(ask: Ask, now: datetime) -> None:
    row, other = _unknown("email", minutes=16), _unknown("email", minutes=16)
    reconciliation.release(other, sent=False, by="olga", now=now)
    ask(LookupError("SMTP keeps no list"))

    assert [reconciliation.resent([one.notice_id]) for one in (row, other)] == [1, 0]


@pytest.mark.parametrize(("sent", "state"), [(True, State.SENT), (False, State.QUEUED)])
def test_a_person_decides_on_all_of_a_notice_at_once(
    now: datetime, sent: bool, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.delivery.reconciliation.steps._SLICE", 2)
    row, another_notice = _unknown(number=5), _unknown()
    newest = Delivery.objects.filter(notice=row.notice).latest("pk")
    Delivery.objects.filter(pk=newest.pk).update(attempt=2, intended_at=sql.database_now())
    until = newest.intended_at
    assert until

    def all_of_it() -> int:
        return reconciliation.release_all(row.notice_id, "sms", until=until, sent=sent, by="olga", now=now)

    assert (all_of_it(), all_of_it()) == (4, 0)
    assert Delivery.objects.filter(notice=row.notice, state=state, reason__endswith="by olga").count() == 4
    assert set(Delivery.objects.filter(state=State.UNKNOWN)) == {newest, another_notice}
    assert Attempt.objects.count() == 4


class Twilio:
    """The stand-in, and deliveries of which it has messages."""

    def __init__(self, server: stand_in.Twilio, now: datetime) -> None:
        self.server, self.now = server, now

    def take(self, row: Delivery) -> str:
        """As it was sent; the name that Twilio gave it."""
        message = composition.message_again(row, now=self.now)
        assert message
        url = f"{self.server.url}/2010-04-01/Accounts/{stand_in.ACCOUNT}/Messages.json"
        form = {"To": message.address, "Body": message.body}
        answer = requests.post(url, form, auth=(stand_in.ACCOUNT, stand_in.TOKEN), timeout=5)
        return str(answer.json()["sid"])

    def references(self) -> dict[int, str]:
        """What is known now."""
        reconciliation.reconcile(now=self.now)
        return dict(Delivery.objects.filter(state=State.SENT).values_list("pk", "provider_ref"))


@pytest.fixture
def twilio(settings: Settings, now: datetime) -> Iterator[Twilio]:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = stand_in.ACCOUNT, stand_in.TOKEN
    settings.TWILIO_FROM = "+15005550006"
    with stand_in.Twilio() as server:
        settings.TWILIO_API_BASE = server.url
        yield Twilio(server, now)


def _same_words(row: Delivery, **options: Any) -> Delivery:
    """Another notice, in equal words, to the same customer."""
    return _unknown(**({"customer": row.customer, "address_hmac": row.address_hmac} | options))


def test_a_whole_window_of_unknowns_is_settled_in_one_run(twilio: Twilio) -> None:
    _unknown(number=100)
    rows = list(Delivery.objects.order_by("pk"))
    taken = {row.pk: twilio.take(row) for row in rows[::2]}

    assert twilio.references() == taken
    assert Delivery.objects.filter(state=State.UNKNOWN).count() == 50


def test_a_message_that_another_delivery_has_is_not_taken_for_it(twilio: Twilio) -> None:
    first = _unknown()
    sid = twilio.take(first)
    Delivery.objects.update(state=State.DELIVERED, provider="twilio", provider_ref=sid)
    second = _same_words(first, minutes=16)
    assert twilio.references() == {}
    second.refresh_from_db()
    assert second.state == State.HELD


def test_the_message_that_no_other_delivery_has_is_its_own(twilio: Twilio) -> None:
    first = _unknown(minutes=3)
    second = _same_words(first)
    sids = [twilio.take(first), twilio.take(second)]
    Delivery.objects.filter(pk=first.pk).update(state=State.FAILED, provider="twilio", provider_ref=sids[0])

    assert twilio.references() == {second.pk: sids[1]}


def test_of_two_in_equal_words_each_has_its_own_message(twilio: Twilio) -> None:
    first = _unknown(minutes=3)
    second = _same_words(first, minutes=2)
    sids = [twilio.take(first), twilio.take(second)]

    assert twilio.references() == {first.pk: sids[0], second.pk: sids[1]}


def test_one_message_for_two_in_equal_words_settles_one_of_them(twilio: Twilio) -> None:
    first = _unknown(minutes=16)
    second = _same_words(first, minutes=2)
    sid = twilio.take(first)

    assert twilio.references() == {first.pk: sid}
    second.refresh_from_db()
    assert second.state == State.UNKNOWN


def test_while_another_message_to_the_customer_is_on_its_way_it_is_not_known_whose_it_is(
    twilio: Twilio,
) -> None:
    first = _unknown(minutes=16)
    second = _same_words(first, state=State.SENDING, rank=0, lease_token=people.TOKEN)
    sid = twilio.take(second)
    assert twilio.references() == {}
    first.refresh_from_db()
    assert (first.state, first.reason) == (State.UNKNOWN, "")

    Delivery.objects.filter(pk=second.pk).update(
        state=State.SENT, lease_token=None, provider="twilio", provider_ref=sid
    )
    Delivery.objects.filter(pk=first.pk).update(not_before=twilio.now)
    assert twilio.references() == {second.pk: sid}
    first.refresh_from_db()
    assert first.state == State.HELD
