"""The weeks behind in; how the slots that would have been chosen in them really went, out.

Whoever chooses the least of many estimates chooses, in part, the one that errs most to the low side (the
winner's curse). How much so, and how far what comes strays from what was promised, is read from the series'
own past: every past week is looked at as it was foreseeable a week before it began, the best slot is chosen,
and what came in it is held against what was expected. Nothing after a week's own forecast is read for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from maintenance.traffic import levels, shape
from maintenance.traffic.shape import Layout
from maintenance.traffic.spread import Spread
from maintenance.traffic.weeks import Flags, Floats, Integers

LENGTHS: Final = (1, 2, 4)
"""Hours. Any other length is taken for the one of these that is nearest by ratio."""
STAFFED: Final = (8, 20)
"""The hours of a working day in which people are there."""
_MOST: Final = 26
"""Weeks looked at: half a year has seen most of what happens."""
_LEAD: Final = 1
_DOUBTED: Final = 8.0
"""So many weeks' worth are mixed in of a promise that keeps half of what the choices of single days lost."""
_LIMITS: Final = (0.4, 2.5)
_COMMON: Final = (-1.5, -1.0, -0.7, -0.4, -0.2, 0.2, 0.5, 0.8, 1.2, 1.8)
"""Deviations mixed in while few weeks are known."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What the past says of promises: for any hours (row 0) and for staffed ones (row 1)."""

    corrections: Floats
    """What came in chosen slots over what had been expected of them: 2."""
    low: Floats
    """How many deviations from the expectation four in five begin, and end: 2 by LENGTHS."""
    high: Floats
    least: Floats
    """The least mean share of a slot of each length, and the middle one: 2 by LENGTHS."""
    middle: Floats

    def correction(self, share: float, hours: float, *, staffed: bool) -> float:
        """What came over what was expected, of a slot with this mean share.

        In full where it is as quiet as can be, because it must have been chosen for that; not at all where
        it is as busy as the middle of them.
        """
        row, column = int(staffed), nearest(hours)
        least, middle = float(self.least[row, column]), float(self.middle[row, column])
        chosen = (
            float(np.clip((middle - share) / max(middle - least, 1e-12), 0, 1)) if middle > least else 1.0
        )
        return float(1 + chosen * (self.corrections[row] - 1))

    def range(self, hours: float, *, staffed: bool) -> tuple[float, float]:
        """The deviations between which four in five lie."""
        row, column = int(staffed), nearest(hours)
        return float(self.low[row, column]), float(self.high[row, column])


