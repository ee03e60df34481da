"""A moment and the invented bank's services in; when they must not be touched, and who answers when, out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from django.conf import settings

from maintenance import bank_days, bank_time
from maintenance.models import CriticalDay, Cutoff, Freeze, Service, StandingWindow, SupportCover

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SUNDAY, _FRIDAY = 6, 4
_DAYS_BACK: Final = 28
"""Since when the hours hold: long enough for a first look at the calendar."""


def make_times(services: Mapping[str, Service], *, now: datetime) -> None:
    """Make the bank's freeze, critical days, cut-offs, hours of support and standing windows."""
    today = bank_time.bank_day(now)
    _freeze(now)
    _critical(services)
    _cutoffs(services, today)
    _support(today)
    _standing(services["cash-machines"], today)


def _freeze(now: datetime) -> None:
    """Over each year end; one that is under way is not part of it, so that there are slots to find."""
    year = bank_time.bank_day(now).year
    starts_at = bank_time.at_bank(date(year, 12, 15), time.min)
    if now >= starts_at:
        year, starts_at = year + 1, bank_time.at_bank(date(year + 1, 12, 15), time.min)
    Freeze.objects.create(
        name="Year end",
        starts_at=starts_at,
        ends_at=bank_time.at_bank(date(year + 1, 1, 5), time.min),
        recurrence="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=15",
    )


def _critical(services: Mapping[str, Service]) -> None:
    pattern = CriticalDay.Pattern
    CriticalDay.objects.create(name="Payday", pattern=pattern.DAY_OF_MONTH, number=28, earlier=True)
    end = CriticalDay.objects.create(name="Month end", pattern=pattern.LAST_WORKING_DAYS, number=1)
    end.services.set([services["online-banking"], services["instant-transfers"]])
    CriticalDay.objects.create(name="Tax deadline", pattern=pattern.YEARLY, day=date(2026, 1, 31))


def _cutoffs(services: Mapping[str, Service], today: date) -> None:
    day = today - timedelta(days=_DAYS_BACK)
    for key, kind, name, begins, minutes in (
        ("online-banking", Cutoff.Kind.BATCH, "End of day", time(23), 90),
        ("instant-transfers", Cutoff.Kind.SALARIES, "Salary files", time(5), 90),
        ("instant-transfers", Cutoff.Kind.CLEARING, "Clearing cut-off", time(16), 120),
    ):
        starts_at = bank_time.at_bank(day, begins)
        Cutoff.objects.create(
            service=services[key],
            kind=kind,
            name=name,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            recurrence="FREQ=DAILY",
            working_days_only=True,
        )


def _support(today: date) -> None:
    """A hotline that rests on one day of the week, and a chat that never does."""
    rests = _SUNDAY if _SUNDAY in bank_days.days_of_country(settings.COUNTRY).weekend(today.year) else _FRIDAY
    open_on = ",".join(name for number, name in enumerate(_WEEKDAYS) if number != rests)
    first = _last(today, (rests + 1) % 7)
    for name, begins, ends, rule, on_holidays in (
        ("Hotline", time(7), time(22), f"FREQ=WEEKLY;BYDAY={open_on}", False),
        ("Chat", time(8), time(20), "FREQ=DAILY", True),
    ):
        SupportCover.objects.create(
            name=name,
            starts_at=bank_time.at_bank(first, begins),
            ends_at=bank_time.at_bank(first, ends),
            recurrence=rule,
            on_holidays=on_holidays,
        )


def _standing(service: Service, today: date) -> None:
    """Agreed with those who fill the machines: the night to Sunday, and a shorter one in the week."""
    for name, weekday, begins, ends in (
        ("Sunday night", 6, time(1), time(5)),
        ("Wednesday night", 2, time(2), time(4)),
    ):
        day = _last(today, weekday)
        window = StandingWindow.objects.create(
            name=name,
            starts_at=bank_time.at_bank(day, begins),
            ends_at=bank_time.at_bank(day, ends),
            recurrence=f"FREQ=WEEKLY;BYDAY={_WEEKDAYS[weekday]}",
        )
        window.services.add(service)


def _last(today: date, weekday: int) -> date:
    """Such a weekday some weeks ago, Monday being 0."""
    day = today - timedelta(days=_DAYS_BACK)
    return day - timedelta(days=(day.weekday() - weekday) % 7)
