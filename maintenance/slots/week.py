"""What is known of services, a week and a length in; each hour of it, quiet or busy, free or refused, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np

from maintenance import bank_time, rules
from maintenance.slots import loads
from maintenance.slots.context import SlotContext

_AVOIDED: Final = frozenset(rule.name for rule in rules.RULES if rule.avoided)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the bank's clock. One that the autumn change repeats lasts two."""

    starts_at: datetime
    ends_at: datetime
    uses: float | None
    """Uses expected in it; None where that is not known, or several services count different things."""
    share: float | None
    """Of an ordinary hour; None where that is not known."""
    objections: tuple[rules.Objection, ...]
    """What stands against a slot of the chosen length that starts with it."""

    @property
    def refused(self) -> bool:
        """Whether no such slot is suggested."""
        return any(objection.rule in _AVOIDED for objection in self.objections)

    @property
    def passable(self) -> bool:
        """Whether all that refuses it may be passed with a reason."""
        return not any(objection.hard for objection in self.objections if objection.rule in _AVOIDED)


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the bank's clock, with the names of what it is: holidays and freezes."""

    day: date
    holidays: tuple[str, ...]
    freezes: tuple[str, ...]
    hours: tuple[Hour | None, ...]
    """24; None for one that the spring change skips."""


def week_days(known: SlotContext, first: date, length: timedelta) -> tuple[WeekDay, ...]:
    """Seven days from the first. What stands around it was read with `known`, so it lies within that."""
    days = [first + number * _DAY for number in range(7)]
    edges = [[bank_time.at_bank(day, time(hour)) for hour in range(24)] for day in (*days, first + 7 * _DAY)]
    begins = [at for day in edges[:7] for at in day]
    ends = [*begins[1:], edges[7][0]]
    shares = _shares(known, begins, ends)
    hours = [
        _hour(known, begin, end, share, length)
        for begin, end, share in zip(begins, ends, shares, strict=True)
    ]
    return tuple(
        _day(known, day, tuple(hours[24 * number : 24 * number + 24])) for number, day in enumerate(days)
    )


def _hour(known: SlotContext, begin: datetime, end: datetime, share: float, length: timedelta) -> Hour | None:
    if end <= begin:
        return None
    against = rules.objections_at(known.around, rules.WindowTime(begin, begin + length, known.now))
    if np.isnan(share):
        return Hour(begin, end, None, None, tuple(against))
    uses = None
    if len(known.profiles) == 1:
        uses = share * known.profiles[0].mean_rate * ((end - begin) / timedelta(hours=1))
    return Hour(begin, end, uses, share, tuple(against))


def _shares(known: SlotContext, begins: Sequence[datetime], ends: Sequence[datetime]) -> list[float]:
    """Hours that the clocks change are longer or shorter than the others."""
    found = np.full(len(begins), np.nan)
    starts = np.array([at.timestamp() for at in begins])
    lengths = np.array([at.timestamp() for at in ends]) - starts
    for length in set(lengths.tolist()):
        if length > 0 and known.profiles:
            these = lengths == length
            found[these] = loads.shares_of_hour(known.profiles, starts[these], timedelta(seconds=length))
    return found.tolist()


def _day(known: SlotContext, day: date, hours: tuple[Hour | None, ...]) -> WeekDay:
    begin, end = bank_time.at_bank(day, time.min), bank_time.at_bank(day + _DAY, time.min)
    whole = rules.WindowTime(begin, end, known.now)
    freezes = [
        span.name for span in known.around.agreed.freezes.meeting(whole) if span.of(known.around.asked)
    ]
    holidays = [
        place.country.holiday(at.astimezone(place.zone).date())
        for place in known.places
        for at in (begin, end - timedelta(microseconds=1))
    ]
    return WeekDay(
        day,
        holidays=tuple(dict.fromkeys(filter(None, holidays))),
        freezes=tuple(dict.fromkeys(freezes)),
        hours=hours,
    )
