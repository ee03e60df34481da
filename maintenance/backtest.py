"""A traffic history in; what the slots suggested at many past moments would have carried, out.

At each origin, a local midnight, only what lay before it is read. The slot is chosen as a suggestion is, and
beside it stand the slots that three habits would have chosen under the same limits: Sunday at 02:00, the same
hours a week earlier, and the plain mean of each hour of the week over the last eight weeks (the baseline).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from maintenance.days import Country
from maintenance.days import country as days
from maintenance.traffic import TooLittle, learning
from maintenance.traffic.weeks import DAY, HOUR, Flags, Floats, Integers, step_of
from maintenance.traffic.zones import local_seconds

FIRST_AHEAD: Final = 5
"""Days from the origin to the first start: what customers are told at the least."""
LAST_AHEAD: Final = 12
_HISTORY: Final = 8
_SHORT_HISTORY: Final = 3
"""Weeks before the first origin; the short one where the whole history is too short for the long."""
_STAFFED: Final = (8, 20)
_BLACKOUT_DATES: Final = (1, 15, 25)
_BLACKOUT_LAST: Final = 2
HABITS: Final = ("sunday", "last_week", "mean")


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot that a method chose: its start, and what came in it."""

    start: float
    """Seconds since 1970, UTC."""
    promised: float
    actual: float


@dataclass(frozen=True, slots=True)
class Row:
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
    """By the names in HABITS. None: its slot does not lie within the limits, or was not fully observed."""

    @property
    def baseline(self) -> Choice | None:
        """The choice of the plain mean of the last eight weeks."""
        return self.habits["mean"]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """All samples of one series on a grid of equal steps; NaN is what was not observed."""

    begins: float
    step: float
    counts: Floats
    zone: tzinfo
    country: Country
    local: Floats
    """Each step as the zone's clock shows it, in seconds since its 1970."""
    total: Floats
    blind: Integers

    def came(self, first: int, number: int) -> float:
        """The counts of so many steps from this one; NaN where one of them was not observed."""
        if first < 0 or first + number > self.counts.size or self.blind[first + number] > self.blind[first]:
            return float("nan")
        return float(self.total[first + number] - self.total[first])


def history(at: Floats, counts: Floats, *, zone: tzinfo, country: Country) -> History:
    """Put samples (seconds since 1970, rising) on their grid. Raises TooLittle where they have none."""
    step = step_of(at, "The file")
    place = np.round((at - at[0]) / step).astype(np.int64)
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = counts
    known = np.concatenate([[0.0], np.cumsum(np.nan_to_num(grid))])
    blind = np.concatenate([[0], np.cumsum(np.isnan(grid))])
    local = local_seconds(at[0] + step * np.arange(grid.size, dtype=np.float64), zone)
    return History(float(at[0]), step, grid, zone, country, local, known, blind)


