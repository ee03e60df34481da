"""A notice to a great many in; while it goes out, cancellations overtake it; what that took, out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Final

from django.db import connection

from maintenance.booking import windows
from maintenance.models import Window
from notifications.models import Notice
from tests import people
from tests.benchmarks.delivery import bank, sender
from tests.benchmarks.delivery.measured import Measured
from tests.benchmarks.delivery.provider import Server

_AT: Final = (0.3, 0.45, 0.6, 0.75)
"""How much of the great notice is out when a window is cancelled; clear of the stretches compared."""
_GROUP: Final = 100
"""Customers of a cancelled window; their numbers differ in the last two digits only."""
_PATIENCE: Final = 60.0


def customers(messages: int) -> int:
    """How many customers a bank needs for this run."""
    return _first_group(messages) + (len(_AT) + 1) * _GROUP


def run(server: Server, messages: int) -> Measured:
    """The great notice and the cancellations; the seconds each took to its first SMS are in the notes."""
    bank.forget()
    setup = sender.texting(server)
    with sender.fleet(setup) as fleet:
        announced = [_announced(messages, number) for number in range(len(_AT))]
        sender.settle(announced, fleet, seconds=60)
        server.forget()
        great = bank.notice(
            bank.service(_told(messages)), "sms", due_in=2 + messages / sender.PREPARED_PER_SECOND
        )
        prepared_in = bank.prepare(great)
        assert great.due_at > datetime.now(UTC)
        first_after: list[float] = []
        with _cancelling(server, messages, announced, first_after):
            measured = sender.measure([great], setup, fleet)
    marks = server.counted()
    early = marks.rate(messages // 10, messages // 5)
    late = marks.rate(messages * 9 // 10, messages // 1_000 * 1_000)
    notes = {"prepared in": prepared_in, "late to early": late / early}
    notes |= {f"cancelled at {at:.0%}": seconds for at, seconds in zip(_AT, first_after, strict=True)}
    measured.notes.update(notes)
    return measured


def _told(messages: int) -> int:
    """So many customers that so many of them can be reached."""
    return messages * bank.SILENT // (bank.SILENT - 2) + bank.SILENT


def _first_group(messages: int) -> int:
    return -(-_told(messages) // _GROUP) * _GROUP


def _announced(messages: int, number: int) -> Notice:
    """Told now, to be cancelled later."""
    first = _first_group(messages) + number * _GROUP
    made = bank.notice(bank.service(_GROUP, after=first - 1), "sms", due_in=0)
    bank.prepare(made)
    return made


@contextmanager
def _cancelling(
    server: Server, messages: int, announced: list[Notice], first_after: list[float]
) -> Iterator[None]:
    """Beside the block, cancel one window after the other and wait for the first SMS of each."""

    def work() -> None:
        for number, (at, notice) in enumerate(zip(_AT, announced, strict=True)):
            server.wait(int(messages * at), seconds=3_600)
            server.watch(f"%2B{bank.phone(_first_group(messages) + number * _GROUP)[1:-2]}")
            first_after.append(_first_sms(server, notice.window))
        connection.close()  # the thread's own

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _first_sms(server: Server, window: Window) -> float:
    """Seconds from the commit of a cancellation to its first SMS; infinite where none came in a minute."""
    windows.cancel(window, reason="Not needed", by=people.user("ada"), now=datetime.now(UTC))
    committed = time.monotonic()
    while time.monotonic() < committed + _PATIENCE:
        if (watched := server.counted().watched) is not None:
            return watched - committed
        time.sleep(0.05)
    return float("inf")
