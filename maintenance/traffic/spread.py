"""What came in the weeks, and what was usual, in; how far single cells stray from the usual out.

The variance of a count grows with its mean: as the mean where customers come one by one (Poisson), as its
square where all of them stay away or come together. Both parts are read from the series itself, so that a
cell in which nothing ever happened is not taken for one in which nothing can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from maintenance.traffic.weeks import Flags, Floats

_BINS: Final = 12
_LEAST: Final = 5
_CAPPED: Final = 0.9
"""The quantile above which a deviation counts as that quantile: one rush is not the rule."""
_LOST: Final = 1.25
"""What the cap takes from the variance of ordinary deviations."""
_FLOOR: Final = 1e-6
_FEW: Final = 4.0
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of one cell: `single` times its mean and `together` times the square of it."""

    single: float
    together: float
    one: float
    """What a single count makes. Of a few counts the variance is Poisson's at the least: it cannot be read
    from cells in which nearly always nothing happens."""

    def variance(self, mean: Floats) -> Floats:
        """Of cells with these means."""
        least = np.where(mean < _FEW * self.one, self.one * mean, 0.0)
        return np.maximum(self.single * mean + self.together * mean * mean, least)

    def deviation(self, mean: Floats) -> Floats:
        """The scale on which sums of cells stray; never nothing."""
        return np.sqrt(self.variance(mean) + _FLOOR)


def spread_of(came: Floats, usual: Floats, observed: Flags, one: float) -> Spread:
    """Read from weeks by cells, and what is usual in each cell; `one` is what a single count makes."""
    means = np.broadcast_to(usual, came.shape)[observed]
    strayed = np.abs(came - usual)[observed]
    order = np.argsort(means, kind="stable")
    points = []
    for part in np.array_split(order, _BINS):
        if part.size >= _LEAST:
            mean, away = float(means[part].mean()), np.sort(strayed[part])
            capped = np.minimum(away, away[int(_CAPPED * (away.size - 1))])
            points.append((mean, _LOST * float((capped * capped).mean())))
    bins = np.array([point for point in points if point[0] > 0])
    if not bins.size:
        return Spread(0.0, 0.0, one)
    return Spread(*_line(bins[:, 0], bins[:, 1] / bins[:, 0]), one)


def _line(means: Floats, relative: Floats) -> tuple[float, float]:
    """The line variance / mean = single + together * mean, every point weighing by its own size."""
    if relative.max() < _NOTHING:
        return 0.0, 0.0
    weights = 1 / (relative + relative.max() / 1000)
    design = np.stack([weights, weights * means], axis=1)
    single, together = np.linalg.lstsq(design, relative * weights, rcond=None)[0]
    if together < 0:
        return float(np.average(relative, weights=weights)), 0.0
    if single < 0:
        return 0.0, float(np.average(relative / means))
    return float(single), float(together)