def origins(series: History, most: int, longest: timedelta) -> list[int]:
    """Evenly spread local days (counted from 1970-01-01) at whose midnight a slot is suggested.

    At least 8 weeks lie before the first, or 3 where the history is too short for that.
    """
    first, last = int(series.local[0] // DAY), int(series.local[-1] // DAY)
    end = last + 1 - LAST_AHEAD - int(np.ceil(longest / timedelta(days=1)))
    for weeks in (_HISTORY, _SHORT_HISTORY):
        begin = first + 7 * weeks + (1 if series.local[0] % DAY else 0)
        if end >= begin:
            spread = np.linspace(begin, end, min(most, end - begin + 1))
            return sorted({int(day) for day in np.round(spread)})
    return []


def run(
    series: History,
    lengths: Sequence[timedelta],
    modes: Sequence[str],
    *,
    most: int,
    weeks: int | None = None,
) -> Iterator[Row]:
    """Replay. `modes` are any, staffed, and either with +blackouts; `weeks` limits what each origin reads.

    Only slots that were fully observed give a row. Origins at which too little was known give none.
    """
    for day in origins(series, most, max(lengths)):
        yield from _origin(series, day, lengths, modes, weeks)


def _origin(
    series: History, day: int, lengths: Sequence[timedelta], modes: Sequence[str], weeks: int | None
) -> Iterator[Row]:
    midnight = _midnight(day, series.zone)
    now = int(np.ceil((midnight - series.begins) / series.step))
    begin = 0 if weeks is None else max(0, now - round(weeks * 7 * DAY / series.step))
    known = begin + np.flatnonzero(~np.isnan(series.counts[begin:now]))
    at: Floats = series.begins + series.step * known.astype(np.float64)
    try:
        profile = learning.fit(
            at,
            series.counts[known],
            name="The file",
            zone=series.zone,
            country=series.country,
            now=datetime.fromtimestamp(midnight, UTC),
        )
    except TooLittle:
        return
    habits = _Habits(series, now, begin)
    for length in lengths:
        steps = max(1, round(length.total_seconds() / series.step))
        for mode in modes:
            starts = _starts(series, day, steps, mode)
            if not starts.size:
                continue
            seconds: Floats = series.begins + series.step * starts.astype(np.float64)
            expected = profile.expected(seconds, steps * series.step)
            if np.isnan(expected).all():
                continue
            best = int(np.nanargmin(expected))
            actual = series.came(int(starts[best]), steps)
            chosen_at = datetime.fromtimestamp(seconds[best], UTC)
            if np.isnan(actual):
                continue
            load = profile.expect(chosen_at, chosen_at + timedelta(seconds=steps * series.step))
            first, last = starts.min(), starts.max() + steps
            seen = series.counts[first:last]
            yield Row(
                origin=midnight,
                hours=steps * series.step / HOUR,
                mode=mode,
                chosen=Choice(float(seconds[best]), load.expected, actual),
                low=load.low,
                high=load.high,
                mean_rate=float(np.nanmean(seen)) * HOUR / series.step,
                habits={name: habits.choice(name, starts, steps) for name in HABITS},
            )


class _Habits:
    """What the habits of people would have chosen at one origin."""

    def __init__(self, series: History, now: int, begin: int) -> None:
        self._series = series
        self._hours = _hour_of_week(series, max(begin, now - round(_HISTORY * 7 * DAY / series.step)), now)
        self._now, self._begin = now, begin

    def choice(self, name: str, starts: Integers, steps: int) -> Choice | None:
        """The slot this habit takes out of these starts, if it can be judged."""
        scores = getattr(self, f"_{name}")(starts, steps)
        if np.isnan(scores).all():
            return None
        best = int(np.nanargmin(scores))  # of equals the first
        actual = self._series.came(int(starts[best]), steps)
        if np.isnan(actual):
            return None
        start = self._series.begins + self._series.step * int(starts[best])
        return Choice(start, float(scores[best]), actual)

    def _mean(self, starts: Integers, steps: int) -> Floats:
        """What the mean of each hour of the week says."""
        first, last = int(starts.min()), int(starts.max()) + steps
        hour = (_hours(self._series, first, last) % 168).astype(np.int64)
        return _windows(self._hours[hour], starts - first, steps)

    def _last_week(self, starts: Integers, steps: int) -> Floats:
        """What came in the same hours of the last week known."""
        week = round(7 * DAY / self._series.step)
        back = starts - week * ((starts + steps - self._now + week - 1) // week)
        first, last = int(back.min()), int(back.max()) + steps
        if first < self._begin:
            return np.full(starts.size, np.nan)
        return _windows(self._series.counts[first:last], back - first, steps)

    def _sunday(self, starts: Integers, _steps: int) -> Floats:
        """Sunday at 02:00 on the series' own clock, and nothing else."""
        seconds = self._series.local[starts]
        weekday = days.weekdays((seconds // DAY).astype(np.int64))
        on_time = (weekday == 6) & (seconds % DAY == 2 * HOUR)
        return np.where(on_time, 0.0, np.nan)


def _starts(series: History, day: int, steps: int, mode: str) -> Integers:
    """The steps at which a slot may start."""
    first = (_midnight(day + FIRST_AHEAD, series.zone) - series.begins) / series.step
    last = (_midnight(day + LAST_AHEAD, series.zone) - series.begins) / series.step
    starts = np.arange(int(np.ceil(first)), int(np.ceil(last)), dtype=np.int64)
    starts = starts[starts + steps <= series.counts.size]
    kind, _, limits = mode.partition("+")
    if kind == "staffed":
        starts = starts[_staffed(series, starts, steps)]
    if limits:
        starts = starts[~_blacked_out(series, starts) & ~_blacked_out(series, starts + steps - 1)]
    return starts


def _staffed(series: History, starts: Integers, steps: int) -> Flags:
    """Wholly within the staffed hours of one working day."""
    seconds = series.local[starts]
    begins, ends = seconds % DAY / HOUR, (seconds % DAY + steps * series.step) / HOUR
    day = (seconds // DAY).astype(np.int64)
    working = {int(one): series.country.is_working_day(days.numbered(int(one))) for one in np.unique(day)}
    there = np.array([working[int(one)] for one in day], dtype=np.bool_)
    return there & (begins >= _STAFFED[0]) & (ends <= _STAFFED[1])


def _blacked_out(series: History, places: Integers) -> Flags:
    """On a public holiday, the 1st, 15th or 25th, or one of the last two days of a month."""
    day = (series.local[places] // DAY).astype(np.int64)
    out = {}
    for number in np.unique(day):
        date = days.numbered(int(number))
        ends = (date + timedelta(days=_BLACKOUT_LAST)).day <= _BLACKOUT_LAST
        out[int(number)] = ends or date.day in _BLACKOUT_DATES or bool(series.country.holiday(date))
    return np.array([out[int(one)] for one in day], dtype=np.bool_)


def _hours(series: History, first: int, last: int) -> Floats:
    """The hour of the week, from Monday 00:00, of each step."""
    seconds = series.local[first:last]
    weekday = days.weekdays((seconds // DAY).astype(np.int64))
    hours: Floats = weekday * 24 + seconds % DAY // HOUR
    return hours


def _hour_of_week(series: History, first: int, last: int) -> Floats:
    """The mean of each hour of the week over the steps known."""
    first = max(0, first)
    counts, hour = series.counts[first:last], _hours(series, first, last).astype(np.int64)
    known = ~np.isnan(counts)
    number = np.bincount(hour[known], minlength=168)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.bincount(hour[known], counts[known], 168) / number
    return mean


def _windows(values: Floats, starts: Integers, steps: int) -> Floats:
    """The sum of `steps` values from each start; NaN where one is unknown."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    blind = np.concatenate([[0], np.cumsum(np.isnan(values))])
    return np.where(blind[starts + steps] > blind[starts], np.nan, total[starts + steps] - total[starts])


def _midnight(day: int, zone: tzinfo) -> float:
    date = days.numbered(day)
    return datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()
