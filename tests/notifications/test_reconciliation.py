"""The unknown: asked about, found, sent again or held, each step on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from notifications import database, reconciliation
from notifications.contract import Channel, Found, Message, Outcome, Unreachable
from notifications.models import Attempt, Delivery, State
from tests import people

pytestmark = pytest.mark.django_db

Answer = Found | None | Exception


class Provider(Channel):
    """A provider that can be asked and answers as told."""

    provider = "provider"

    def __init__(self, answer: Answer) -> None:
        super().__init__(1)
        self.answer = answer

    def send(self, messages: Iterator[Message]) -> Iterator[Outcome]:
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
        self.monkeypatch.setattr(reconciliation, "open_channel", lambda *args, **options: Provider(answer))
        return reconciliation.reconcile(now=self.now)


def _unknown(channel: str = "sms", minutes: float = 2) -> Delivery:
    made = people.queued(
        people.notice(people.window()),
        channel=channel,
        state=State.UNKNOWN,
        rank=1,
        attempt=1,
        intended_at=database.clock() - timedelta(minutes=minutes),
    )
    return made[0]


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
    assert (row.state, row.reason[:4]) == (State.UNKNOWN, "held")
    assert ask(Found("asked again")) == 0


def test_an_email_not_found_after_the_wait_is_sent_again(ask: Ask) -> None:
    row = _unknown("email", minutes=16)
    ask(LookupError("SMTP keeps no list"))

    row.refresh_from_db()
    assert (row.state, row.rank, row.attempt) == (State.QUEUED, 0, 1)
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["sent again"]


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
    monkeypatch.setattr(reconciliation, "_BATCH", 1)
    first, second = _unknown(minutes=9), _unknown()
    ask(TypeError("an answer nobody expected"))
    ask(Found("SM2"))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.UNKNOWN, State.SENT)
