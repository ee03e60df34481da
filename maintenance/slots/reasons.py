"""A time that was looked at in; what speaks for it and what against it, in sentences for a person, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from maintenance import bank_time, policies
from maintenance.policies import Promise
from maintenance.traffic.place import Place

SEVERAL: Final = (
    "The services count different things, so each is taken in its own ordinary hours, and these are added."
)
_NOT_QUIET: Final = 0.5
"""The share of an ordinary hour from which on no time is called quiet."""


def figures(shares: Mapping[str, float], habit: float | None) -> Iterator[str]:
    """How quiet it is, by the share of each service and in comparison with Sunday 02:00."""
    if len(shares) == 1:
        [(name, share)] = shares.items()
        yield f"{percent(share)} of an ordinary hour of {name}."
    elif shares:
        each = ", ".join(f"{name} {percent(share)}" for name, share in shares.items())
        yield f"{each} of an ordinary hour."
    if habit is not None and round(habit, 2) < 1:
        yield f"Carries {percent(habit)} of what Sunday 02:00 of that week would."


def time_reasons(starts_at: datetime, ends_at: datetime, places: Sequence[Place]) -> Iterator[str]:
    """The time on the bank's clock, and on those of the services where they differ."""
    zone = bank_time.bank_zone()
    begins = starts_at.astimezone(zone)
    yield f"{bank_time.span_words(starts_at, ends_at)} in {zone}, {_part_of_day(begins)}."
    for place in places:
        there = starts_at.astimezone(place.zone)
        if there.utcoffset() != begins.utcoffset():
            day = bank_time.day_words(there.date())
            yield f"On the clock of {place.name} ({place.zone}) it begins on {day}, {there:%H:%M}."


def notice_reason(starts_at: datetime, promise: Promise, now: datetime) -> tuple[str, bool]:
    """When customers are told, and whether that is as long ahead as they are promised."""
    told_at = promise.due_at(starts_at)
    promised = policies.lead_words(promise.policy.promised, promise.policy.unit)
    if told_at <= now:
        left = max((starts_at - now).days, 0)
        return (
            f"Customers are told as soon as it is approved, at most {left} days ahead instead of {promised}."
        ), False
    return f"Customers are told on {bank_time.moment_words(told_at)}, {promised} ahead.", True


def cautions(
    starts_at: datetime, ends_at: datetime, places: Sequence[Place], share: float | None, habit: float | None
) -> Iterator[str]:
    """What a person should weigh, though it forbids nothing."""
    if share is not None and share > _NOT_QUIET:
        yield f"This is no quiet time: {percent(share)} of an ordinary hour."
    if habit is not None and round(habit, 2) > 1:
        yield f"Carries {share_words(habit)} what Sunday 02:00 of that week would."
    zone = bank_time.bank_zone()
    if starts_at.astimezone(zone).utcoffset() != ends_at.astimezone(zone).utcoffset():
        passes = bank_time.length_words(ends_at - starts_at)
        yield f"The clocks change during it: {passes} pass, whatever the clock shows."
    yield from _holidays(starts_at, ends_at, places, known=share is not None)


def _holidays(
    starts_at: datetime, ends_at: datetime, places: Sequence[Place], *, known: bool
) -> Iterator[str]:
    last = ends_at - timedelta(microseconds=1)
    names = [
        place.country.holiday(at.astimezone(place.zone).date())
        for place in places
        for at in (starts_at, last)
    ]
    for name in dict.fromkeys(name for name in names if name):
        doubt = ": its figures rest on few such days" if known else ""
        yield f"A public holiday ({name}){doubt}."


def percent(share: float) -> str:
    """`12 %`, and `1.2 %` where the first figure alone would say too little."""
    return f"{100 * share:.0f} %" if round(100 * share, 1) >= 10 else f"{100 * share:.1f} %"


def share_words(ratio: float) -> str:
    """`38 % of`, `2.6 times`."""
    if ratio < 2:
        return f"{percent(ratio)} of"
    return f"{ratio:.{0 if ratio >= 10 else 1}f} times"


def _part_of_day(at: datetime) -> str:
    if 6 <= at.hour < 12:
        return "in the morning"
    if 12 <= at.hour < 18:
        return "in the afternoon"
    return "in the evening" if 18 <= at.hour < 22 else "at night"
