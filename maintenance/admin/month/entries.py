"""Two days in; all that the calendar shows between them, in the order in which it is read, out."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from django.conf import settings
from django.contrib import admin
from django.db.models import Model, Prefetch, Q, QuerySet
from django.urls import reverse

from maintenance import bank_days, bank_time, recurrence
from maintenance.bank_days import critical_days
from maintenance.models import Conflict, CriticalDay, Freeze, Service, Skipped, StandingWindow, Window
from maintenance.recurrence import Budget, RecurrenceError
from maintenance.rules import LIVE

MOVABLE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.REJECTED)
_A_DAY: Final = timedelta(days=1)
_MOST: Final = 1_000
"""Times of freezes and standing windows on one page."""
_Timed = TypeVar("_Timed", Freeze, StandingWindow)


class EntryKind(enum.StrEnum):
    """What an entry is, in the order in which a day lists them."""

    HOLIDAY = "holiday"
    CRITICAL = "critical"
    FREEZE = "freeze"
    STANDING = "standing"
    SKIPPED = "skipped"
    WINDOW = "window"


@dataclass(frozen=True)
class CalendarEntry:
    """One thing on the calendar, whichever days it lies in."""

    kind: EntryKind
    name: str
    status: str
    """In words: what it is, or how it stands."""
    tone: str
    starts_at: datetime
    ends_at: datetime
    address: str = ""
    """The page that says more; empty where there is none."""
    pk: int = 0
    conflicts: tuple[str, ...] = ()
    """What has come to stand against it, in words."""
    repeats: bool = False
    movable: bool = False

    @property
    def first(self) -> date:
        """The first day it touches, by the bank's clock."""
        return bank_time.bank_day(self.starts_at)

    @property
    def last(self) -> date:
        """The last day it touches: an end at midnight does not touch the day that begins."""
        return bank_time.bank_day(self.ends_at - timedelta(microseconds=1))

    @property
    def minutes(self) -> int:
        """How long it is."""
        return round((self.ends_at - self.starts_at).total_seconds() / 60)

    @property
    def timed(self) -> bool:
        """Whether its hours say something: a holiday is the whole day."""
        return self.kind not in (EntryKind.HOLIDAY, EntryKind.CRITICAL)


@dataclass(frozen=True)
class NotShown:
    """What cannot be shown, because nobody can work out when it is."""

    name: str
    why: str
    address: str


@dataclass(frozen=True)
class CalendarEntries:
    """All that lies between two days, in order, and what is left out of it."""

    entries: list[CalendarEntry]
    broken: list[NotShown]
    more: int = 0
    """Times of freezes and standing windows that are not among them: nobody could tell so many apart."""


class _Unfolding:
    """One reading of all that repeats, within one budget, and what in it is broken."""

    def __init__(self) -> None:
        self.budget = Budget.of_all()
        self.broken: list[NotShown] = []

    def leave_out(self, row: Freeze | StandingWindow | CriticalDay, problem: RecurrenceError) -> None:
        self.broken.append(NotShown(f"{row._meta.verbose_name} “{row.name}”", str(problem), _address(row)))


def entries_between(first: date, last: date, service: Service | None = None) -> CalendarEntries:
    """Everything from `first` to `last`, both included; with a service, what concerns it."""
    start, end = bank_midnight(first), bank_midnight(last + _A_DAY)
    country = bank_days.days_of_country(settings.COUNTRY)
    reading = _Unfolding()
    repeated = [
        *_repeated(_concerning(Freeze.objects.all(), service), EntryKind.FREEZE, (start, end), reading),
        *_repeated(
            _concerning(StandingWindow.objects.all(), service), EntryKind.STANDING, (start, end), reading
        ),
    ]
    found = [
        *_holidays(first, last, country),
        *_critical(first, last, service, country, reading),
        *repeated[:_MOST],
        *_skipped(start, end, service),
        *_windows(start, end, service),
    ]
    order = list(EntryKind)
    found.sort(key=lambda entry: (entry.first, order.index(entry.kind), entry.starts_at, entry.pk))
    return CalendarEntries(found, reading.broken, max(len(repeated) - _MOST, 0))


def bank_midnight(day: date) -> datetime:
    """The first moment of a day at the bank."""
    return bank_time.at_bank(day, time())


