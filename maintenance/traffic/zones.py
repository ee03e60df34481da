"""Instants as an array in; what a zone's clock shows, as an array, out."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DAY: Final = 24 * 3600


def local_seconds(seconds: NDArray[np.float64], zone: tzinfo) -> NDArray[np.float64]:
    """Instants (seconds since 1970, UTC) as the zone's clock shows them, in seconds since its 1970."""
    if not seconds.size:
        return seconds
    low, high = int(seconds.min()), int(seconds.max())
    marks = [*range(low, high, _DAY), high]
    offsets = [_offset(mark, zone) for mark in marks]
    changes, after = [float("-inf")], [offsets[0]]
    for left, right, was, becomes in zip(marks, marks[1:], offsets, offsets[1:], strict=False):
        if was != becomes:
            changes.append(_change(left, right, zone))
            after.append(becomes)
    shown: NDArray[np.float64] = seconds + np.array(after)[np.searchsorted(changes, seconds, "right") - 1]
    return shown


def _offset(second: int, zone: tzinfo) -> float:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _change(left: int, right: int, zone: tzinfo) -> int:
    """The second between two instants at which the zone's offset changes."""
    before = _offset(left, zone)
    while right - left > 1:
        middle = (left + right) // 2
        if _offset(middle, zone) == before:
            left = middle
        else:
            right = middle
    return right
