"""A slot that was chosen in; why it was, in sentences for a person, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from maintenance import clock, policies
from maintenance.policies import Promise
from maintenance.traffic import Profile


def of(
    profiles: Sequence[Profile],
    starts_at: datetime,
    ends_at: datetime,
    promise: Promise,
    *,
    blind: bool,
    now: datetime,
) -> tuple[str, ...]:
    """All that speaks for the slot, and the doubts about its figures; `promise` is the customers'.

    `blind` says that other times were left out because nothing is known of their traffic.
    """
    return (
        _quiet(profiles, starts_at, ends_at),
        *_when(profiles, starts_at, ends_at),
        *_holidays(profiles, starts_at),
        _told(starts_at, promise, now),
        "Clear of freezes and of other windows.",
        *(["Hours without any traffic on record were left out: unknown is not quiet."] if blind else []),
        *dict.fromkeys(doubt for profile in profiles for doubt in profile.doubts),
    )


def percent(share: float) -> str:
    """`12 %`, and `1.2 %` where the first figure alone would say too little."""
    return f"{100 * share:.0f} %" if round(100 * share, 1) >= 10 else f"{100 * share:.1f} %"


def _quiet(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> str:
    hours = (ends_at - starts_at) / timedelta(hours=1)
    shares = {
        profile.name: percent(profile.expect(starts_at, ends_at).expected / (hours * profile.mean_rate))
        for profile in profiles
    }
    if len(profiles) == 1:
        return f"{shares[profiles[0].name]} of an ordinary hour of {profiles[0].name}."
    each = ", ".join(f"{name} {share}" for name, share in shares.items())
    return (
        f"{each} of an ordinary hour. The services count different things, so each is taken in its own "
        "ordinary hours, and these are added."
    )


def _when(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> Iterator[str]:
    zone = clock.bank_zone()
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    yield f"{clock.span_words(starts_at, ends_at)} in {zone}, {_part_of_day(begins)}."
    if begins.utcoffset() != ends.utcoffset():
        passes = clock.length_words(ends_at - starts_at)
        yield f"The clocks change during it: {passes} pass, whatever the clock shows."
    for profile in profiles:
        there = starts_at.astimezone(profile.zone)
        if there.utcoffset() != begins.utcoffset():
            day = clock.day_words(there.date())
            yield f"On the clock of {profile.name} ({profile.zone}) it begins on {day}, {there:%H:%M}."


def _part_of_day(at: datetime) -> str:
    if 6 <= at.hour < 12:
        return "in the morning"
    if 12 <= at.hour < 18:
        return "in the afternoon"
    return "in the evening" if 18 <= at.hour < 22 else "at night"


def _holidays(profiles: Sequence[Profile], starts_at: datetime) -> Iterator[str]:
    for name in dict.fromkeys(profile.holiday(starts_at) for profile in profiles):
        if name:
            yield f"A public holiday ({name}): expected as other holidays and the day of rest are."


def _told(starts_at: datetime, promise: Promise, now: datetime) -> str:
    told_at = promise.due_at(starts_at)
    promised = policies.words(promise.policy.promised, promise.policy.unit)
    if told_at <= now:
        left = (starts_at - now).days
        return (
            f"Customers are told as soon as it is approved, at most {left} days ahead instead of {promised}."
        )
    return f"Customers are told on {clock.words(told_at)}, {promised} ahead."
