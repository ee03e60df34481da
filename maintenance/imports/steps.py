"""The moments of some samples in; what stands against the step in which they were counted, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maintenance import bank_time

_DAY: Final = 24 * 3600
_FINEST: Final = 45
"""Seconds. Samples of every minute lie a little less apart where the counting is not quite on time."""
_COARSEST: Final = 75 * 60
_ALIKE: Final = 1.15
"""Gaps differ by so much at most where they are steps: months do, and days when the clocks change."""
_FEWEST: Final = 6
"""Gaps. Fewer may be a few single samples, of which no step is known."""
_RUN: Final = 20

_TAKEN: Final = "Samples must be from a minute to an hour apart"


def step_fault(moments: Sequence[datetime]) -> str:
    """Why samples at these rising moments cannot be taken, after the file's name; empty where they can.

    Single samples far apart are no fault, because missing is not zero. Regular counts of a day are
    one: taken for an hour's they would say of midnight what is true of the whole day.
    """
    at = np.array([moment.timestamp() for moment in moments])
    gaps = np.diff(at)
    if gaps.size < _FEWEST:
        return ""
    usual = float(np.median(gaps))
    if usual < _FINEST:
        return f"has a count every {_words(usual)}. {_TAKEN}: add them up to minutes first."
    begins = _coarse(gaps, usual)
    if begins is None:
        return ""
    since = moments[begins].astimezone(UTC)
    return (
        f"has one count every {_words(float(gaps[begins]))} from {since:%Y-%m-%dT%H:%M}Z on, which says "
        f"nothing about the hours between. {_TAKEN}: export the counts of each hour or finer."
    )


def _coarse(gaps: NDArray[np.float64], usual: float) -> int | None:
    """The first of the gaps that are steps of more than an hour."""
    if usual > _COARSEST:
        alike = (gaps < usual * _ALIKE) & (gaps > usual / _ALIKE)
        if alike.mean() >= 0.5:
            return int(np.argmax(alike))
    if np.count_nonzero(gaps > _COARSEST) < _RUN:
        return None
    runs = np.lib.stride_tricks.sliding_window_view(gaps, _RUN)
    shortest, longest = runs.min(axis=1), runs.max(axis=1)
    found = np.flatnonzero((shortest > _COARSEST) & (longest < shortest * _ALIKE))
    return int(found[0]) if found.size else None


def _words(seconds: float) -> str:
    if seconds >= _DAY:
        days = round(seconds / _DAY)
        return "day" if days == 1 else f"{days} days"
    if seconds >= 60:
        return bank_time.length_words(timedelta(seconds=seconds))
    return "second" if seconds == 1 else f"{seconds:g} seconds"
