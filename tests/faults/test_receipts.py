"""Receipts as they come in life: many times, in any order, early, days late, forged, or never."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import requests

from notifications import links
from notifications.models import Delivery, Receipt, State
from tests.faults import harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report
from tests.servers.callbacks import ACCOUNT, TOKEN, Callbacks, sign

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 100


@dataclass
class _Message:
    """One to report on, which was taken long ago."""

    sid: str
    to: str
    callback: str
    form: dict[str, str] = field(default_factory=dict)

    def move(self, status: str) -> None:
        """Nobody asks."""


@pytest.mark.environment(LEASE_SECONDS="20")
def test_many_times_in_the_wrong_order_and_before_our_own_record(bank: Bank, report: Report) -> None:
    """F16: each five times, delivered before sent, and all of them before the answer."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(receipts=("delivered", "sent", "queued"), times=5, delay=1.5)
    bank.web()
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() > 0)
    bank.strike()

    bank.until(lambda: bank.count(State.DELIVERED) == CUSTOMERS)
    assert report(bank.whole("F16 receipts five times, reversed", CUSTOMERS)).unknown == 0
    bank.until(lambda: not Receipt.objects.filter(processed_at=None).exists())
    assert bank.count(State.DELIVERED) == CUSTOMERS
    assert Receipt.objects.count() <= 3 * CUSTOMERS


def test_three_days_late(bank: Bank, report: Report) -> None:
    """F16: it still names its delivery, and moves it once."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.web()
    clock = bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.count(State.SENT) == CUSTOMERS)
    bank.kill(clock)
    table = Delivery._meta.db_table
    bank.postgres.ask(
        f"UPDATE {table} SET sent_at = sent_at - interval '3 days',"  # noqa: S608
        " intended_at = intended_at - interval '3 days'"
    )
    callbacks = Callbacks(TOKEN)
    for text in harness.texted(bank.texts):
        assert text.delivery
        url = links.receipt_url_of(links.receipt_token(text.delivery, text.attempt)).replace(
            _here(), f"http://127.0.0.1:{bank.port}"
        )
        message = _Message(text.sid, text.to, url)
        bank.until(lambda told=message: callbacks.report(told, "delivered") == 204)  # type: ignore[misc]
    bank.bench.quick_beat()

    bank.until(lambda: bank.count(State.DELIVERED) == CUSTOMERS)
    report(bank.whole("F16 receipts three days late", CUSTOMERS))


def _here() -> str:
    from django.conf import settings

    return str(settings.BASE_URL)


def test_what_is_not_twilios_word_changes_nothing(bank: Bank) -> None:
    """F17: no signature, a wrong one, a replay, another account, malformed, and ten megabytes."""
    scene.notice(1, prepared=True)
    row = Delivery.objects.get()
    Delivery.objects.update(state=State.SENT, rank=2, attempt=1, provider="twilio", provider_ref="SM1")
    bank.web()
    url = f"http://127.0.0.1:{bank.port}/receipts/sms/{links.receipt_token(row.public_id, 1)}/"
    bank.until(lambda: _answers(url) == 403)
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": ACCOUNT}
    stranger = {**form, "AccountSid": "AC" + "1" * 32}
    empty = {"AccountSid": ACCOUNT}
    mine, others = links.receipt_token(row.public_id, 1), links.receipt_token(UUID(int=7), 1)
    forged = url.replace(mine, others.partition(".")[0] + "." + mine.partition(".")[2])
    wrong = {
        "no signature": _answers(url, form),
        "a wrong signature": _answers(url, form, sign(url, form, "another token")),
        "another's address": _answers(url, form, sign(forged, form)),
        "a forged address": _answers(forged, form, sign(forged, form)),
        "another account": _answers(url, stranger, sign(url, stranger)),
        "malformed": _answers(url, empty, sign(url, empty)),
        "no form": requests.post(url, data=b"\xff\xfe{", timeout=10).status_code,
        "ten megabytes": _answers(url, {**form, "Body": "x" * 10_000_000}, sign(url, form)),
        "a question": requests.get(url, timeout=10).status_code,
    }
    assert all(400 <= status < 500 for status in wrong.values()), wrong
    assert (wrong["malformed"], wrong["ten megabytes"]) == (400, 413)
    assert not Receipt.objects.exists()
    assert Delivery.objects.get().state == State.SENT

    right = sign(url, form)
    assert [_answers(url, form, right) for _ in range(3)] == [204, 204, 204]
    assert Receipt.objects.count() == 1  # the replays are the same event


def _answers(url: str, form: dict[str, Any] | None = None, signature: str = "") -> int:
    """The status; 0 where nobody listens yet, 413 where the line is closed on a body that is too large."""
    headers = {"X-Twilio-Signature": signature} if signature else {}
    try:
        return requests.post(url, data=form or {}, headers=headers, timeout=10).status_code
    except requests.ConnectionError:
        return 413 if form and "Body" in form else 0


@pytest.mark.environment(POLL_AFTER_SECONDS="2")
def test_when_no_receipt_comes_the_provider_is_asked(bank: Bank, report: Report) -> None:
    """F18: nobody listens to its calls; what became of each message is known all the same."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(receipts=("sent", "delivered"), hushed=True)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() == CUSTOMERS)
    bank.strike()

    bank.until(lambda: bank.count(State.DELIVERED) == CUSTOMERS)
    report(bank.whole("F18 all receipts lost", CUSTOMERS))
