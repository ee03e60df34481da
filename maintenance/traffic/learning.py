"""Samples as arrays in; the profile learnt from them out. No models and no database here.

Counts become rates per hour on the service's own clock, and each week is divided by its own level, so
that growth does not lend the later weeks more say than their age gives them. The share of each hour of
the week is learnt from what is left. Public holidays are left out of that and are a class of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from maintenance.days import country as days
from maintenance.days.country import Country
from maintenance.traffic.forecast import HOUR, WEEK_HOURS, Floats, Profile, TooLittle
from maintenance.traffic.zones import local_seconds

_DAY: Final = 24 * HOUR
_HALF_LIFE: Final = 12.0
"""Weeks after which a week counts half: habits move with the seasons."""
_CLIPPED: Final = 0.25
"""Share of the weeks, at either end, that are pulled in to the rest: an outage or a rush is no habit."""
_RECENT_WEEKS: Final = 4
_HOLIDAYS_TO_TRUST: Final = 3
"""The rest day counts as much as this many observed holidays."""
_LEAST_HISTORY: Final = timedelta(weeks=2)
_LEAST_HOURS: Final = 72
_COARSEST: Final = HOUR
"""Seconds: samples further apart say nothing about the hours between them."""


def fit(at: Floats, counts: Floats, *, name: str, zone: tzinfo, country: Country, now: datetime) -> Profile:
    """Learn the week of one service from its samples before `now`.

    `at` is seconds since 1970 (UTC), rising, one for the beginning of each sample, from a minute to an
    hour apart; gaps are unknown, not zero. Raises TooLittle under two weeks, or where nothing happened.
    """
    step = _step(at, name)
    finished = at + step <= now.timestamp()
    at, counts = at[finished], counts[finished]
    known = timedelta(seconds=float(at[-1] + step - at[0])) if at.size else timedelta(0)
    if known < _LEAST_HISTORY:
        raise TooLittle(f"{name} has {known.days} days of traffic on record; 2 weeks are needed.")
    weeks, first_day = _weeks(local_seconds(at, zone), counts / (step / HOUR), name)
    day_numbers = first_day + np.arange(weeks.shape[0] * 7)
    free = np.repeat(days.are_holidays(day_numbers, country).reshape(-1, 7), 24, axis=1)
    begun = ~np.isnan(weeks).all(axis=1)
    weeks, free = weeks[begun], free[begun]
    shares, levels = _shares(np.where(free, np.nan, weeks))
    if not np.isfinite(levels).any():
        raise TooLittle(
            f"{name} has no traffic but zeros on record, which says nothing about its quiet hours."
        )
    year = days.numbered(int(day_numbers[-1])).year
    rest_day = _rest_day(shares, country.weekend(year))
    holiday = _holiday(np.where(free, weeks, np.nan) / levels[:, None], shares, rest_day)
    return Profile(
        name=name,
        zone=zone,
        country=country,
        mean_rate=float(np.median(levels[np.isfinite(levels)][-_RECENT_WEEKS:])),
        shares=np.concatenate([shares, holiday]),
        past=np.where(free, np.nan, weeks) / _foreseen(levels)[:, None],
        rest_day=rest_day,
        doubts=tuple(_doubts(country.doubt(year), at, now, zone, name)),
    )


def _step(at: Floats, name: str) -> float:
    """Seconds from sample to sample; the recent ones decide, because a bank may change its step."""
    apart = np.diff(at)
    steps = apart <= _COARSEST  # what is longer is a gap
    if not steps.any():
        raise TooLittle(f"{name} has no two samples of traffic within an hour of each other on record.")
    recent = steps & (at[1:] > at[-1] - 28 * _DAY)
    return float(np.median(apart[recent if recent.any() else steps]))


def _weeks(local: Floats, rates: Floats, name: str) -> tuple[Floats, int]:
    """Mean rates as weeks by 168 hours (NaN: not observed), and the day number of the first Monday."""
    hours = np.floor(local / HOUR).astype(np.int64)
    first = int(hours[0]) // 24
    monday = first - int(days.weekdays(np.array(first)))
    index = hours - monday * 24
    size = -(-int(index.max() + 1) // WEEK_HOURS) * WEEK_HOURS
    seen = np.bincount(index, minlength=size)
    if np.count_nonzero(seen) < _LEAST_HOURS:
        raise TooLittle(
            f"{name} has only {np.count_nonzero(seen)} hours of traffic on record; 2 weeks are needed."
        )
    with np.errstate(invalid="ignore"):
        return (np.bincount(index, rates, size) / seen).reshape(-1, WEEK_HOURS), monday


def _shares(weeks: Floats) -> tuple[Floats, Floats]:
    """The share of each hour of the week (mean 1), and the level of each week (NaN: cannot be told).

    Share and level depend on each other where a week is not whole, so they are found in turns.
    """
    seen = ~np.isnan(weeks)
    enough = seen.sum(axis=1) * 3 >= np.median(seen.sum(axis=1))
    shares: Floats = np.where(seen.any(axis=0), 1.0, np.nan)
    for _ in range(3):
        usual = np.where(seen, shares, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            levels = np.where(seen, weeks, 0.0).sum(axis=1) / usual
        levels[~enough | ~(levels > 0)] = np.nan
        if not np.isfinite(levels).any():
            return shares, levels
        shares = _clipped_mean(weeks / levels[:, None])
        mean = np.nanmean(shares)
        shares, levels = shares / mean, levels * mean
    return shares, levels


def _clipped_mean(values: Floats) -> Floats:
    """Column means, younger rows weighing more, after pulling each column's ends in; NaN is left out."""
    ranked = np.sort(values, axis=0)  # NaN goes last
    last = np.maximum((~np.isnan(values)).sum(axis=0) - 1, 0)
    columns = np.arange(values.shape[1])
    low = ranked[np.floor(_CLIPPED * last).astype(int), columns]
    high = ranked[np.ceil((1 - _CLIPPED) * last).astype(int), columns]
    weights = 0.5 ** (np.arange(len(values))[::-1, None] / _HALF_LIFE) * ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = (np.nan_to_num(np.clip(values, low, high)) * weights).sum(axis=0) / weights.sum(axis=0)
    return mean


