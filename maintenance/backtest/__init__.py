"""A traffic history in; what the slots suggested at many past moments would have carried, out.

At each origin, a local midnight, only what lay before it is read. The slot is chosen as a suggestion is, and
beside it stand the slots that three habits would have chosen under the same limits: Sunday at 02:00, the same
hours a week earlier, and the plain mean of each hour of the week over the last eight weeks (the baseline).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from maintenance.backtest import grid, limits
from maintenance.backtest.grid import History, history, origins
from maintenance.backtest.habits import NAMES, Choice, Habits
from maintenance.traffic import Profile, TooLittle, learning
from maintenance.traffic.place import Place
from maintenance.traffic.weeks import DAY, HOUR, Integers

__all__ = ["BacktestRow", "Choice", "History", "at_origin", "backtest_rows", "history", "origins"]

_DIGITS: Final = 6
"""Figures are rounded to so many: 50 lies within 50.00000000000001 to 60, whatever the machine adds up."""


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """One origin, length and mode: what was suggested, and what each habit would have chosen instead."""

    origin: float
    hours: float
    mode: str
    chosen: Choice
    low: float
    high: float
    mean_rate: float
    """Counts an hour over all that was observed in the days in question."""
    habits: dict[str, Choice | None]
    """By the names of habits. None: its slot does not lie within the limits, or was not fully observed."""

    @property
    def baseline(self) -> Choice | None:
        """The choice of the plain mean of the last eight weeks."""
        return self.habits["mean"]


def backtest_rows(
    series: History,
    lengths: Sequence[timedelta],
    modes: Sequence[str],
    *,
    most: int,
    weeks: int | None = None,
) -> Iterator[BacktestRow]:
    """Replay. `modes` are any, staffed, and either with +blackouts; `weeks` limits what each origin reads.

    Only slots that were fully observed give a row. Origins at which too little was known give none.
    """
    for day in origins(series, most, max(lengths)):
        yield from at_origin(series, day, lengths, modes, weeks=weeks)


def at_origin(
    series: History, day: int, lengths: Sequence[timedelta], modes: Sequence[str], *, weeks: int | None = None
) -> Iterator[BacktestRow]:
    """The rows of one origin: the local day, counted from 1970-01-01, at whose midnight is chosen."""
    origin = grid.local_midnight(day, series.zone)
    now = series.place(origin)
    begin = 0 if weeks is None else max(0, now - round(weeks * 7 * DAY / series.step))
    try:
        profile = _learnt(series, begin, now, origin)
    except TooLittle:
        return
    habits = Habits(series, now, begin)
    for length, mode in itertools.product(lengths, modes):
        steps = series.steps(length)
        starts = limits.allowed_starts(series, day, steps, mode)
        chosen = _chosen(series, profile, starts, steps)
        if chosen:
            choice, low, high = chosen
            yield BacktestRow(
                origin=origin,
                hours=steps * series.step / HOUR,
                mode=mode,
                chosen=choice,
                low=low,
                high=high,
                mean_rate=_mean_rate(series, starts, steps),
                habits={name: habits.choice(name, starts, steps) for name in NAMES},
            )


def _learnt(series: History, begin: int, now: int, origin: float) -> Profile:
    """What the steps from `begin` to `now`, and no others, teach."""
    known = begin + np.flatnonzero(~np.isnan(series.counts[begin:now]))
    return learning.fit(
        series.seconds(known),
        series.counts[known],
        Place("The file", series.zone, series.country),
        now=datetime.fromtimestamp(origin, UTC),
    )


def _chosen(
    series: History, profile: Profile, starts: Integers, steps: int
) -> tuple[Choice, float, float] | None:
    """The slot that would be suggested, with its range; None where there is none, or it cannot be judged."""
    seconds = series.seconds(starts)
    expected = profile.expected(seconds, steps * series.step)
    if np.isnan(expected).all():  # so it is where there is no start at all
        return None
    best = int(np.nanargmin(expected))
    actual = series.came(int(starts[best]), steps)
    if np.isnan(actual):
        return None
    start = datetime.fromtimestamp(seconds[best], UTC)
    load = profile.expect(start, start + timedelta(seconds=steps * series.step))
    promised, low, high, came = (
        round(figure, _DIGITS) for figure in (load.expected, load.low, load.high, actual)
    )
    return Choice(float(seconds[best]), promised, came), low, high


def _mean_rate(series: History, starts: Integers, steps: int) -> float:
    seen = series.counts[starts.min() : starts.max() + steps]
    return float(np.nanmean(seen)) * HOUR / series.step