def _concerning(rows: QuerySet[_Timed], service: Service | None) -> QuerySet[_Timed]:
    """Those of the service, or that name none and so mean all."""
    if service is None:
        return rows
    return rows.filter(Q(services=service) | Q(services=None)).distinct()


def _repeated(
    rows: QuerySet[_Timed], kind: EntryKind, span: tuple[datetime, datetime], reading: _Unfolding
) -> Iterator[CalendarEntry]:
    """Each time of each row, however often it repeats."""
    start, end = span
    status = str(rows.model._meta.verbose_name).capitalize()
    near = rows.filter(starts_at__lt=end).exclude(recurrence="", ends_at__lte=start)
    for row in near.prefetch_related("services"):
        about = ", ".join(service.name for service in row.services.all())
        try:
            times = recurrence.occurrences(row.recurring, start, end, budget=reading.budget.row())
        except RecurrenceError as problem:
            reading.leave_out(row, problem)
            continue
        for starts_at, ends_at in times:
            yield CalendarEntry(
                kind,
                f"{row.name} ({about})" if about else row.name,
                status,
                kind,
                starts_at,
                ends_at,
                address=_address(row),
                pk=row.pk,
                repeats=bool(row.recurrence),
            )


def _holidays(first: date, last: date, country: bank_days.Country) -> Iterator[CalendarEntry]:
    for day, name in country.holidays(first, last).items():
        yield _whole_day(EntryKind.HOLIDAY, name, "Public holiday", day, "")


def _critical(
    first: date, last: date, service: Service | None, country: bank_days.Country, reading: _Unfolding
) -> Iterator[CalendarEntry]:
    rows = CriticalDay.objects.all()
    if service is not None:
        rows = rows.filter(Q(services=service) | Q(services=None)).distinct()
    for row in rows:
        try:
            found = critical_days.critical_dates(row, country, first, last, budget=reading.budget.row())
        except RecurrenceError as problem:
            reading.leave_out(row, problem)
            continue
        for day in found:
            yield _whole_day(EntryKind.CRITICAL, row.name, "Critical day", day, _address(row))


def _whole_day(kind: EntryKind, name: str, status: str, day: date, address: str) -> CalendarEntry:
    return CalendarEntry(
        kind, name, status, kind, bank_midnight(day), bank_midnight(day + _A_DAY), address=address
    )


def _skipped(start: datetime, end: datetime, service: Service | None) -> Iterator[CalendarEntry]:
    rows = Skipped.objects.filter(settled_at=None, occurrence_at__gte=start, occurrence_at__lt=end)
    if service is not None:
        rows = rows.filter(series__services=service)
    for row in rows.select_related("series").prefetch_related("series__services"):
        series = row.series
        yield CalendarEntry(
            EntryKind.SKIPPED,
            ", ".join(taken.name for taken in series.services.all()),
            "Could not be booked",
            EntryKind.SKIPPED,
            row.occurrence_at,
            row.occurrence_at + (series.ends_at - series.starts_at),
            address=reverse("admin:maintenance_series_change", args=[series.pk]),
            pk=row.pk,
            conflicts=tuple(row.words.splitlines()),
            repeats=True,
        )


def _windows(start: datetime, end: datetime, service: Service | None) -> Iterator[CalendarEntry]:
    rows = Window.objects.filter(starts_at__lt=end, ends_at__gt=start)
    if service is not None:
        rows = rows.filter(impacts__service=service)
    still = Prefetch("conflicts", Conflict.objects.filter(gone_at=None))
    for window in rows.prefetch_related("services", still):
        live = window.status in LIVE
        yield CalendarEntry(
            EntryKind.WINDOW,
            ", ".join(taken.name for taken in window.services.all()),
            window.get_status_display(),
            window.status,
            window.starts_at,
            window.ends_at,
            address=reverse("admin:maintenance_window_change", args=[window.pk]),
            pk=window.pk,
            conflicts=tuple(conflict.words for conflict in window.conflicts.all()) if live else (),
            repeats=window.series_id is not None,
            movable=window.status in MOVABLE,
        )


def _address(row: Model) -> str:
    """Its page in the admin, if it has one."""
    if not admin.site.is_registered(type(row)):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
