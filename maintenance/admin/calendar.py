"""A month in; its weeks, with windows and freezes as bars across the days, out."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from typing import Any

import babel
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from maintenance.admin import frame
from maintenance.models import Freeze, Window


@dataclass(frozen=True)
class Entry:
    """A window or a freeze, whichever week it lies in."""

    name: str
    status: str
    tone: str
    address: str
    starts_at: datetime
    ends_at: datetime

    @property
    def first(self) -> date:
        """The first day it touches, by the bank's clock."""
        return timezone.localtime(self.starts_at).date()

    @property
    def last(self) -> date:
        """The last day it touches: an end at midnight does not touch the day that begins."""
        return timezone.localtime(self.ends_at - timedelta(microseconds=1)).date()


@dataclass(frozen=True)
class Bar:
    """An entry's part in one week: columns and rows count from 1 as CSS grids do."""

    entry: Entry
    column: int
    days: int
    row: int
    before: bool
    after: bool


@dataclass(frozen=True)
class Week:
    """Seven days and the bars across them."""

    days: tuple[date, ...]
    bars: tuple[Bar, ...]


@frame.allowed("maintenance.view_window")
@require_safe
def page(request: HttpRequest, model_admin: ModelAdmin[Window]) -> HttpResponse:
    """The month in the query (`?month=2026-11`), else the present one."""
    today = timezone.localdate()
    month = _month(request.GET.get("month", "")) or today.replace(day=1)
    weeks = days_of(month, first_weekday(settings.COUNTRY))
    entries = _entries(_start(weeks[0][0]), _start(weeks[-1][-1] + timedelta(days=1)))
    facts: dict[str, Any] = {
        "month": month,
        "today": today,
        "previous": (month - timedelta(days=1)).strftime("%Y-%m"),
        "next": (month + timedelta(days=31)).strftime("%Y-%m"),
        "weekdays": [date_format(day, "D") for day in weeks[0]],
        "weeks": [Week(tuple(week), tuple(bars(week, entries))) for week in weeks],
        "entries": [e for e in entries if any(e.first <= day <= e.last for day in _days_within(month))],
    }
    return frame.render(request, model_admin, "maintenance/admin/calendar.html", "Calendar", facts)


def first_weekday(country: str) -> int:
    """On which day a week begins there, Monday being 0 (Unicode CLDR week data)."""
    try:
        return int(babel.Locale.parse(f"und_{country.split('-')[0]}").first_week_day)
    except (babel.UnknownLocaleError, ValueError):
        return 0


def days_of(month: date, first: int) -> list[list[date]]:
    """The whole weeks that a month touches, each beginning on weekday `first`."""
    return calendar.Calendar(first).monthdatescalendar(month.year, month.month)


def bars(week: Sequence[date], entries: Sequence[Entry]) -> list[Bar]:
    """The entries of a week, each in the first row in which its days are free."""
    free_from: list[date] = []
    made = []
    for entry in entries:
        if entry.last < week[0] or entry.first > week[-1]:
            continue
        first, last = max(entry.first, week[0]), min(entry.last, week[-1])
        row = next((n for n, day in enumerate(free_from) if day <= first), len(free_from))
        free_from[row : row + 1] = [last + timedelta(days=1)]
        made.append(
            Bar(
                entry,
                column=(first - week[0]).days + 1,
                days=(last - first).days + 1,
                row=row + 1,
                before=entry.first < first,
                after=entry.last > last,
            )
        )
    return made


def _entries(start: datetime, end: datetime) -> list[Entry]:
    freezes = [
        Entry(
            freeze.name, "Freeze", "freeze", _address("freeze", freeze.pk), freeze.starts_at, freeze.ends_at
        )
        for freeze in Freeze.objects.filter(starts_at__lt=end, ends_at__gt=start)
    ]
    windows = [
        Entry(
            ", ".join(service.name for service in window.services.all()),
            window.get_status_display(),
            window.status,
            _address("window", window.pk),
            window.starts_at,
            window.ends_at,
        )
        for window in Window.objects.filter(starts_at__lt=end, ends_at__gt=start).prefetch_related("services")
    ]
    return sorted(freezes + windows, key=lambda entry: (entry.first, entry.tone != "freeze", entry.starts_at))


def _address(model: str, pk: int) -> str:
    return reverse(f"admin:maintenance_{model}_change", args=[pk])


def _month(asked: str) -> date | None:
    try:
        month = datetime.strptime(asked, "%Y-%m").date()  # noqa: DTZ007  # a month has no zone
    except ValueError:
        return None
    return month if MINYEAR < month.year < MAXYEAR else None  # both have a neighbour to turn to


def _days_within(month: date) -> list[date]:
    return [month.replace(day=n + 1) for n in range(calendar.monthrange(month.year, month.month)[1])]


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
