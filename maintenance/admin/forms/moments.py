"""What is typed as a time in; aware times out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from maintenance import bank_time

LENGTHS: Final = tuple((minutes, name) for minutes, name in (
    (30, "30 minutes"), (60, "1 hour"), (90, "1 hour 30"), (120, "2 hours"), (180, "3 hours"),
    (240, "4 hours"), (360, "6 hours"), (480, "8 hours"), (720, "12 hours"),
))  # fmt: skip
_LOCAL: Final = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A time of the bank's own clock, or an instant that names its zone."""

    default_error_messages = {"invalid": "Write the time like 2026-11-29T02:00."}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL))
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime | None:
        """An hour that the clocks skip or repeat is asked for again: nobody may guess which is meant."""
        try:
            found = super().to_python(value)
        except ValidationError as error:
            if "interpreted" not in str(error):
                raise
            raise ValidationError(
                "The clocks change in this hour, so this time happens twice or not at all. "
                "Choose a time outside of it."
            ) from None
        try:
            return timezone.localtime(bank_time.within_years(found)) if found else None
        except ValueError as problem:
            raise ValidationError(str(problem)) from None


class DayField(forms.DateField):
    """A day of the bank's own calendar."""

    default_error_messages = {"invalid": "Write the day like 2026-11-29."}

    def to_python(self, value: Any) -> date | None:
        """Within the years that times are reckoned with."""
        found = super().to_python(value)
        if found and found.year not in bank_time.YEARS:
            raise ValidationError(bank_time.WITHIN_YEARS)
        return found


def offered_minutes(length: timedelta) -> int:
    """The shortest length on offer, in minutes, into which this one fits; the longest where none does."""
    return next((minutes for minutes, _ in LENGTHS if timedelta(minutes=minutes) >= length), LENGTHS[-1][0])


def day_start(day: date | None) -> datetime | None:
    """The first moment of a day at the bank."""
    return timezone.make_aware(datetime.combine(day, time())) if day else None