def _foreseen(levels: Floats) -> Floats:
    """For each week, the level that was known a week before it began; its own where none was."""
    known = levels.copy()
    for week in range(2, len(levels)):
        earlier = levels[: week - 1]
        earlier = earlier[np.isfinite(earlier)][-_RECENT_WEEKS:]
        if earlier.size and np.isfinite(levels[week]):
            known[week] = np.median(earlier)
    return known


def _rest_day(shares: Floats, weekend: frozenset[int]) -> int:
    """The quieter day of the country's weekend; a day on which nothing was observed comes last."""
    by_day = shares.reshape(7, 24)
    return min(sorted(weekend), key=lambda day: np.nan_to_num(by_day[day], nan=np.inf).mean())


def _holiday(observed: Floats, ordinary: Floats, rest_day: int) -> Floats:
    """The 24 shares of a public holiday: those seen, leaning on the rest day while they are few."""
    by_hour = observed.reshape(-1, 24)
    number = (~np.isnan(by_hour)).sum(axis=0)
    rest = ordinary[rest_day * 24 : rest_day * 24 + 24]
    lean = np.where(np.isnan(rest), 0, _HOLIDAYS_TO_TRUST)
    with np.errstate(invalid="ignore"):
        shares: Floats = (np.nansum(by_hour, axis=0) + np.nan_to_num(rest) * lean) / (number + lean)
    return shares


def _doubts(holidays: str, at: Floats, now: datetime, zone: tzinfo, name: str) -> list[str]:
    last = datetime.fromtimestamp(at[-1], UTC)
    known = (at[-1] - at[0]) / _DAY / 7
    doubts = [holidays] if holidays else []
    if known < 8:
        doubts.append(
            f"Only {known:.0f} weeks of traffic of {name} are on record: take the figures with care."
        )
    if now - last > timedelta(weeks=4):
        day = last.astimezone(zone)
        doubts.append(f"The traffic of {name} ends on {day.day} {day:%B %Y}: import newer samples.")
    return doubts
