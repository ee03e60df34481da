"""Weeks, and what is usual in them, in; by how much days of a kind, and of a mark, really differ, out."""

from __future__ import annotations

from typing import Final

import numpy as np

from maintenance.traffic import classes
from maintenance.traffic.classes import DayKind, Days, Mark
from maintenance.traffic.weeks import Flags, Floats, Integers

_TRUSTED: Final = 3.0
"""So many days of a kind that went as most series do are mixed into those that were seen."""
_CERTAIN: Final = 1.5
"""Standard errors by which a mark in the month must differ from nothing before it counts."""
_LEAST: Final = 4
_LIMITS: Final = (0.3, 3.0)


def expected_shares(shares: Floats, days: Days, order: Integers, cells: int) -> Floats:
    """The shares of days by cells, before any factor: each as its weekday, or in part as a day of rest.

    `shares` is 9 rows of cells: the seven weekdays from Monday, then the day of rest as its first day and as
    its last one are; `order` is each day's weekday.
    """
    own = shares[order]
    dawn = classes.before_dawn(cells)
    like = classes.LIKE_REST[days.kinds][:, None]
    rest = np.broadcast_to(shares[8], own.shape).copy()
    rest[days.kinds == DayKind.YEAR_END] = shares[7]
    # before dawn a holiday is the night after a day of work, or after one of rest
    rest[:, :dawn] = np.where(days.after_rest[:, None] == 1, shares[8, :dawn], shares[7, :dawn])
    night = np.where((days.kinds == DayKind.HOLIDAY)[:, None], like, 0.0)
    part = np.concatenate([np.repeat(night, dawn, axis=1), np.repeat(like, cells - dawn, axis=1)], axis=1)
    rest = np.where(np.isnan(rest), own, rest)
    mixed: Floats = np.where(part > 0, own * (1 - part) + rest * part, own)
    return mixed


def learnt(came: Floats, usual: Floats, days: Days, cells: int) -> tuple[Floats, Floats]:
    """The factors of each kind and of each mark, before dawn and after it.

    `came` and `usual` are days by cells, in shares of the level, `usual` before any factor.
    """
    parts_came, parts_usual = _parts(came, usual, cells)
    kinds = np.array(classes.FACTORS, dtype=np.float64)
    for kind in DayKind:
        if kind is not DayKind.ORDINARY:
            kinds[kind] = _leaning(parts_came, parts_usual, days.kinds == kind, kinds[kind])
    marks = np.ones((len(Mark), 2))
    plain = days.kinds == DayKind.ORDINARY
    for mark in Mark:
        if mark is not Mark.NONE:
            marks[mark] = _certain(parts_came, parts_usual, plain & (days.marks == mark))
    return kinds, marks


def _parts(came: Floats, usual: Floats, cells: int) -> tuple[Floats, Floats]:
    """Sums of each day, before dawn and after it, over the cells in which both are known."""
    both = ~np.isnan(came) & ~np.isnan(usual)
    dawn = classes.before_dawn(cells)
    sums = [
        np.stack([part[:, :dawn].sum(axis=1), part[:, dawn:].sum(axis=1)], axis=1)
        for part in (np.where(both, came, 0), np.where(both, usual, 0))
    ]
    return sums[0], sums[1]


def _leaning(came: Floats, usual: Floats, of_kind: Flags, start: Floats) -> Floats:
    seen = of_kind[:, None] & (usual > 0)
    number = np.maximum(seen.sum(axis=0), 1)
    total = np.where(seen, usual, 0).sum(axis=0)
    mixed_in = _TRUSTED * np.where(total > 0, total / number, 1.0)
    found = (np.where(seen, came, 0).sum(axis=0) + mixed_in * start) / (total + mixed_in)
    limited: Floats = np.clip(found, *_LIMITS)
    return limited


def _certain(came: Floats, usual: Floats, marked: Flags) -> Floats:
    """Only what is more than chance, and the less of it the closer it is to chance."""
    found = np.ones(2)
    for part in range(2):
        seen = marked & (usual[:, part] > 0) & (came[:, part] > 0)
        if np.count_nonzero(seen) >= _LEAST:
            ratios = np.log(came[seen, part] / usual[seen, part])
            error = ratios.std(ddof=1) / np.sqrt(ratios.size)
            mean = float(np.median(ratios))
            if abs(mean) > _CERTAIN * error:
                found[part] = np.exp(mean * (1 - (_CERTAIN * error / mean) ** 2))
    limited: Floats = np.clip(found, *_LIMITS)
    return limited
