"""A mail service that takes a batch in part, or takes it and says nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from maintenance.models import Customer
from notifications.links import read_receipt
from notifications.models import IN_DOUBT, Attempt, Contact, Delivery, State
from tests.faults import harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 120
REFUSED = ("c3@example.com", "c40@example.com", "c77@example.com")


def test_each_recipient_of_a_batch_has_a_fate_of_their_own(bank: Bank, report: Report) -> None:
    """F15: three are refused, the others are not sent again; couples who share a mailbox get two mails."""
    mails = harness.esp(bank.bench)
    notice = scene.notice(CUSTOMERS, "email")
    _couple("c10", "c11")
    scene.prepare(notice)
    bank.behave(mails, refused=REFUSED)
    bank.bench.quick_beat()
    bank.bench.worker(children=1)

    report(bank.whole("F15 a batch taken in part", CUSTOMERS, ended=[State.FAILED]))
    assert bank.count(State.FAILED) == len(REFUSED)
    for entry in harness.entries(mails):
        at_once = [address for mail in entry["mails"] for address in mail["to"]]
        assert len(at_once) == len(set(at_once))


def test_a_batch_that_was_taken_without_an_answer(bank: Bank, report: Report) -> None:
    """F15: nobody can be asked, so it goes again under the same Message-ID, on record and counted apart."""
    mails = harness.esp(bank.bench)
    scene.notice(CUSTOMERS, "email", prepared=True)
    bank.behave(mails, cut=True)
    bank.bench.quick_beat()
    bank.bench.worker(children=1)
    bank.until(lambda: bank.count(*IN_DOUBT) > 0)
    bank.behave(mails)
    bank.strike()

    figures = report(bank.whole("F15 a batch without an answer", CUSTOMERS))
    copies = Counter(
        read_receipt(mail["token"]) for entry in harness.entries(mails) for mail in entry["mails"]
    )
    assert set(copies.values()) == {1}  # each attempt once
    again = Attempt.objects.filter(outcome__startswith="sent again").values("delivery_id").distinct().count()
    assert sum(copies.values()) == CUSTOMERS + again
    assert again == figures.unknown


def _couple(one: str, other: str) -> None:
    first, second = (Customer.objects.get(external_id=name).pk for name in (one, other))
    shared = Contact.objects.get(customer=first, channel="email")
    Contact.objects.filter(customer=second, channel="email").update(
        address=shared.address, address_hmac=shared.address_hmac
    )
    assert not Delivery.objects.exists()
