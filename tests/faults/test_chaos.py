"""The long faults, small: `python -m tests.faults.long` has them whole."""

from __future__ import annotations

import pytest

from tests.faults import chaos
from tests.faults.bank import Bank
from tests.faults.conftest import Report

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.process]


def test_random_kills_of_workers_children_and_clocks(bank: Bank, report: Report) -> None:
    """F7: five over three thousand."""
    figures, bound = chaos.random_kills(bank, deliveries=3_000, kills=5, seed=7)

    assert report(figures).unknown <= bound


def test_deploys_in_mid_run(bank: Bank, report: Report) -> None:
    """F23: who is asked to stop ends what it has begun; who does not in time is killed."""
    figures, bound = chaos.deploys(bank, deliveries=1_500, times=2, every=2, grace=4)

    assert report(figures).unknown <= bound
