"""Weeks in; what was no demand in them out: times known to be away, and runs of nothing where there is much.

An outage written into the history as zeros lures every mean to the hour in which it happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

import numpy as np

from maintenance.traffic.weeks import DAY, Flags, Floats, Weeks
from maintenance.traffic.zones import local_seconds

_ALMOST_NOTHING: Final = 0.05
"""Of what is usual at that hour: a monitor may still count a few."""
_SURE: Final = 8.0
"""Counts that must be missing: by Poisson's law, that nothing comes by chance then is 3 in ten thousand."""
_LONGEST_HOURS: Final = 16
"""Nothing for longer is a closed day, not an outage."""


def known_outages(weeks: Weeks, zone: tzinfo, away: Sequence[tuple[float, float]]) -> Flags:
    """Which cells touch a time in which the service was away (seconds since 1970; no end is infinity)."""
    cells = np.zeros(weeks.rates.size, dtype=np.bool_)
    first = weeks.end_day * weeks.cells - cells.size
    latest = (weeks.end_day + 2) * DAY
    if away:
        edges = np.minimum(np.array(away, dtype=np.float64), latest)
        shown = local_seconds(edges.ravel(), zone).reshape(-1, 2) / (DAY / weeks.cells)
        for begin, end in zip(np.floor(shown[:, 0]) - first, np.ceil(shown[:, 1]) - first, strict=True):
            cells[max(0, int(begin)) : max(0, int(end))] = True
    return cells.reshape(weeks.rates.shape)


def found_outages(weeks: Weeks) -> Flags:
    """Which cells, in the shape of the weeks' rates, lie in an outage that nobody told of.

    What is usual is taken from the other days at that hour and those around it, so that outages which
    return to the same hour of the same day are found as well.
    """
    flat = weeks.rates.ravel()
    usual = _usual(weeks).ravel()
    with np.errstate(invalid="ignore"):
        silent = flat <= _ALMOST_NOTHING * usual
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    outage = np.zeros(flat.size, dtype=np.bool_)
    hours = 24 / weeks.cells
    for begin, end in edges.reshape(-1, 2):
        missing = usual[begin:end].sum() * hours
        if missing >= _SURE and (end - begin) * hours <= _LONGEST_HOURS:
            outage[begin:end] = True
    return outage.reshape(weeks.rates.shape)


def _usual(weeks: Weeks) -> Floats:
    """For each cell the lower eighth of the rates at that hour, on the days of its week and the two around.

    The lower eighth, not the middle: where every eighth day is quiet at that hour, quiet is usual.
    """
    by_day = weeks.rates.reshape(-1, 7, weeks.cells)
    padded = np.concatenate([by_day[:1] * np.nan, by_day, by_day[:1] * np.nan])
    near = np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)
    ranked = np.sort(near, axis=1)  # NaN goes last
    seen = (~np.isnan(near)).sum(axis=1)
    place = np.minimum(np.maximum(seen - 1, 0) // 8, near.shape[1] - 1)
    eighth = np.take_along_axis(ranked, place[:, None, :], axis=1)[:, 0, :]
    usual: Floats = np.where(seen >= 4, np.nan_to_num(eighth), 0.0)  # too few to say
    return np.repeat(usual[:, None, :], 7, axis=1).reshape(weeks.rates.shape)
