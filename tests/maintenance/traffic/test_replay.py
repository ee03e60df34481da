"""What is promised of the chosen slot is, on average, what comes: on made-up weeks whose truth is known."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import fmean

import numpy as np
import pytest

from maintenance.bank_days import Country
from maintenance.traffic import learning, replay
from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place
from maintenance.traffic.replay import Record
from maintenance.traffic.weeks import Floats

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
SERIES, HISTORY = 24, 12


def _truth(seed: int) -> Floats:
    """A week by hours with much alike in it, so that chance decides which is the least."""
    hours = np.arange(168)
    by_hour = 60 + 40 * np.sin((hours % 24 - 9) * np.pi / 12)
    found: Floats = by_hour * np.random.default_rng(seed).lognormal(0, 0.05, 168)
    return found


def _learnt(seed: int) -> tuple[Profile, Floats]:
    truth = _truth(seed)
    noise = np.random.default_rng(1000 + seed).lognormal(-0.08, 0.4, HISTORY * 168)
    counts = np.tile(truth, HISTORY) * noise
    at = UNTIL.timestamp() - 3600 * np.arange(counts.size, 0, -1, dtype=np.float64)
    profile = learning.fit(at, counts, Place("Bank", UTC, Country("XX")), now=UNTIL)
    return profile, truth


@pytest.fixture(scope="module")
def chosen() -> list[tuple[float, float, float]]:
    """Of each series: what its chosen hour promised, the same uncorrected, and what is true of it."""
    found = []
    for seed in range(SERIES):
        profile, truth = _learnt(seed)
        starts = UNTIL.timestamp() + 3600 * np.arange(7 * 24, 14 * 24, dtype=np.float64)
        expected = profile.expected(starts, 3600)
        best = int(expected.argmin())
        begin, end = (datetime.fromtimestamp(starts[best] + 3600 * hours, UTC) for hours in (0, 1))
        found.append((profile.expect(begin, end).expected, float(expected[best]), float(truth[best])))
    return found


def test_the_promise_is_on_average_what_comes(chosen: list[tuple[float, float, float]]) -> None:
    promised, _, truth = zip(*chosen, strict=True)
    assert fmean(promised) / fmean(truth) == pytest.approx(1, abs=0.1)


def test_uncorrected_it_is_too_low(chosen: list[tuple[float, float, float]]) -> None:
    promised, raw, truth = zip(*chosen, strict=True)
    assert fmean(raw) < 0.97 * fmean(truth)
    assert abs(fmean(promised) / fmean(truth) - 1) < abs(fmean(raw) / fmean(truth) - 1)


def _record(correction: float = 1.2) -> Record:
    edges = np.ones((2, 3))
    return Record(np.array([correction, 1.0]), -edges, edges, 0.2 * edges, 0.8 * edges)


@pytest.mark.parametrize(
    ("share", "correction"), [(0.1, 1.2), (0.2, 1.2), (0.5, 1.1), (0.8, 1.0), (1.5, 1.0)]
)
def test_the_quieter_a_slot_the_more_it_is_corrected(share: float, correction: float) -> None:
    assert _record().correction(share, 2, staffed=False) == pytest.approx(correction)


def test_staffed_hours_have_a_record_of_their_own() -> None:
    assert _record().correction(0.2, 2, staffed=True) == 1


@pytest.mark.parametrize(("hours", "place"), [(0.25, 0), (1, 0), (1.5, 1), (2, 1), (3, 2), (4, 2), (12, 2)])
def test_another_length_is_taken_for_the_nearest_by_ratio(hours: float, place: int) -> None:
    assert replay.nearest(hours) == place


def test_a_series_without_noise_keeps_its_promise() -> None:
    at = UNTIL.timestamp() - 3600 * np.arange(HISTORY * 168, 0, -1, dtype=np.float64)
    counts = np.tile(_truth(0), HISTORY)
    profile = learning.fit(at, counts, Place("Bank", UTC, Country("XX")), now=UNTIL)
    assert profile.record.corrections == pytest.approx([1, 1], abs=1e-6)
