"""Workers that sleep through their lease, and more of everything than is needed."""

from __future__ import annotations

import pytest

from notifications.models import IN_DOUBT, State
from tests.faults import checker, ledger, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 200


def test_a_worker_that_comes_back_after_its_lease_changes_nothing(bank: Bank, report: Report) -> None:
    """F8: stopped in the middle of its calls, thought dead, and there again with its answers."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=4)
    bank.bench.quick_beat()
    sleeper = bank.bench.worker("sleeper", children=1)
    bank.until(bank.is_full)
    bank.bench.freeze(sleeper)
    bank.strike()
    bank.behave(asked=503)  # only the sleeper itself could tell
    bank.bench.worker("second")
    bank.until(lambda: bank.count(*checker.HELD) == 0 and bank.count(*IN_DOUBT) > 0)
    assert bank.count(*IN_DOUBT) + bank.count(State.SENT) == CUSTOMERS

    bank.bench.thaw(sleeper)
    bank.behave()
    figures = report(bank.whole("F8 stopped past its lease", CUSTOMERS))
    assert figures.unknown <= bank.in_flight


@pytest.mark.environment(LEASE_SECONDS="20")
def test_two_workers_and_three_clocks_do_everything_once(bank: Bank, report: Report) -> None:
    """F9: no delivery is claimed twice, none is in doubt."""
    scene.notice(CUSTOMERS)
    for _ in range(3):
        bank.bench.quick_beat()
    for name in ("first", "second"):
        bank.bench.worker(name)
    bank.until(lambda: bank.texted() > 0)
    bank.strike()

    figures = report(bank.whole("F9 two workers, three clocks", CUSTOMERS))
    assert figures.unknown == 0
    assert bank.postgres.ask(ledger.TIMES, State.QUEUED.value, State.SENDING.value) == []
