"""The shape of a week, freed from chance: an hour that was empty by chance does not win."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from maintenance.bank_days import Country
from maintenance.traffic import learning, shape
from maintenance.traffic.place import Place
from maintenance.traffic.weeks import Floats

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
WEEKS = 8
QUIET, BUSY = 0.6, 6.0


def _truth() -> Floats:
    """Few counts: 0.6 an hour from 00:00 to 06:00 on Sundays, twice that on other nights, 6 by day."""
    hours = np.arange(168)
    night, sunday = hours % 24 < 6, hours // 24 == 6
    found: Floats = np.where(night, np.where(sunday, QUIET, 2 * QUIET), BUSY)
    return found


def _chosen(seed: int) -> tuple[float, float]:
    """The truth of the hour that the forecast chooses, and of the one that the plain mean does."""
    truth = _truth()
    counts = np.random.default_rng(seed).poisson(np.tile(truth, WEEKS)).astype(np.float64)
    at = UNTIL.timestamp() - 3600 * np.arange(counts.size, 0, -1, dtype=np.float64)
    profile = learning.fit(at, counts, Place("Bank", UTC, Country("XX")), now=UNTIL)
    starts = UNTIL.timestamp() + 3600 * np.arange(7 * 24, 14 * 24, dtype=np.float64)
    mean = counts.reshape(WEEKS, 168).mean(axis=0)
    return float(truth[profile.expected(starts, 3600).argmin()]), float(truth[mean.argmin()])


@pytest.fixture(scope="module")
def chosen() -> Floats:
    """Of thirty series: the truth of both choices."""
    return np.array([_chosen(seed) for seed in range(30)])


def test_cells_that_were_empty_by_chance_do_not_win(chosen: Floats) -> None:
    ours, theirs = chosen.mean(axis=0)
    assert ours <= theirs
    assert ours < 1.35 * QUIET


def test_no_busy_hour_is_ever_chosen(chosen: Floats) -> None:
    assert chosen[:, 0].max() < BUSY


@pytest.mark.parametrize("number", [2, 8, 60])
def test_recent_weeks_weigh_more_and_old_ones_are_not_forgotten(number: int) -> None:
    found = shape.weights(number)
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found) > 0).all()
    assert found[0] > 0


def test_days_are_alike_by_the_country_s_own_weekend() -> None:
    work, rest = shape.laid_out(24, np.arange(7), frozenset({4, 5})).groups
    assert (work.tolist(), rest.tolist()) == ([0, 1, 2, 3, 6], [4, 5])
