"""What the bank says changes in mid-run: who was told keeps the old words, and the new ones are told once."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from maintenance.booking import approvals, windows
from maintenance.models import Alternative, Approval, NoticeKind, Window
from maintenance.proposals import Proposal
from notifications import wording
from notifications.models import Delivery, Notice, State, Text
from notifications.planning import notices
from tests import people
from tests.faults import harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report
from tests.faults.processes import Process

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 600
ROWS = 2 * CUSTOMERS + 2
"""Of a notice: nobody has a mailbox, and there are the app and one network."""
_NEW = "The telephone branch is open all night."


def test_words_edited_in_mid_run_are_not_those_that_were_approved(bank: Bank, report: Report) -> None:
    """F21: a new version stands beside them; all of this run get what was approved, by a new worker too."""
    announced, worker = _announced_to_some(bank)
    approved = _words(announced)
    _edit()
    notices.drafted_notices(Window.objects.get(), now=datetime.now(UTC))
    for text in Text.objects.filter(notice=announced, variant=""):
        text.pk, text.version, text.body = None, 2, f"{text.body} {_NEW}"
        text.save()
    worker.terminate()  # what it has read it keeps; whoever comes after it reads anew
    worker.wait()
    assert bank.texted() < CUSTOMERS
    bank.bench.worker("second")
    bank.strike()

    report(bank.whole("F21 words edited at 30 %", ROWS, ended=[State.NO_ADDRESS]))
    assert _words(announced) == approved
    assert _told(bank) == [announced.pk] * CUSTOMERS
    assert not any(_NEW in text.body for text in harness.texted(bank.texts))


def test_a_window_moved_in_mid_run_is_told_once_in_its_new_words(bank: Bank, report: Report) -> None:
    """F21: the old ones go to no more than were in flight; the new ones to all, once they are approved."""
    announced, _ = _announced_to_some(bank)
    approved = _words(announced)
    _edit()
    window, now, later = Window.objects.get(), datetime.now(UTC), timedelta(days=1)
    window = windows.reschedule(
        window,
        Proposal(window.starts_at + later, window.ends_at + later),
        reason="A clash.",
        by=people.user("ada"),
        now=now,
    )
    notices.drafted_notices(window, now=now)
    told = bank.texted()
    bank.until(lambda: not bank.count(State.QUEUED, State.SENDING))
    old = harness.texted(bank.texts)
    assert len(old) <= told + 2 * bank.in_flight
    assert bank.count(State.WITHDRAWN, notice=announced, channel="sms") == CUSTOMERS - len(old) > 0
    _approve(window)
    bank.strike()

    report(bank.whole("F21 window moved at 30 %", 2 * ROWS, ended=[State.WITHDRAWN, State.NO_ADDRESS]))
    moved = Notice.objects.get(kind=NoticeKind.RESCHEDULED)
    new = harness.texted(bank.texts)[len(old) :]
    assert sorted(text.to for text in new) == [scene.phone(one) for one in range(CUSTOMERS)]
    assert all(_NEW in text.body for text in new)
    assert not any(_NEW in text.body for text in old)
    assert f"{window.starts_at:%Y-%m-%dT%H:%M:%SZ}" in moved.texts.get(channel="sms", language="en").body
    assert _words(announced) == approved
    assert _told(bank) == [announced.pk] * len(old) + [moved.pk] * CUSTOMERS


def _announced_to_some(bank: Bank) -> tuple[Notice, Process]:
    """The announcement of a window that was booked and approved, when 30 % have it; and who sends it."""
    now = datetime.now(UTC)
    scene.customers(CUSTOMERS)
    starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=6)
    window = windows.book_window(people.proposal(starts_at=starts_at), by=people.user("ada"), now=now)
    _approve(window)
    bank.behave(delay=1)
    bank.bench.quick_beat()
    worker = bank.bench.worker()
    bank.until(lambda: bank.texted() > CUSTOMERS * 3 // 10)
    return Notice.objects.get(kind=NoticeKind.ANNOUNCED), worker


def _approve(window: Window) -> None:
    revision, now = window.revision, datetime.now(UTC)
    approvals.approve(window, Approval.Subject.CHANGE, revision=revision, by=people.user("ben"), now=now)
    notices.approve_text(window, revision=revision, by=people.user("bea"), now=now)


def _edit() -> None:
    """What still works is the part of a text that the bank's staff write."""
    Alternative.objects.update(words=_NEW)


def _words(notice: Notice) -> dict[int, str]:
    return dict(Text.objects.filter(notice=notice, version=1).values_list("pk", "body"))


def _told(bank: Bank) -> list[int]:
    """The notices of the SMS that were taken, in their order, each in the very words that its row names."""
    rows = {row.public_id: row for row in Delivery.objects.filter(channel="sms").select_related("customer")}
    texts = Text.objects.in_bulk()
    found = []
    for taken in harness.texted(bank.texts):
        row = rows[taken.delivery] if taken.delivery else None
        assert row
        assert row.customer
        text = texts[row.text_id or 0]
        assert text.notice_id == row.notice_id
        reader = wording.MessageReader(row.customer.name, row.language, row.customer.time_zone, "")
        assert taken.body == wording.filled_text(text, reader).body
        assert bytes(row.text_hash or b"") == hashlib.sha256(f"\x1f{taken.body}\x1f".encode()).digest()
        found.append(row.notice_id)
    return found
