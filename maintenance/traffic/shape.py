"""Weeks divided by their level in; the share of each cell of the week, freed from chance, out.

Three things lead a plain mean astray: one odd week, old habits, and chance, which makes the least of many
cells look less than it is. So what strays far is pulled in, the recent weeks weigh more without the old ones
being forgotten, and each cell leans on the same hour of the days that are like it, the more the less is
known of it (empirical Bayes: the lean is the share of chance in what the days differ by).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from maintenance.traffic import spread
from maintenance.traffic.spread import Spread
from maintenance.traffic.weeks import Flags, Floats, Integers

_SHORT, _LONG = 5.0, 26.0
"""Weeks in which the two memories halve: habits change with the season, and the season comes back."""
_FAR: Final = 2.5
"""Deviations beyond which a rate is pulled in."""
_FEW: Final = 4.0
_ROUNDS: Final = 2
_ENOUGH: Final = 5
"""Weeks of a cell from which its extremes can be spared."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A row of seven days: into how many cells each is divided, and which of them are days of work."""

    cells: int
    working: Flags

    @property
    def groups(self) -> list[Integers]:
        """The places of the days that are like each other: of work, and of rest."""
        return [days for days in (np.flatnonzero(self.working), np.flatnonzero(~self.working)) if days.size]


def laid_out(cells: int, weekdays: Integers, weekend: frozenset[int]) -> Layout:
    """The layout of a row that has these weekdays."""
    return Layout(cells, ~np.isin(weekdays, sorted(weekend)))


def weights(number: int) -> Floats:
    """How much each of so many weeks counts, oldest first; together 1."""
    age = np.arange(number)[::-1]
    short, long = 0.5 ** (age / _SHORT), 0.5 ** (age / _LONG)
    both: Floats = 0.5 * short / short.sum() + 0.5 * long / long.sum()
    return both


def pulled_in(came: Floats, layout: Layout, one: float) -> tuple[Floats, Spread]:
    """The weeks with what strays far pulled in to the usual, and how far cells stray.

    `one` is the share that a single count makes of a cell: a few counts are never far, or nothing would be
    expected where little happens.
    """
    observed, few = ~np.isnan(came), _FEW * one
    calm, scatter = _without_extremes(came, few), Spread(0.0, 0.0, one)
    for _ in range(_ROUNDS):
        own, known = _means(calm, weights(len(calm))[None, :])
        scatter = spread.spread_of(came, np.nan_to_num(own[0]), observed, one)
        usual = np.nan_to_num(_lean(own, known, layout, scatter)[0])
        far = np.maximum(_FAR * np.sqrt(scatter.variance(usual)), few)
        calm = np.where(observed, np.clip(came, np.maximum(usual - far, 0), usual + far), np.nan)
    return calm, scatter


def _without_extremes(came: Floats, few: float) -> Floats:
    """Without the highest and the lowest rate of each cell, where enough others are left and much happens."""
    number = (~np.isnan(came)).sum(axis=0)
    calm = came.copy()
    columns = np.flatnonzero((number >= _ENOUGH) & (np.nan_to_num(came).max(axis=0) > few))
    some = came[:, columns]
    calm[np.nanargmax(some, axis=0), columns] = np.nan
    calm[np.nanargmin(some, axis=0), columns] = np.nan
    return calm


def share_of_cells(kept: Floats, layout: Layout, scatter: Spread) -> Floats:
    """The share of each cell of a row; NaN where it was never observed."""
    found: Floats = as_known(kept, [len(kept)], layout, scatter)[0]
    return found


def as_known(kept: Floats, ends: Sequence[int], layout: Layout, scatter: Spread) -> Floats:
    """The same as it was known when only so many of the weeks were: a row for each of `ends`."""
    weight = np.zeros((len(ends), len(kept)))
    for row, end in zip(weight, ends, strict=True):
        row[:end] = weights(end)
    mean, known = _means(kept, weight)
    return _lean(mean, known, layout, scatter)


def filled_shares(row: Floats, counted: Flags, layout: Layout) -> Floats:
    """The shares, with those of hours that were counted, but never in use, taken from the days like theirs.

    A service that is maintained every week at one hour has no demand on record for it, and still has some.
    """
    days = row.reshape(7, layout.cells).copy()
    for group in layout.groups:
        seen = ~np.isnan(days[group])
        number = seen.sum(axis=0)
        mean = np.where(
            number > 0, np.where(seen, days[group], 0).sum(axis=0) / np.maximum(number, 1), np.nan
        )
        wanted = ~seen & counted.reshape(7, layout.cells)[group]
        days[group] = np.where(wanted, mean, days[group])
    return days.ravel()


def _means(came: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted means of the columns, a row for each row of weights, and of how many weeks they are worth."""
    observed = (~np.isnan(came)).astype(np.float64)
    total = weight @ observed
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, weight @ np.where(observed > 0, came, 0.0) / total, np.nan)
        known = np.fmax(total**2 / (weight**2 @ observed), 0.1)
    return mean, known


def _lean(mean: Floats, known: Floats, layout: Layout, scatter: Spread) -> Floats:
    """Rows of means, each cell leaning on the days that are like its own."""
    days, worth = mean.reshape(-1, 7, layout.cells).copy(), known.reshape(-1, 7, layout.cells)
    for group in layout.groups:
        if group.size > 1:
            days[:, group] = _leaning(days[:, group], worth[:, group], scatter)
    return days.reshape(mean.shape)


def _leaning(days: Floats, known: Floats, scatter: Spread) -> Floats:
    """Each day's shares, leaning on the mean of the days like it: rows by days by cells."""
    seen = ~np.isnan(days)
    number = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    prior = np.where(seen, days, 0).sum(axis=1, keepdims=True) / number
    chance = scatter.variance(prior) / known
    between = (np.where(seen, days - prior, 0) ** 2).sum(axis=1, keepdims=True) / np.maximum(number - 1, 1)
    differ = between - np.where(seen, chance, 0).sum(axis=1, keepdims=True) / number
    relative = np.where(prior > 0, differ / np.where(prior > 0, prior, 1) ** 2, 0)
    real = np.maximum(_around(relative), 0) * prior**2
    both = real + chance
    own = np.where(both > 0, real / np.where(both > 0, both, 1), 0.0)
    leaning: Floats = prior + own * (days - prior)
    return leaning


def _around(values: Floats) -> Floats:
    """Along the last axis, the mean of each value and those within two hours, around the clock."""
    reach = 2 * max(1, values.shape[-1] // 24)
    ring = np.concatenate([values[..., -reach - 1 :], values, values[..., :reach]], axis=-1)
    total = np.cumsum(ring, axis=-1)
    mean: Floats = (total[..., 2 * reach + 1 :] - total[..., : -2 * reach - 1]) / (2 * reach + 1)
    return mean
