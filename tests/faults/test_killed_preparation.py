"""SIGKILL to who makes a notice's deliveries, in the middle of a slice: another goes on from the cursor."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from maintenance.models import Customer, NoticeKind
from notifications.models import Delivery, Notice, State
from notifications.planning.preparation import SLICE
from tests import people
from tests.faults import processes, scene
from tests.faults.bank import PATIENCE, Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = SLICE + 1_000
REACHABLE = 60


class _TakenBack(Exception):
    pass


@contextmanager
def _place_taken(notice: Notice, customer: int) -> Iterator[None]:
    """Somebody else is about to make this customer's row: who comes to it waits, and it is never made."""
    written, done = threading.Event(), threading.Event()

    def write() -> None:
        moment = datetime.now(UTC)
        with suppress(_TakenBack), transaction.atomic():
            Delivery.objects.create(
                notice=notice, customer_id=customer, channel="sms", not_before=moment, expires_at=moment
            )
            written.set()
            done.wait(PATIENCE)
            raise _TakenBack
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert written.wait(PATIENCE)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_in_the_first_slice_and_in_the_last(bank: Bank, report: Report) -> None:
    """F1: a child of the pool at 0 and 50 %, the whole worker at 99 %, which is in the second slice."""
    notice = scene.notice(REACHABLE)
    scene.customers(CUSTOMERS - REACHABLE, phones=False, first=REACHABLE)
    everybody = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    bank.bench.quick_beat()
    worker = bank.bench.worker(children=1)
    for share in (0, 50, 99):
        with _place_taken(notice, everybody[min(CUSTOMERS * share // 100 + 100, CUSTOMERS - 1)]):
            bank.until(lambda: bool(bank.postgres.waiting()))
            made = Delivery.objects.count()
            assert made == CUSTOMERS * share // 100 // SLICE * SLICE  # whole slices, and no row of this one
            if share == 99:
                bank.kill(worker)
            else:
                os.kill(processes.children(worker.pid)[0], signal.SIGKILL)
            bank.postgres.hang_up(bank.postgres.waiting())
    bank.bench.worker("second")

    bank.until(lambda: _status(notice) == Notice.Status.PREPARED)
    figures = report(bank.whole("F1 killed while preparing", CUSTOMERS, ended=[State.NO_ADDRESS]))
    assert Delivery.objects.values("customer").distinct().count() == CUSTOMERS == Delivery.objects.count()
    assert bank.count(State.SENT) == REACHABLE
    assert figures.unknown <= 3 * bank.in_flight


def test_who_hangs_in_a_slice_holds_up_no_other_notice(bank: Bank, report: Report) -> None:
    """F8, I9: another notice goes out while nobody can go on with the first."""
    notice = scene.notice(REACHABLE)
    other = people.notice(notice.window, NoticeKind.REMINDER, channels=["sms"], due_at=notice.due_at)
    scene.prepare(other)
    bank.bench.quick_beat()
    with _place_taken(notice, Customer.objects.earliest("pk").pk):
        bank.bench.worker()
        bank.until(lambda: bool(bank.postgres.waiting()))
        bank.strike()
        # sooner than a task that hangs is ended
        bank.until(lambda: bank.count(State.SENT, notice=other) == REACHABLE, 40)

    report(bank.whole("F8 hung in a slice", 2 * REACHABLE))


def _status(notice: Notice) -> str:
    return Notice.objects.get(pk=notice.pk).status