def nearest(hours: float) -> int:
    """The place in LENGTHS that is nearest by ratio."""
    return int(np.abs(np.log(np.array(LENGTHS) / max(hours, 0.1))).argmin())


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What was expected and what came, in shares of the level then, in the best slots of weeks and days."""

    best: Floats
    daily: Floats
    """Both: a row for each slot, with its expectation and what came."""


def replayed_record(
    rates: Floats, kept: Floats, level: Floats, layout: Layout, scatter: Spread, shares: Floats
) -> Record:
    """Look back over the weeks: `rates` as they came, `kept` as shares without what strayed far.

    `shares` is the row that is expected now, as many columns as the weeks have.
    """
    cells, working = layout.cells, layout.working
    weeks = [
        week
        for week in range(max(_LEAD + 1, len(rates) - _MOST), len(rates))
        if np.isfinite(level[week]) and np.isfinite(level[: week - _LEAD]).any()
    ]
    expected = shape.as_known(kept, [week - _LEAD for week in weeks], layout, scatter)
    then = np.array([levels.present_level(level[: week - _LEAD]) for week in weeks])
    came = rates[weeks] / then[:, None] if weeks else np.empty((0, rates.shape[1]))
    seen = [_look(expected, came, cells, row) for row in (None, working)]
    corrections = np.array([_correction(row) for row in seen])
    ranges = np.array(
        [
            [_range(one, correction, scatter) for one in row]
            for row, correction in zip(seen, corrections, strict=True)
        ]
    )
    quiet = np.array([_quiet(shares, cells, row) for row in (None, working)])
    return Record(corrections, ranges[..., 0], ranges[..., 1], quiet[..., 0], quiet[..., 1])


def _quiet(shares: Floats, cells: int, working: Flags | None) -> Floats:
    """The least and the middle mean share of the slots of a week, for each of LENGTHS."""
    running = _running(shares[None, :])
    found = []
    for hours in LENGTHS:
        width = hours * cells // 24
        sums = np.where(_allowed(cells, hours, working), _sums(running, width)[0], np.nan)
        sums = sums[~np.isnan(sums)] / width
        found.append((sums.min(), np.median(sums)) if sums.size else (0.0, 0.0))
    return np.array(found)


def _allowed(cells: int, hours: int, working: Flags | None) -> Flags:
    """Where in a week a slot may begin; with `working`, only where it lies in staffed hours."""
    if working is None:
        return np.ones(7 * cells, dtype=np.bool_)
    hour = np.arange(7 * cells) % cells * 24 / cells
    return np.repeat(working, cells) & (hour >= STAFFED[0]) & (hour + hours <= STAFFED[1])


def _look(expected: Floats, came: Floats, cells: int, working: Flags | None) -> list[_Kept]:
    """Choose in each week, and on each of its days, for each of LENGTHS; `working`: staffed hours only."""
    totals = [_running(expected), _running(came)]
    found = []
    for hours in LENGTHS:
        width = hours * cells // 24
        promise, real = (_sums(total, width) for total in totals)
        allowed = ~np.isnan(promise) & ~np.isnan(real) & _allowed(cells, hours, working)
        open_to = np.where(allowed, promise, np.inf)
        weekly = open_to.argmin(axis=1)
        daily = open_to.reshape(-1, 7, cells).argmin(axis=2) + np.arange(7) * cells
        found.append(
            _Kept(_pairs(open_to, real, weekly[:, None]), _pairs(open_to, real, daily)),
        )
    return found


def _pairs(promise: Floats, real: Floats, places: Integers) -> Floats:
    pairs = np.stack(
        [np.take_along_axis(promise, places, 1).ravel(), np.take_along_axis(real, places, 1).ravel()], axis=1
    )
    chosen: Floats = pairs[np.isfinite(pairs[:, 0])]
    return chosen


def _correction(row: Sequence[_Kept]) -> float:
    best, daily = (np.concatenate([getattr(one, part) for one in row]) for part in ("best", "daily"))
    if not best.size or daily[:, 0].sum() <= 0 or best[:, 0].sum() <= 0:
        return 1.0
    of_days = float(np.clip(daily[:, 1].sum() / daily[:, 0].sum(), *_LIMITS))
    doubted = _DOUBTED * len(LENGTHS) * best[:, 0].mean()
    found = (best[:, 1].sum() + doubted * (1 + of_days) / 2) / (best[:, 0].sum() + doubted)
    return float(np.clip(found, *_LIMITS))


def _range(one: _Kept, correction: float, scatter: Spread) -> tuple[float, float]:
    """The deviations between which four in five of the past promises were kept."""
    expected = one.daily[:, 0] * correction
    strayed = (one.daily[:, 1] - expected) / scatter.deviation(expected)
    low, high = np.quantile(np.concatenate([strayed, _COMMON]), [0.1, 0.9], method="weibull")
    return float(low), float(high)


def _running(values: Floats) -> tuple[Floats, Floats]:
    """Running sums of each row, and of how much of it is unknown; both begin with 0."""
    unknown = np.isnan(values)
    start = np.zeros((len(values), 1))
    total = np.concatenate([start, np.cumsum(np.where(unknown, 0.0, values), axis=1)], axis=1)
    return total, np.concatenate([start, np.cumsum(unknown, axis=1)], axis=1)


def _sums(running: tuple[Floats, Floats], width: int) -> Floats:
    """The sum of every `width` cells in a row, as many columns as there are cells; NaN where not known."""
    total, blind = running
    sums = np.full((len(total), total.shape[1] - 1), np.nan)
    inner = total[:, width:] - total[:, :-width]
    sums[:, : inner.shape[1]] = np.where(blind[:, width:] > blind[:, :-width], np.nan, inner)
    return sums
