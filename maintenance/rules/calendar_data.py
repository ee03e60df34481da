"""The tables of times in; when each is, between two instants, as spans, out.

What repeats is unfolded here, all of it within one budget, and what depends on a country's days of rest is
asked of that country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from django.db.models import Q

from maintenance import bank_days, bank_time, recurrence
from maintenance.bank_days import Country, critical_days
from maintenance.models import CriticalDay, Cutoff, Freeze, StandingWindow, SupportCover
from maintenance.recurrence import Budget, RecurrenceError
from maintenance.rules.network import Network
from maintenance.rules.spans import Span, Spans

NEXT: Final = timedelta(days=35)
"""How far beyond a time its next standing window is looked for."""
_DAY: Final = timedelta(days=1)
Row = Freeze | CriticalDay | Cutoff | SupportCover | StandingWindow


@dataclass(frozen=True, slots=True)
class Broken:
    """What repeats in a way that cannot be worked out: it is left out, and said wherever it might matter."""

    words: str
    services: frozenset[int]
    """None means every service."""


class _Reading:
    """One reading of all rows, within one budget, and what in them is broken."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self.budget = Budget.of_all()
        self.broken: list[Broken] = []

    def leave_out(self, row: Row, problem: RecurrenceError) -> None:
        """The others still count."""
        words = (
            f"The {row._meta.verbose_name} “{row.name}” cannot be worked out and is not considered: mend it. "
            f"{problem}"
        )
        self.broken.append(Broken(words, _keys(row)))


@dataclass(frozen=True, slots=True)
class Agreed:
    """The times that the bank has agreed on. Services are primary keys."""

    freezes: Spans
    critical: Spans
    cutoffs: Spans
    cover: Mapping[int, Spans]
    """When somebody answers the customers of a service; without any cover on record it is not among them."""
    standing: Mapping[int, Spans]
    """The standing windows of a service that has any."""
    broken: tuple[Broken, ...] = ()


@dataclass(frozen=True)
class _Remembered(Country):
    """A country that is asked about the same days again and again."""

    known: dict[date, bool] = field(default_factory=dict, compare=False)

    def is_working_day(self, day: date) -> bool:
        """Worked out once for each day."""
        if day not in self.known:
            self.known[day] = super().is_working_day(day)
        return self.known[day]


class _Countries(dict[str, Country]):
    """Each country's days, read when first asked for."""

    def __missing__(self, code: str) -> Country:
        read = bank_days.days_of_country(code)
        self[code] = _Remembered(read.code, read.changes)
        return self[code]


def agreed_times(asked: frozenset[int], network: Network, first: datetime, last: datetime) -> Agreed:
    """All that is agreed between two instants, for the asked services and those that are away with them."""
    away = network.away_with(asked)
    countries = _Countries()
    reading = _Reading()
    found = Agreed(
        freezes=Spans(_freezes(first, last, reading)),
        critical=Spans(_critical(away, network, countries, first, last, reading)),
        cutoffs=Spans(_cutoffs(away, network, countries, first, last, reading)),
        cover=_cover(asked, network, countries, first, last, reading),
        standing=_standing(asked, first, last + NEXT, reading),
    )
    return replace(found, broken=tuple(reading.broken))


def _freezes(first: datetime, last: datetime, reading: _Reading) -> Iterator[Span]:
    found = Freeze.objects.filter(_may_meet(first), starts_at__lt=last)
    for row in found.prefetch_related("services"):
        for starts_at, ends_at in _times(row, first, last, reading) or ():
            yield Span(row.name, starts_at, ends_at, _keys(row))


def _critical(
    away: frozenset[int],
    network: Network,
    countries: _Countries,
    first: datetime,
    last: datetime,
    reading: _Reading,
) -> Iterator[Span]:
    """Whole days on the clocks of the services, each where its country has them."""
    for row in CriticalDay.objects.prefetch_related("services"):
        there: dict[tuple[str, tzinfo], set[int]] = defaultdict(set)
        for service in away & (_keys(row) or away):
            known = network.services[service]
            there[known.country, known.zone].add(service)
        for (code, zone), services in there.items():
            days_asked = first.astimezone(zone).date(), last.astimezone(zone).date()
            try:
                found = critical_days.critical_dates(
                    row, countries[code], *days_asked, budget=reading.budget.row()
                )
            except RecurrenceError as problem:
                reading.leave_out(row, problem)
                break
            for day in found:
                begin, end = (datetime.combine(each, time.min, zone) for each in (day, day + _DAY))
                name = f"“{row.name}” on {bank_time.day_words(day)}"
                yield Span(name, begin.astimezone(UTC), end.astimezone(UTC), frozenset(services))


def _cutoffs(
    away: frozenset[int],
    network: Network,
    countries: _Countries,
    first: datetime,
    last: datetime,
    reading: _Reading,
) -> Iterator[Span]:
    for row in Cutoff.objects.filter(_may_meet(first), starts_at__lt=last, service__in=away):
        country = network.services[row.service_id].country
        name = f"{row.get_kind_display().lower()} “{row.name}”"
        for starts_at, ends_at in _times(row, first, last, reading) or ():
            if not row.working_days_only or countries[country].is_working_day(bank_time.bank_day(starts_at)):
                yield Span(name, starts_at, ends_at, frozenset((row.service_id,)))


def _cover(
    asked: frozenset[int],
    network: Network,
    countries: _Countries,
    first: datetime,
    last: datetime,
    reading: _Reading,
) -> dict[int, Spans]:
    spans: dict[int, list[Span]] = {}
    for row in SupportCover.objects.prefetch_related("services"):
        read = _times(row, first, last, reading)
        if read is None:
            continue
        times = [(Span(row.name, *at), bank_time.bank_day(at[0])) for at in read]
        stretch = [day for _, day in times[:1] + times[-1:]]
        for service in asked & (_keys(row) or asked):
            found = spans.setdefault(service, [])
            closed: Container[date] = ()
            if stretch and not row.on_holidays:
                closed = countries[network.services[service].country].holidays(stretch[0], stretch[-1])
            found += [span for span, day in times if day not in closed]
    return {service: Spans(found) for service, found in spans.items()}


def _standing(asked: frozenset[int], first: datetime, last: datetime, reading: _Reading) -> dict[int, Spans]:
    spans: dict[int, list[Span]] = {}
    for row in StandingWindow.objects.prefetch_related("services"):
        read = _times(row, first, last, reading)
        if read is None:
            continue
        times = [Span(row.name, *at) for at in read]
        for service in asked & (_keys(row) or asked):
            spans.setdefault(service, []).extend(times)
    return {service: Spans(found) for service, found in spans.items()}


def _may_meet(first: datetime) -> Q:
    return Q(ends_at__gt=first) | ~Q(recurrence="")


def _times(
    row: Freeze | Cutoff | StandingWindow | SupportCover,
    first: datetime,
    last: datetime,
    reading: _Reading,
) -> list[tuple[datetime, datetime]] | None:
    """None for a row that is broken: as if it were not there, which is something else than no times."""
    try:
        return recurrence.occurrences(row.recurring, first, last, budget=reading.budget.row())
    except RecurrenceError as problem:
        reading.leave_out(row, problem)
        return None


def _keys(row: Row) -> frozenset[int]:
    if isinstance(row, Cutoff):
        return frozenset((row.service_id,))
    return frozenset(service.pk for service in row.services.all())
