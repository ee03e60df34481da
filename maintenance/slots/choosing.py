"""What is known of services, and a length, in; the slots to choose from, best first, out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maintenance import bank_time, rules
from maintenance.slots import loads, places
from maintenance.slots.context import SlotContext
from maintenance.slots.slot import Slot, slots_at
from maintenance.traffic.forecast import HOUR, Floats
from maintenance.traffic.zones import local_seconds

Order = NDArray[np.intp]

_GRID: Final = 1800.0
_A_NIGHT: Final = 2
"""Slots offered of one night, noon to noon: five hours of one Sunday are no choice."""
_ALIKE: Final = 5
"""Decimals of a share: what differs by less is equally quiet, and the earlier one comes first."""
_UNKNOWN: Final = "No traffic of those hours is on record, and unknown is not quiet."


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Slots, best first, with what a reader of all of them should know."""

    slots: tuple[Slot, ...]
    based_on_traffic: bool
    """Without, they keep every rule, lie at night or in staffed hours, and the earliest comes first."""
    problem: str
    """Why they are not based on traffic, and what to do. Empty where they are."""
    doubts: tuple[str, ...]
    """What weakens the figures."""
    nothing: tuple[str, ...]
    """Where there is no slot, why not."""
    first: datetime
    last: datetime
    """Between these instants was looked."""


def choose(known: SlotContext, length: timedelta, *, count: int = 5, staffed: bool = False) -> Suggestions:
    """The quietest slots, quietest first; fewer than `count` where no more are free.

    They begin on the hour or half hour of the bank's clock and leave each other alone. None has anything
    against it that suggestions keep clear of. With `staffed` they lie between 08:00 and 20:00 of a working
    day of the services' countries. Where the traffic of a service says too little, see `Suggestions`.
    """
    if length <= timedelta(0):
        raise ValueError("Name a length of more than nothing.")
    starts = _starts(known.first, known.last, length)
    fits = _fitting(known, starts, length, staffed)
    shares = loads.shares_of_hour(known.profiles, starts, length) if known.profiles else np.zeros(starts.size)
    unknown = np.isnan(shares)
    order = np.lexsort((starts, np.round(shares, _ALIKE)))
    order = order[(fits & ~unknown)[order]]
    times = list(itertools.islice(_free(known, starts, order, length), count))
    return Suggestions(
        slots=tuple(slots_at(known, times, length)),
        based_on_traffic=bool(known.profiles),
        problem=known.problem,
        doubts=tuple(_doubts(known, blind=bool((fits & unknown).any()))),
        nothing=()
        if times
        else tuple(_nothing(known, starts[fits & ~unknown], starts[fits], length, staffed)),
        first=known.first,
        last=known.last,
    )


def _starts(first: datetime, last: datetime, length: timedelta) -> Floats:
    """Every hour and half hour of the bank's clock from which the length fits in, in seconds since 1970."""
    offset = (first.astimezone(bank_time.bank_zone()).utcoffset() or timedelta(0)).total_seconds()
    begin = np.ceil((first.timestamp() + offset) / _GRID) * _GRID - offset
    return np.arange(begin, last.timestamp() - length.total_seconds() + 1, _GRID)


def _fitting(known: SlotContext, starts: Floats, length: timedelta, staffed: bool) -> places.Mask:
    """Which lie in the hours that are asked for, or that are left where traffic says nothing."""
    if staffed:
        return places.staffed(starts, length, known.places)
    if known.profiles or not starts.size:
        return np.ones(starts.size, bool)
    week = starts[0] + np.arange(0, 7 * 24 * HOUR, _GRID)
    return places.night(starts, length, known.places, week)


def _free(known: SlotContext, starts: Floats, order: Order, length: timedelta) -> Iterator[datetime]:
    """The starts that may be suggested, in this order, of slots that leave each other alone."""
    nights = np.floor((local_seconds(starts, bank_time.bank_zone()) / HOUR - 12) / 24)
    taken: list[float] = []
    offered: Counter[float] = Counter()
    apart = length.total_seconds()
    for start, night in zip(starts[order].tolist(), nights[order].tolist(), strict=True):
        if offered[night] == _A_NIGHT or any(abs(start - other) < apart for other in taken):
            continue
        if rules.is_free(known.around, _time(known, start, length)):
            taken.append(start)
            offered[night] += 1
            yield datetime.fromtimestamp(start, UTC)


def _time(known: SlotContext, start: float, length: timedelta) -> rules.WindowTime:
    starts_at = datetime.fromtimestamp(start, UTC)
    return rules.WindowTime(starts_at, starts_at + length, known.now)


def _doubts(known: SlotContext, *, blind: bool) -> Iterator[str]:
    if blind:
        yield "Hours without any traffic on record were left out: unknown is not quiet."
    yield from dict.fromkeys(doubt for profile in known.profiles for doubt in profile.doubts)


def _nothing(
    known: SlotContext, tried: Floats, fitting: Floats, length: timedelta, staffed: bool
) -> Iterator[str]:
    """Why there is no slot: none fits, none is known, or what each rule says of the first it refuses."""
    if not fitting.size:
        between = f"from {bank_time.moment_words(known.first)} to {bank_time.moment_words(known.last)}"
        hours = " of staffed hours (08:00 to 20:00 on working days)" if staffed else ""
        yield f"{bank_time.length_words(length)}{hours} do not fit in the time {between}."
        return
    if not tried.size:
        yield _UNKNOWN
        return
    said: dict[str, str] = {}
    for start in tried.tolist():
        for objection in rules.objections_at(known.around, _time(known, start, length)):
            said.setdefault(objection.rule, objection.words)
    yield from said.values()
    if tried.size < fitting.size:
        yield _UNKNOWN
