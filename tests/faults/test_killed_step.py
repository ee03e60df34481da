"""SIGKILL to a worker at each step between the queue and the record of what became of a message."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.models import Delivery, State, Text
from tests.faults import scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 150
_LOCK = f"LOCK TABLE {Text._meta.db_table} IN ACCESS EXCLUSIVE MODE"  # whoever composes waits for it
_SENDING = f"SELECT id FROM {Delivery._meta.db_table} WHERE state = %s FOR UPDATE"  # noqa: S608


def test_after_the_claim_and_before_the_intent(bank: Bank, report: Report) -> None:
    """F2: nobody was asked to send, so all of it is in the queue still and nothing is in doubt."""
    scene.notice(CUSTOMERS, prepared=True)
    with bank.postgres.held(_LOCK):
        bank.bench.quick_beat()
        victim = bank.bench.worker(children=1)
        bank.until(lambda: bool(bank.postgres.waiting()))
        bank.kill(victim)
        bank.postgres.hang_up(bank.postgres.waiting())
    bank.bench.worker("second")

    assert report(bank.whole("F2 killed after claim", CUSTOMERS)).unknown == 0


def test_after_the_intent_and_before_the_request_arrives(bank: Bank, report: Report) -> None:
    """F3: not found at the provider, so a person is asked, and what they send again is sent once."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(deaf=True)
    bank.bench.quick_beat()
    victim = bank.bench.worker(children=1)
    bank.until(lambda: bank.asked() > 0)
    bank.kill(victim)
    bank.behave()
    bank.bench.worker("second")

    figures = report(bank.whole("F3 killed before the request", CUSTOMERS, by_hand=True))
    assert 0 < figures.unknown <= bank.in_flight


def test_taken_by_the_provider_and_told_by_its_receipt(bank: Bank, report: Report) -> None:
    """F4: the answer was never read, and the provider's list is away; the receipt names the delivery."""
    _killed_in_the_call(bank, receipts=("sent", "delivered"), asked=503)

    figures = report(bank.whole("F4 killed in the call, receipts", CUSTOMERS))
    assert figures.unknown <= bank.in_flight


def test_taken_by_the_provider_and_found_in_its_list(bank: Bank, report: Report) -> None:
    """F5: the same without receipts: the provider is asked."""
    _killed_in_the_call(bank)

    figures = report(bank.whole("F5 killed in the call, no receipts", CUSTOMERS))
    assert 0 < figures.unknown <= bank.in_flight


def _killed_in_the_call(bank: Bank, **ways: Any) -> None:
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=30, late=2, **ways)
    if "receipts" in ways:
        bank.web()
    bank.bench.quick_beat()
    victim = bank.bench.worker(children=1)
    bank.until(bank.is_full)
    bank.kill(victim)
    bank.behave(**ways)
    bank.bench.worker("second")


def test_answered_by_the_provider_and_not_yet_on_record(bank: Bank, report: Report) -> None:
    """F6: the answers were read, and their commit never came."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=4)
    bank.bench.quick_beat()
    victim = bank.bench.worker(children=1)
    bank.until(bank.is_full)
    with bank.postgres.held(_SENDING, State.SENDING.value):
        bank.until(lambda: bool(bank.postgres.waiting()))
        bank.kill(victim)
        bank.postgres.hang_up(bank.postgres.waiting())
    bank.behave()
    bank.bench.worker("second")

    figures = report(bank.whole("F6 killed before the record", CUSTOMERS))
    assert 0 < figures.unknown <= bank.in_flight
