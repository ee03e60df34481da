"""A database that restarts, dies and comes back, and commits that nobody was told of."""

from __future__ import annotations

import signal

import pytest

from notifications.models import State
from tests.faults import scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

CUSTOMERS = 400
_WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


def test_restarted_cleanly_at_once_and_killed_in_mid_run(bank: Bank, report: Report) -> None:
    """F12: three times, each by other means; the second and third leave a recovery to the next start."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=1)
    bank.bench.quick_beat()
    bank.bench.worker()
    for share, means in enumerate((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), 1):
        bank.until(lambda reached=CUSTOMERS * share // 5: bank.texted() > reached)  # type: ignore[misc]
        if means is signal.SIGKILL:
            bank.postgres.kill()
        else:
            bank.postgres.stop(means)
        bank.postgres.start()
    bank.strike()

    figures = report(bank.whole("F12 PostgreSQL restarted three times", CUSTOMERS, by_hand=True))
    assert figures.unknown <= 3 * 2 * bank.in_flight


def test_commits_that_were_made_and_never_confirmed(bank: Bank, report: Report) -> None:
    """F12: each commit of that moment is on the disk, and its worker believes that it failed."""
    scene.notice(CUSTOMERS, prepared=True)
    bank.behave(delay=1)
    bank.bench.quick_beat()
    bank.bench.worker()
    bank.until(lambda: bank.count(State.SENT) > 0)
    # a standby that is not there: the server writes each commit and then waits for ever to confirm it
    with bank.postgres.line() as line:
        line.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        line.execute("SELECT pg_reload_conf()")
    bank.until(lambda: len(bank.postgres.ask(_WAITS)) >= 2)
    bank.postgres.stop(signal.SIGQUIT)
    bank.postgres.start("synchronous_standby_names=")
    with bank.postgres.line() as line:
        line.execute("ALTER SYSTEM RESET synchronous_standby_names")
    bank.strike()

    figures = report(bank.whole("F12 commits never confirmed", CUSTOMERS, by_hand=True))
    assert figures.unknown <= 2 * bank.in_flight
