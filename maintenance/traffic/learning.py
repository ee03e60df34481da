"""Samples as arrays in; the profile learnt from them out. No models and no database here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from maintenance.bank_days import country_days
from maintenance.traffic import classes, effects, levels, outages, replay, shape, weeks
from maintenance.traffic.classes import Days
from maintenance.traffic.forecast import Profile
from maintenance.traffic.place import Place
from maintenance.traffic.weeks import DAY, Flags, Floats, TooLittle, Weeks

_SHORT: Final = 8
"""Weeks under which the figures are to be taken with care."""
_AROUND: Final = 2
"""Weeks before and after one that say what its level should be."""
_OLD: Final = timedelta(weeks=4)


def fit(
    at: Floats,
    counts: Floats,
    place: Place,
    *,
    now: datetime,
    away: Sequence[tuple[float, float]] = (),
    critical: Sequence[date] = (),
) -> Profile:
    """Learn the week of one service from its samples before `now`.

    `at` is seconds since 1970 (UTC), rising, one for the beginning of each sample, from a minute to an
    hour apart; gaps are unknown, not zero. `away` are the times, in the same seconds, in which the service
    was not there to be used; `critical` the days, past and to come, that may be unlike others for it. Raises
    TooLittle under two weeks, or where nothing happened.
    """
    came = weeks.weeks_of(at, counts, name=place.name, zone=place.zone, now=now)
    end = country_days.numbered(came.end_day - 1)
    weekend = place.country.weekend(end.year)
    layout = shape.laid_out(came.cells, came.weekdays, weekend)
    marked = np.array(sorted(country_days.day_number(day) for day in critical), dtype=np.int64)
    kinds = classes.classified_weeks(came.day_numbers, place.country, marked)
    demand = np.where(
        outages.found_outages(came) | outages.known_outages(came, place.zone, away), np.nan, came.rates
    )
    ordinary = _ordinary(demand, kinds, came.cells)
    level = _level(ordinary, place.name)
    one = came.cells / 24 / levels.present_level(level)
    kept, scatter = shape.pulled_in(ordinary / level[:, None], layout, one)
    counted: Flags = np.count_nonzero(~np.isnan(came.rates), axis=0) > 0
    row = shape.filled_shares(shape.share_of_cells(kept, layout, scatter), counted, layout)
    shares = _by_weekday(row, came, weekend)
    of_kinds, of_marks = _effects(demand / _steady(level)[:, None], shares, kinds, came)
    return Profile(
        name=place.name,
        zone=place.zone,
        country=place.country,
        mean_rate=levels.present_level(level) * float(np.nanmean(shares[:7])),
        level=levels.present_level(level),
        shares=shares,
        of_kinds=of_kinds,
        of_marks=of_marks,
        critical=marked,
        scatter=scatter,
        record=replay.replayed_record(ordinary, kept, level, layout, scatter, row),
        doubts=tuple(_doubts(place.country.doubt(end.year), at, now, place)),
    )


def _ordinary(demand: Floats, kinds: Days, cells: int) -> Floats:
    """The demand of ordinary days of the week alone."""
    unlike = np.repeat(np.isin(kinds.kinds, classes.UNLIKE).reshape(-1, 7), cells, axis=1)
    found: Floats = np.where(unlike, np.nan, demand)
    return found


def _level(ordinary: Floats, name: str) -> Floats:
    """The level of each week. Raises TooLittle where nothing happened."""
    level = levels.weekly_levels(ordinary)
    if not np.isfinite(level).any():
        raise TooLittle(
            f"{name} has no traffic but zeros on record, which says nothing about its quiet hours."
        )
    return level


def _effects(demand: Floats, shares: Floats, kinds: Days, came: Weeks) -> tuple[Floats, Floats]:
    """The factors of each kind and of each mark, from weeks of demand in shares of the level around them."""
    usual = effects.expected_shares(shares, kinds, np.tile(came.weekdays, len(demand)), came.cells)
    return effects.learnt(demand.reshape(-1, came.cells), usual, kinds, came.cells)


def _by_weekday(row: Floats, came: Weeks, weekend: frozenset[int]) -> Floats:
    """Nine rows: the weekdays from Monday, then the first and the last day of the weekly rest."""
    found = np.empty((9, came.cells))
    found[came.weekdays] = row.reshape(7, came.cells)
    first, last = _rest_days(weekend)
    found[7], found[8] = found[first], found[last]
    return found


def _rest_days(weekend: frozenset[int]) -> tuple[int, int]:
    """The first and the last of them, as they follow each other: of Saturday and Sunday, 5 and 6."""
    first = next((day for day in sorted(weekend) if (day - 1) % 7 not in weekend), 6)
    last = next((day for day in sorted(weekend) if (day + 1) % 7 not in weekend), 6)
    return first, last


def _steady(level: Floats) -> Floats:
    """For each week the middle of the levels around it, so that an odd week is held against ordinary ones."""
    padded = np.pad(level, _AROUND, constant_values=np.nan)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    number = (~np.isnan(near)).sum(axis=1)
    middle = np.sort(near, axis=1)[np.arange(level.size), np.maximum(number - 1, 0) // 2]  # NaN goes last
    known = np.flatnonzero(number)
    steady: Floats = np.interp(np.arange(level.size), known, middle[known])
    return steady


def _doubts(holidays: str, at: Floats, now: datetime, place: Place) -> list[str]:
    last = datetime.fromtimestamp(at[-1], UTC)
    known = (at[-1] - at[0]) / DAY / 7
    doubts = [holidays] if holidays else []
    if known < _SHORT:
        doubts.append(
            f"Only {known:.0f} weeks of traffic of {place.name} are on record: take the figures with care."
        )
    if now - last > _OLD:
        day = last.astimezone(place.zone)
        doubts.append(f"The traffic of {place.name} ends on {day.day} {day:%B %Y}: import newer samples.")
    return doubts
