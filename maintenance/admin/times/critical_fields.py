"""What is typed of critical days and of the bank's own holidays in; checked days out."""

from __future__ import annotations

import re
from datetime import time
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import DATETIME_CLASSES, UnfoldAdminSelectWidget

from maintenance import bank_days, bank_time
from maintenance.admin.forms import DayField
from maintenance.admin.times import repeating_fields
from maintenance.admin.times.repeat import RepeatField
from maintenance.models import CriticalDay, Holiday
from maintenance.recurrence import repeats

Pattern = CriticalDay.Pattern

MOST: Final = {
    Pattern.WORKING_DAY: 23,
    Pattern.LAST_WORKING_DAYS: 23,
    Pattern.DAY_OF_MONTH: 31,
    Pattern.LAST_DAYS: 31,
}
"""The patterns that count, and how far."""
DATED: Final = (Pattern.YEARLY, Pattern.DATE, Pattern.RECURRENCE)
_COUNTRY: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_DAY: Final = "%Y-%m-%d"
_REPEAT: Final = "A repeat, as the first Monday of each month"


def _day(label: str, **options: Any) -> DayField:
    attributes = {"type": "date", "class": " ".join((*DATETIME_CLASSES, "max-w-2xl"))}
    widget = forms.DateInput(attrs=attributes, format=_DAY)
    errors = {"invalid": "Write the day like 2026-12-24."}
    return DayField(label=label, widget=widget, error_messages=errors, **options)


class CriticalDayForm(forms.ModelForm[CriticalDay]):
    """A pattern with what it needs, and nothing else."""

    day = _day("Date", required=False, help_text="For a repeat: its first day.")
    recurrence = RepeatField()

    class Meta:
        model = CriticalDay
        fields = ("name", "services", "pattern", "number", "day", "recurrence", "earlier")
        widgets = {"pattern": UnfoldAdminSelectWidget}
        labels = {"pattern": "When", "number": "Which, or how many (n)", "earlier": "Moves back"}
        help_texts = {"number": "A whole number, as 1 for the first."}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "pattern" in self.fields:
            choices = [
                (value, _REPEAT if value == Pattern.RECURRENCE else name) for value, name in Pattern.choices
            ]
            self.fields["pattern"].choices = choices  # type: ignore[attr-defined]
        row = self.instance
        if row.pk and row.day and "recurrence" in self.fields:
            self.initial["recurrence"] = repeats.repeat_of(
                row.recurrence, bank_time.at_bank(row.day, time.min)
            )

    def clean(self) -> dict[str, Any]:
        """What the pattern does not need is dropped, whatever was typed there before."""
        cleaned = super().clean() or {}
        pattern = cleaned.get("pattern")
        for name, needed in (
            ("number", pattern in MOST),
            ("day", pattern in DATED),
            ("recurrence", pattern == Pattern.RECURRENCE),
        ):
            if not needed:
                cleaned[name] = "" if name == "recurrence" else None
                self.errors.pop(name, None)
        if pattern in MOST and "number" not in self.errors:
            self._check_number(cleaned.get("number"), MOST[pattern])
        if pattern in DATED and "day" not in self.errors:
            self._check_day(cleaned)
        return cleaned

    def _check_number(self, number: int | None, most: int) -> None:
        if number is None:
            self.add_error("number", "Say which day or how many: this pattern counts.")
        elif not 1 <= number <= most:
            self.add_error("number", f"Write a number from 1 to {most}.")

    def _check_day(self, cleaned: dict[str, Any]) -> None:
        day, repeat = cleaned["day"], cleaned.get("recurrence")
        if cleaned["pattern"] == Pattern.RECURRENCE:
            cleaned["recurrence"] = ""
        if day is None:
            self.add_error("day", "Say on which date: this pattern needs one.")
        elif cleaned["pattern"] == Pattern.RECURRENCE and "recurrence" not in self.errors:
            if not repeat or repeat.every == repeats.Every.NEVER:
                self.add_error("recurrence", "Choose how it repeats, or the pattern “One date”.")
                return
            try:
                cleaned["recurrence"] = repeating_fields.rule_of(repeat, bank_time.at_bank(day, time.min))
            except ValidationError as problem:
                self.add_error("recurrence", problem)


class HolidayForm(forms.ModelForm[Holiday]):
    """A day that the bank adds to a country's holidays, or takes from them."""

    day = _day("Day")
    observed = forms.TypedChoiceField(
        choices=(
            ("True", "A holiday of the bank"),
            ("False", "No holiday here, although the country has it"),
        ),
        coerce=lambda text: text == "True",
        initial="True",
        label="It is",
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Holiday
        fields = ("country", "day", "observed", "name")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["country"].initial = settings.COUNTRY

    def clean_country(self) -> str:
        """As services write theirs."""
        code = str(self.cleaned_data["country"]).strip().upper()
        if not _COUNTRY.fullmatch(code):
            raise ValidationError("Write the country like GB, or GB-ENG with its part.")
        return code

    def clean(self) -> dict[str, Any]:
        """Only a holiday that the country has can be taken away."""
        cleaned = super().clean() or {}
        code, day = cleaned.get("country"), cleaned.get("day")
        if code and day and cleaned.get("observed") is False and not self._known(code, day):
            self.add_error("day", f"{bank_time.day_words(day)} is no public holiday in {code} as it is.")
        return cleaned

    def _known(self, code: str, day: Any) -> str:
        """Its name without what this row itself says."""
        country = bank_days.days_of_country(code)
        others = {at: name for at, name in country.changes.items() if at != day}
        return bank_days.Country(country.code, others).holiday(day)
