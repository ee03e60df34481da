"""People who act in mid-run: a customer opts out, the bank cancels, two approve at once, data are bad."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from maintenance.booking import approvals, windows
from maintenance.models import Approval, Customer, NoticeKind, Window
from notifications.customers import addresses
from notifications.models import Contact, Delivery, Notice, State, Suppression, Text
from notifications.planning import notices
from tests import people
from tests.faults import scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 150
_LOCK = f"LOCK TABLE {Text._meta.db_table} IN ACCESS EXCLUSIVE MODE"  # whoever composes waits for it


def _opt_out(number: int) -> None:
    Suppression.objects.create(
        channel="sms",
        address_hmac=addresses.fingerprint(scene.phone(number)),
        reason=Suppression.Reason.OPT_OUT,
        since=datetime.now(UTC),
    )


@pytest.mark.environment(LEASE_SECONDS="20")
def test_an_opt_out_bites_up_to_the_intent_and_for_the_next_notice(bank: Bank, report: Report) -> None:
    """F19: between claim and intent nothing is sent any more; after it, the next notice is not."""
    scene.notice(2, prepared=True)
    bank.behave(delay=2)
    with bank.postgres.held(_LOCK):
        bank.bench.quick_beat()
        bank.bench.worker(children=1)
        bank.until(lambda: bool(bank.postgres.waiting()))
        _opt_out(0)
    bank.until(lambda: bank.texted() == 1)
    _opt_out(1)
    bank.until(lambda: (bank.count(State.SUPPRESSED), bank.count(State.SENT)) == (1, 1))
    later = people.notice(
        Window.objects.get(), NoticeKind.REMINDER, channels=["sms"], due_at=datetime.now(UTC)
    )
    bank.strike()

    bank.until(lambda: bank.count(State.SUPPRESSED, notice=later) == 2)
    report(bank.whole("F19 opted out in mid-run", 4, ended=[State.SUPPRESSED]))
    assert bank.texted() == 1


def test_a_cancelled_window_is_announced_to_no_more_than_were_in_flight(bank: Bank, report: Report) -> None:
    """F21: at 30 %; and whoever was told of the window is told that it is off."""
    notice = scene.notice(4 * CUSTOMERS)
    bank.behave(delay=0.5)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.texted() > 4 * CUSTOMERS * 3 // 10)
    window = Window.objects.get()
    moment = datetime.now(UTC)
    windows.cancel(window, reason="Not needed.", by=people.user("ada"), now=moment)
    notices.drafted_notices(window, now=moment)
    told = bank.texted()
    bank.strike()

    bank.until(lambda: bank.count(State.SENT, notice__kind=NoticeKind.CANCELLED) > 0)
    announced = bank.count(State.SENT, notice=notice)
    expected = 4 * CUSTOMERS + announced
    report(bank.whole("F21 cancelled at 30 %", expected, ended=[State.WITHDRAWN, State.EXPIRED]))
    assert bank.count(State.SENT, notice=notice) <= told + 2 * bank.in_flight
    assert bank.count(State.WITHDRAWN, notice=notice) > 0
    assert bank.count(notice__kind=NoticeKind.CANCELLED) == bank.count(State.SENT, notice=notice)


def test_whatever_is_done_twice_happens_once(bank: Bank, report: Report) -> None:
    """F22: both approvals by two threads each, then again, while two workers and three clocks look on."""
    for _ in range(3):
        bank.bench.quick_beat()
    for name in ("first", "second"):
        bank.bench.worker(name)
    now = datetime.now(UTC)
    scene.customers(CUSTOMERS)
    window = scene.window(planned=False)
    Window.objects.filter(pk=window.pk).update(
        starts_at=now + timedelta(days=6), ends_at=now + timedelta(days=6, hours=2)
    )
    window.refresh_from_db()
    for name, subject in (("ben", Approval.Subject.CHANGE), ("bea", Approval.Subject.TEXT)):
        _at_once(window, name, subject)
    _at_once(window, "ben", Approval.Subject.CHANGE)  # whoever saw no answer tries again
    bank.strike()

    bank.until(lambda: bank.count(channel="sms") == CUSTOMERS)
    report(bank.whole("F22 everything twice", bank.count(), ended=[State.NO_ADDRESS]))
    announced = Notice.objects.filter(kind=NoticeKind.ANNOUNCED, status=Notice.Status.PREPARED)
    assert announced.count() == 1
    assert Approval.objects.filter(approved=True).count() == 2
    assert Delivery.objects.filter(channel="sms").values("customer").distinct().count() == CUSTOMERS


def _at_once(window: Window, name: str, subject: Approval.Subject) -> None:
    by, now = people.user(name), datetime.now(UTC)
    together = threading.Barrier(2)

    def approve() -> None:
        together.wait()
        try:
            if subject == Approval.Subject.TEXT:
                notices.approve_text(window, revision=window.revision, by=by, now=now)
            else:
                approvals.approve(window, subject, revision=window.revision, by=by, now=now)
        except (approvals.NotAllowed, notices.NotReady):
            pass  # the other one was first
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_poisoned_row_fails_alone(bank: Bank, report: Report) -> None:
    """F28: numbers that are none, an address that cannot be read, words that are gone."""
    notice = scene.notice(CUSTOMERS)
    everybody = list(Contact.objects.order_by("pk"))
    Contact.objects.filter(pk=everybody[20].pk).update(address=b"not sealed by us")
    Customer.objects.filter(pk=everybody[30].customer_id).update(language="ar")
    scene.prepare(notice)
    Text.objects.filter(notice=notice, language="ar").delete()
    bank.behave(refused=(scene.phone(5), scene.phone(6)))
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.strike()

    report(bank.whole("F28 poisoned rows", CUSTOMERS, ended=[State.FAILED]))
    assert bank.count(State.FAILED) == 4
    assert bank.texted() == CUSTOMERS - 4
