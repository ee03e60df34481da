"""How a try is said to have ended is one of a closed set, whoever writes it, and is never cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications import sql
from notifications.channels.types import Found, Outcome, Unreachable, Verdict
from notifications.delivery import queue, reconciliation, settlement
from notifications.delivery.reconciliation import decide
from notifications.delivery.settlement import Settled
from notifications.models import Attempt, AttemptOutcome, Delivery, Notice, State
from tests import people
from tests.notifications.delivery.reconciliation.test_reconciliation import Answer, Provider

pytestmark = pytest.mark.django_db


def test_every_outcome_fits_its_column() -> None:
    longest = Attempt._meta.get_field("outcome").max_length
    assert [outcome for outcome in AttemptOutcome if len(outcome) > (longest or 0)] == []


def test_what_a_provider_may_answer_has_an_outcome() -> None:
    unclean = {answer.value for answer in Verdict} - {Verdict.ACCEPTED.value}
    assert unclean <= set(AttemptOutcome)


def test_all_that_is_ever_written_of_a_try_is_one_of_the_outcomes_and_each_is_written(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = people.notice(people.window(), true_until=datetime.now(UTC) + timedelta(days=1))
    _answered(notice, now)
    _lapsed(notice, now)
    for channel, answer in (
        ("sms", Found("SM1")),
        ("sms", Unreachable("connection refused")),
        ("sms", None),
        ("email", LookupError("SMTP keeps no list")),
    ):
        _asked(notice, channel, answer, now, monkeypatch)
    for sent in (True, False):
        reconciliation.release(_unknown(notice, "sms"), sent=sent, by="olga", now=now)
    failed = Delivery.objects.filter(state=State.FAILED).first()
    assert failed is not None
    queue.send_again(notice.pk, "sms", failed.code, until=now, by="olga", now=now)

    assert set(Attempt.objects.values_list("outcome", flat=True)) == set(AttemptOutcome)


def _answered(notice: Notice, now: datetime) -> None:
    unclean = [answer for answer in Verdict if answer is not Verdict.ACCEPTED]
    people.queued(notice, number=len(unclean))
    held = queue.claimed_deliveries("sms", demonstration=False, limit=99, token=people.TOKEN, now=now)
    queue.intended_ids(held)
    outcomes = [
        Outcome(one.public_id, one.attempt, answer, "twilio")
        for one, answer in zip(held, unclean, strict=True)
    ]
    settlement.settle([Settled(*pair) for pair in zip(held, outcomes, strict=True)], now=now)


def _lapsed(notice: Notice, now: datetime) -> None:
    past = sql.database_now() - timedelta(seconds=1)
    people.queued(notice, state=State.SENDING, lease_token=people.TOKEN, lease_until=past)
    queue.sweep_deliveries(now=now)


def _unknown(notice: Notice, channel: str) -> Delivery:
    Delivery.objects.filter(state=State.UNKNOWN).update(state=State.FAILED)  # those of before
    intended = sql.database_now() - timedelta(hours=1)
    [row] = people.queued(notice, channel=channel, state=State.UNKNOWN, attempt=1, intended_at=intended)
    return row


def _asked(
    notice: Notice, channel: str, answer: Answer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unknown(notice, channel)
    monkeypatch.setattr(decide, "open_channel", lambda *args, **options: Provider(answer))
    reconciliation.reconcile(now=now)
