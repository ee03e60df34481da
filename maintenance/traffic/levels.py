"""Weeks in; the level of each out: a growing service is judged by its habits, not by its growth."""

from __future__ import annotations

from typing import Final

import numpy as np

from maintenance.traffic.weeks import Floats

RECENT: Final = 4
"""The present level is the middle of so many weeks: one odd week is no trend."""
_ROUNDS: Final = 2


def weekly_levels(rates: Floats) -> Floats:
    """The level of each week: its rates over the shares of the same cells. NaN where it cannot be told.

    Share and level depend on each other where a week is not whole, so they are found in turns.
    """
    observed = ~np.isnan(rates)
    number = observed.sum(axis=1)
    enough = number * 3 >= np.median(number[number > 0]) if number.any() else number > 0
    shares = _middle(rates)
    levels: Floats = np.full(len(rates), np.nan)
    for _ in range(_ROUNDS):
        both = observed & ~np.isnan(shares)
        came = np.where(both, rates, 0).sum(axis=1)
        usual = np.where(both, shares, 0).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            levels = came / usual
        levels[~enough | ~(levels > 0) | ~np.isfinite(levels)] = np.nan
        if np.isnan(levels).all():
            return levels
        shares = _column_mean(rates / levels[:, None])
    return levels


def present_level(levels: Floats) -> float:
    """The level of now, from the weeks that are known."""
    return float(np.median(levels[np.isfinite(levels)][-RECENT:]))


def _middle(rates: Floats) -> Floats:
    """Column medians without the columns' NaN; where they are all zero, the means."""
    ranked = np.sort(rates, axis=0)  # NaN goes last
    number = (~np.isnan(rates)).sum(axis=0)
    columns = np.arange(rates.shape[1])
    low, high = np.maximum(number - 1, 0) // 2, np.maximum(number, 1) // 2
    middle: Floats = (ranked[low, columns] + ranked[high, columns]) / 2
    return middle if np.nansum(middle) > 0 else _column_mean(rates)


def _column_mean(values: Floats) -> Floats:
    seen = (~np.isnan(values)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.nansum(values, axis=0) / seen
    return mean
