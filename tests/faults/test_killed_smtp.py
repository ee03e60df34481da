"""SIGKILL to workers that send mails by SMTP, where no server can be asked what it took.

Nothing is lost. What was in doubt goes again under the same Message-ID: what the server had taken arrives
twice, never more of it than each dead process had in flight, and it is counted and said.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from maintenance.models import Window
from notifications.models import Attempt, AttemptOutcome, State
from tests.faults import harness, scene
from tests.faults.bank import Bank
from tests.faults.conftest import Report
from tests.faults.table import Figures
from tests.staff import address, signed_in, words

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]

WORST = 64
MANY, KILLS = 1_500, 3


@pytest.mark.environment(EMAIL_CONNECTIONS=str(WORST))
def test_all_in_flight_was_taken_and_not_answered_for(bank: Bank, report: Report) -> None:
    """F5, the worst there is: the server has every mail that the process may have in flight."""
    mails = harness.smtp(bank.bench)
    scene.notice(150, "email", prepared=True)
    bank.behave(mails, delay=60)
    bank.bench.quick_beat()
    victim = bank.bench.worker(children=1)
    bank.until(lambda: len(harness.mailed(mails)) == bank.count(State.SENDING) == bank.in_flight)
    bank.kill(victim)
    bank.behave(mails)
    bank.bench.worker("second")

    figures = report(bank.whole("F5 mails by SMTP, killed in the call", 150))
    _counted_and_said(figures, mails)
    assert figures.twice == figures.unknown == bank.in_flight == WORST


def test_senders_killed_again_and_again_in_mid_run(bank: Bank, report: Report) -> None:
    """F7, by mail: three senders die wherever they are."""
    mails = harness.smtp(bank.bench)
    scene.notice(MANY, "email", prepared=True)
    bank.bench.quick_beat()
    for kill in range(KILLS):
        victim = bank.bench.worker(f"worker{kill}", children=1)
        reached = (kill + 1) * MANY // (KILLS + 1)
        bank.until(lambda reached=reached: len(harness.mailed(mails)) >= reached)  # type: ignore[misc]
        bank.kill(victim)
    bank.bench.worker("last")

    figures = report(bank.whole(f"F7 mails by SMTP, {KILLS} kills", MANY))
    _counted_and_said(figures, mails)
    assert figures.unknown <= KILLS * bank.in_flight


def _counted_and_said(figures: Figures, mails: Path) -> None:
    """Each mail once or twice, twice only of those in doubt, and the review says how many went again."""
    arrived = Counter(harness.mailed(mails))
    assert (len(arrived), arrived.total()) == (figures.deliveries, figures.deliveries + figures.twice)
    assert set(arrived.values()) <= {1, 2}
    resent = Attempt.objects.filter(outcome=AttemptOutcome.RESENT_BY_POLICY).count()
    assert figures.twice <= resent == figures.unknown
    page = words(signed_in("ada"), address("maintenance_window_review", Window.objects.get().pk))
    assert f"nobody could know whether they had arrived: {resent}." in page
