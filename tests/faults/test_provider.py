"""A provider that fails, refuses for now, refuses us altogether, is slow, and loses its line."""

from __future__ import annotations

from collections import Counter

import pytest

from notifications.models import Attempt, Delivery, State
from tests.faults import checker, harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 200
MANY = 700
RATE = 40


def _answers(bank: Bank, status: int) -> int:
    """How many requests for an SMS were answered so."""
    return sum(
        entry["method"] == "POST" and entry["status"] == status for entry in harness.entries(bank.texts)
    )


def test_a_failing_provider_is_left_alone_and_emails_go_on(bank: Bank, report: Report) -> None:
    """F13, I9: 503 may mean that it was taken, so nothing is posted twice, and soon nothing at all."""
    mails = harness.smtp(bank.bench)
    scene.notice(MANY, "sms", "email", prepared=True)
    bank.behave(status=503)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: len(harness.mailed(mails)) == MANY)
    bank.until(lambda: _answers(bank, 503) >= bank.in_flight)
    failed = _answers(bank, 503)
    assert failed < 500
    assert bank.texted() == 0
    bank.behave()
    bank.strike()

    figures = report(bank.whole("F13 answers 503", 2 * MANY, by_hand=True))
    assert figures.unknown < 500
    posted = Counter(
        entry["form"]["To"] for entry in harness.entries(bank.texts) if entry["method"] == "POST"
    )
    again = Attempt.objects.filter(outcome__startswith="sent again").count()
    assert sum(posted.values()) == MANY + again  # one post each, and one for each that a person sent again


@pytest.mark.environment(RATES=f'{{"sms": {RATE}}}', LEASE_SECONDS="20")
def test_too_many_requests_are_honoured_and_the_rate_is_kept(bank: Bank, report: Report) -> None:
    """F13, I6: nothing is posted before the provider's own Retry-After, nor ever faster than the rate."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.bench.quick_beat()
    for name in ("first", "second"):
        bank.bench.worker(name)
    bank.until(lambda: bank.texted() > 0)
    bank.behave(status=429, code=20429, retry_after=3)
    bank.until(lambda: _answers(bank, 429) > 0)
    [first, *_] = [e["at"] for e in harness.entries(bank.texts) if e["status"] == 429]
    bank.until(lambda: bool(bank.postgres.ask("SELECT 1 WHERE extract(epoch FROM now()) > %s", first + 2)))
    refused = _answers(bank, 429)
    bank.behave()
    bank.strike()

    assert report(bank.whole("F13 answers 429", CUSTOMERS)).unknown == 0
    assert refused <= 2 * RATE
    late = [e["at"] for e in harness.entries(bank.texts) if e["method"] == "POST" and e["status"] == 201]
    assert not [at for at in late if first + 1.5 < at < first + 2.9]
    # a full bucket, and what flows into it meanwhile; on the way to the provider some may catch up
    assert checker.most_in_a_second(checker.intended_at(bank.postgres)) <= 2 * RATE
    assert checker.most_in_a_second(checker.posted_at(bank.folder)) <= 3 * RATE


@pytest.mark.environment(LEASE_SECONDS="20")
def test_a_slow_provider_holds_up_no_other(bank: Bank, report: Report) -> None:
    """F13, I9: emails are all through while the first SMS still wait for their answer."""
    mails = harness.smtp(bank.bench)
    scene.notice(100, "sms", "email", prepared=True)
    bank.behave(delay=6)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: len(harness.mailed(mails)) == 100)
    assert bank.count(State.SENT, channel="sms") < 100
    bank.behave()
    bank.strike()

    assert report(bank.whole("F13 slow", 200)).unknown == 0


@pytest.mark.environment(LEASE_SECONDS="20")
def test_lines_cut_after_the_message_was_taken(bank: Bank, report: Report) -> None:
    """F14: each twentieth; it is found in the provider's list and never posted again."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(cut=True, every=20)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() > 0)
    bank.strike()

    figures = report(bank.whole("F14 lines cut", CUSTOMERS))
    assert figures.unknown == CUSTOMERS // 20
    assert bank.asked() == CUSTOMERS


@pytest.mark.environment(LEASE_SECONDS="20")
def test_a_key_that_was_changed_costs_nobody_their_message(bank: Bank, report: Report) -> None:
    """F24: the channel rests before it has asked five hundred times, and goes on when the key is right."""
    scene.notice(MANY, prepared=True)
    bank.behave(delay=0.2)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() > 100)
    bank.behave(status=401, code=20003)
    bank.until(lambda: _answers(bank, 401) > 0)
    bank.until(lambda: not bank.count(State.SENDING))
    assert _answers(bank, 401) <= 500
    assert not Delivery.objects.filter(state=State.FAILED).exists()
    bank.behave()
    bank.strike()

    assert report(bank.whole("F24 a wrong key", MANY)).unknown == 0
    assert _answers(bank, 401) <= 500
