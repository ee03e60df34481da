"""Services and a length in; the quietest slots that nothing stands against, each with its reasons, out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from maintenance import clock, policies, reasons, rules, traffic
from maintenance.models import Customer, Service, Use
from maintenance.traffic import Load, Profile
from maintenance.traffic.forecast import HOUR, Floats

AHEAD: Final = timedelta(days=28)
_GRID: Final = 1800.0
_A_NIGHT: Final = 2
"""Slots offered of one night, noon to noon: five hours of one Sunday are no choice."""
_ALIKE: Final = 5
"""Decimals of a share: what differs by less is equally quiet, and the earlier one comes first."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that may be booked. Of several services the load counts in ordinary hours, not in counts."""

    services: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    load: Load
    share: float
    """The expected rate over the mean rate: 0.12 is 12 % of an ordinary hour."""
    customers: int
    """Customers who use any of the services, at whatever time."""
    reasons: tuple[str, ...]
    last_moment_to_book: datetime


def suggest(
    services: Sequence[Service],
    length: timedelta,
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    count: int = 5,
) -> list[Slot]:
    """The quietest slots, quietest first; fewer than `count` where no more are free.

    Without `start`, from where the promised notice is still possible; with it, never inside the least.
    Slots lie between `start` and `end` (28 days on), begin on the hour or half hour of the bank's clock
    and leave each other alone. None has anything against it. Raises TooLittle where the traffic of a
    service says nothing, ValueError without services or length.
    """
    asked = sorted({service.pk: service for service in services}.values(), key=lambda service: service.key)
    if not asked or length <= timedelta(0):
        raise ValueError("Name at least one service, and a length of more than nothing.")
    promises = policies.every()
    first = (
        policies.earliest_start(now, promises)
        if start is None
        else max(start, policies.earliest_allowed(now, promises))
    )
    last = end or first + AHEAD
    profiles = [traffic.profile(service, now=now) for service in asked]
    starts = _starts(first, last, length)
    shares = _shares(profiles, starts, length)
    around = rules.surroundings(asked, first, last)
    customers, blind = _customers(asked), bool(np.isnan(shares).any())
    found = []
    for starts_at in itertools.islice(_quietest(starts, shares, length, around, now), count):
        ends_at = starts_at + length
        load, share = expect(profiles, starts_at, ends_at)
        found.append(
            Slot(
                services=tuple(service.key for service in asked),
                starts_at=starts_at,
                ends_at=ends_at,
                load=load,
                share=share,
                customers=customers,
                reasons=reasons.of(profiles, starts_at, ends_at, promises[0], blind=blind, now=now),
                last_moment_to_book=policies.last_moment(starts_at, promises),
            )
        )
    return found


def expect(profiles: Sequence[Profile], starts_at: datetime, ends_at: datetime) -> tuple[Load, float]:
    """The load of any span, and its share of an ordinary hour.

    One service's load is in counts. Several count different things, so each is taken in its own ordinary
    hours, and these are added. Raises TooLittle where a service's traffic says nothing of that time.
    """
    hours = (ends_at - starts_at) / timedelta(hours=1)
    loads = [profile.expect(starts_at, ends_at) for profile in profiles]
    if len(loads) == 1:
        return loads[0], loads[0].expected / (profiles[0].mean_rate * hours)
    expected, low, high = (
        sum(getattr(load, part) / profile.mean_rate for load, profile in zip(loads, profiles, strict=True))
        for part in ("expected", "low", "high")
    )
    return Load(expected, low, high), expected / (hours * len(loads))


def _starts(first: datetime, last: datetime, length: timedelta) -> Floats:
    """Every hour and half hour of the bank's clock from which the length fits in, in seconds since 1970."""
    offset = (first.astimezone(clock.bank_zone()).utcoffset() or timedelta(0)).total_seconds()
    begin = np.ceil((first.timestamp() + offset) / _GRID) * _GRID - offset
    return np.arange(begin, last.timestamp() - length.total_seconds() + 1, _GRID)


def _shares(profiles: Sequence[Profile], starts: Floats, length: timedelta) -> Floats:
    """The mean over the services of their shares of an ordinary hour; NaN where one is not known."""
    seconds = length.total_seconds()
    each = [profile.expected(starts, seconds) / (profile.mean_rate * seconds / HOUR) for profile in profiles]
    mean: Floats = np.mean(each, axis=0)
    return mean


def _quietest(
    starts: Floats, shares: Floats, length: timedelta, around: rules.Surroundings, now: datetime
) -> Iterator[datetime]:
    """The starts against which nothing stands, quietest first, of slots that leave each other alone."""
    taken: list[datetime] = []
    nights: Counter[date] = Counter()
    for index in np.lexsort((starts, np.round(shares, _ALIKE))):
        if np.isnan(shares[index]):  # they come last
            return
        starts_at = datetime.fromtimestamp(starts[index], UTC)
        night = clock.bank_day(starts_at - timedelta(hours=12))
        if nights[night] == _A_NIGHT or any(abs(starts_at - other) < length for other in taken):
            continue
        if not rules.against(around, rules.Time(starts_at, starts_at + length, now)):
            taken.append(starts_at)
            nights[night] += 1
            yield starts_at


def _customers(services: Sequence[Service]) -> int:
    uses = Use.objects.filter(service__in=services, customer__kind=Customer.Kind.CUSTOMER)
    if len(services) == 1:  # a pair is there once, and counting without distinct is far cheaper
        return uses.count()
    return uses.values("customer").distinct().count()
