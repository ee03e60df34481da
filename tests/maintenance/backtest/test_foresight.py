"""Nothing that lies after an origin is read at it: another future, the same answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maintenance import backtest
from maintenance.backtest import BacktestRow, History, grid
from maintenance.bank_days import Country
from maintenance.traffic.weeks import Floats
from tests.maintenance.backtest.past import LENGTHS, MODES, changed, history
from tests.maintenance.usage import from_file

Future = Callable[[Floats], Floats]

FUTURES: dict[str, Future] = {
    "huge": lambda counts: np.full(counts.size, 1e9),
    "silent": lambda counts: np.zeros(counts.size),
    "shuffled": lambda counts: np.random.default_rng(1).permutation(counts) * 7,
    "upside down": lambda counts: counts.max() - counts,
}


def _answers(rows: list[BacktestRow]) -> list[tuple[object, ...]]:
    """What was said at the origin, without what came then."""
    return [
        (row.origin, row.hours, row.mode, row.chosen.start, row.chosen.promised, row.low, row.high)
        for row in rows
    ]


def _habits(rows: list[BacktestRow]) -> list[list[tuple[float, float] | None]]:
    """What the habits would have chosen, and what they promised."""
    return [
        [(choice.start, choice.promised) if choice else None for choice in row.habits.values()]
        for row in rows
    ]


def _days(series: History) -> list[int]:
    """The first, a middle and the last origin."""
    return backtest.origins(series, 3, max(LENGTHS))


def _rows(series: History, day: int, weeks: int | None = None) -> list[BacktestRow]:
    return list(backtest.at_origin(series, day, LENGTHS, MODES, weeks=weeks))


def _other_future(series: History, day: int, future: Future) -> History:
    now = series.place(grid.local_midnight(day, series.zone))
    counts = series.counts.copy()
    later = now + np.flatnonzero(~np.isnan(counts[now:]))
    counts[later] = future(counts[later])
    return changed(series, counts)


def _with_gaps(series: History, day: int, row: BacktestRow) -> History:
    """After the origin nothing is known but what came in the row's own slot, and the very last count."""
    now = series.place(grid.local_midnight(day, series.zone))
    first = series.place(row.chosen.start)
    counts = series.counts.copy()
    counts[now:] = np.nan
    for kept in (slice(first, first + round(row.hours * 3600 / series.step)), slice(-1, None)):
        counts[kept] = series.counts[kept]
    return changed(series, counts)


@pytest.mark.parametrize("future", FUTURES)
@pytest.mark.parametrize("origin", range(3))
def test_another_future_changes_no_answer(origin: int, future: str) -> None:
    series = history(22)
    day = _days(series)[origin]
    rows = _rows(series, day)
    again = _rows(_other_future(series, day, FUTURES[future]), day)
    assert len(rows) > len(LENGTHS)
    assert (_answers(again), _habits(again)) == (_answers(rows), _habits(rows))


@pytest.mark.parametrize("future", FUTURES)
def test_nor_does_it_where_few_weeks_are_read(future: str) -> None:
    series = history(22)
    day = _days(series)[1]
    rows = _rows(_other_future(series, day, FUTURES[future]), day, weeks=3)
    assert _answers(rows) == _answers(_rows(series, day, weeks=3))


@pytest.mark.parametrize("origin", range(3))
def test_a_future_full_of_gaps_changes_no_chosen_slot(origin: int) -> None:
    series = history(22)
    day = _days(series)[origin]
    for row in _rows(series, day):
        again = _rows(_with_gaps(series, day, row), day)
        said = [(one.hours, one.mode, one.chosen, one.low, one.high) for one in again]
        assert (row.hours, row.mode, row.chosen, row.low, row.high) in said


def test_what_came_is_read_from_the_future_alone() -> None:
    series = history(22)
    day = _days(series)[1]
    rows = _rows(_other_future(series, day, FUTURES["huge"]), day)
    assert [row.chosen.actual for row in rows] == [row.hours * 1e9 for row in rows]


@pytest.mark.shared
@pytest.mark.parametrize("future", FUTURES)
@pytest.mark.parametrize(
    ("name", "zone", "country"),
    [("na_bank_calls_2003", "America/New_York", "US"), ("nyc_taxi_2014", "America/New_York", "US")],
)
def test_another_future_of_recorded_traffic_changes_no_answer(
    name: str, zone: str, country: str, future: str
) -> None:
    kept = from_file(Path(os.environ["LULL_SHARED"]) / "data" / f"{name}.csv", ZoneInfo(zone))
    samples = sorted(dict(kept).items())
    series = grid.history(
        np.array([at.timestamp() for at, _ in samples]),
        np.array([count for _, count in samples]),
        zone=ZoneInfo(zone),
        country=Country(country),
    )
    for day in _days(series):
        rows, again = (_rows(one, day) for one in (series, _other_future(series, day, FUTURES[future])))
        assert rows
        assert (_answers(again), _habits(again)) == (_answers(rows), _habits(rows))
