"""Critical days, and the bank's own holidays: a list and a page each."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from maintenance import bank_days, bank_time, recurrence
from maintenance.admin.rechecking import Rechecking
from maintenance.admin.times.critical_fields import CriticalDayForm, HolidayForm
from maintenance.admin.times.repeating import broken_row
from maintenance.bank_days import critical_days
from maintenance.models import CriticalDay, Holiday
from maintenance.recurrence import RecurrenceError, Recurring, repeats

Pattern = CriticalDay.Pattern

SHOWN: Final = 5
_DAY: Final = timedelta(days=1)
_AHEAD: Final = (timedelta(days=200), timedelta(days=3_700))


@admin.register(CriticalDay)
class CriticalDayAdmin(Rechecking):
    """Days on which a service must not be away."""

    form = CriticalDayForm
    list_display = ("name", "falls", "touched")
    search_fields = ("name",)
    autocomplete_fields = ("services",)
    readonly_fields = ("coming", "falls", "touched")
    written: ClassVar[tuple[Any, ...]] = (
        "name", "services", "pattern", "number", "day", "recurrence", "earlier",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[CriticalDay]:
        """With the services."""
        rows: QuerySet[CriticalDay] = super().get_queryset(request).prefetch_related("services")
        return rows

    def get_fields(self, request: HttpRequest, obj: CriticalDay | None = None) -> tuple[Any, ...]:
        """Words for readers, fields for those who may change them."""
        if obj is None:
            return self.written
        if self.has_change_permission(request, obj):
            return (*self.written, "coming")
        return ("name", "touched", "falls", "coming")

    @display(description="When")
    def falls(self, row: CriticalDay) -> SafeString | str:
        """Its pattern in words, or what is wrong with it."""
        if row.pattern == Pattern.RECURRENCE and row.day:
            begin = bank_time.at_bank(row.day, time.min)
            if problem := recurrence.why_broken(
                Recurring(begin, begin + _DAY, row.recurrence), timezone.now()
            ):
                return broken_row(problem)
        return critical_day_words(row)

    @display(description="Next days")
    def coming(self, row: CriticalDay) -> SafeString | str:
        """What the pattern comes to."""
        try:
            found = coming_days(row, timezone.localdate())
        except RecurrenceError as problem:
            return broken_row(problem)
        lines = ((bank_time.day_words(day),) for day in found)
        return format_html_join("", "<p>{}</p>", lines) or "None: they have passed."

    @display(description="Services")
    def touched(self, row: CriticalDay) -> str:
        """Those it is for."""
        return ", ".join(service.name for service in row.services.all()) or "Every service"


def coming_days(row: CriticalDay, today: date) -> list[date]:
    """The next days from today on, in the country of its services, the bank's where it is for every one.

    Raises RecurrenceError.
    """
    found: list[date] = []
    code = next((service.country for service in row.services.all()), settings.COUNTRY)
    country = bank_days.days_of_country(code)
    for ahead in _AHEAD:
        found = critical_days.critical_dates(row, country, today, max(today, row.day or today) + ahead)
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def critical_day_words(row: CriticalDay) -> str:
    """`The last 2 working days of each month`."""
    number, day = row.number or 1, row.day
    match row.pattern:
        case Pattern.WORKING_DAY:
            said = f"The {_ordinal(number)} working day of each month"
        case Pattern.LAST_WORKING_DAYS:
            said = f"The last {_many(number, 'working day')} of each month"
        case Pattern.DAY_OF_MONTH:
            said = f"The {_ordinal(number)} of each month"
        case Pattern.LAST_DAYS:
            said = f"The last {_many(number, 'day')} of each month"
        case Pattern.YEARLY if day:
            said = f"Every year on {day.day} {day:%B}"
        case Pattern.RECURRENCE if day:
            said = repeats.repeat_words(row.recurrence, bank_time.at_bank(day, time.min))
        case _:
            said = bank_time.day_words(day) if day else "Never"
    return f"{said}, or the working day before" if row.earlier else said


def _ordinal(number: int) -> str:
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _many(number: int, things: str) -> str:
    return things if number == 1 else f"{number} {things}s"


@admin.register(Holiday)
class HolidayAdmin(Rechecking):
    """What the bank adds to a country's public holidays, or takes from them."""

    form = HolidayForm
    list_display = ("day", "name", "country", "meaning")
    list_filter = ("country",)
    search_fields = ("name",)
    ordering = ("-day",)

    @display(description="It is", ordering="observed")
    def meaning(self, row: Holiday) -> str:
        """Added or taken away."""
        return "A holiday of the bank" if row.observed else "No holiday here"
