"""What is typed of a notice policy in; checked promises, hours, limits and rules out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from maintenance import policies
from maintenance.admin.register.service_fields import Hours, InRow
from maintenance.bank_days import Country
from maintenance.models import Exemption, NoticePolicy, NoticeRule

Unit = NoticePolicy.Unit

_LONGEST: Final = {Unit.CALENDAR_DAYS: 366, Unit.WORKING_DAYS: 250, Unit.HOURS: 366 * 24}
_A_YEAR: Final = 366 * 24
_KNOWN_YEAR: Final = date(2026, 1, 1)
"""Any: whether a country is known does not depend on the year."""
_AHEAD: Final = re.compile(r"(\d{1,4})\s*(h|hours?|d|days?)?", re.IGNORECASE)


class Ahead(forms.CharField):
    """How long before a window, as a person writes it: 7 days, 36 hours."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextInputWidget({"placeholder": "7 days", "dir": "auto"})
        super().__init__(max_length=12, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        """A stored length in words."""
        if not isinstance(value, timedelta):
            return value
        return policies.lead_words(value) if value else "0"

    def clean(self, value: Any) -> Any:
        """The words as a length; a bare number is one of days."""
        text = super().clean(value).strip()
        found = _AHEAD.fullmatch(text)
        if not found:
            raise ValidationError("Write 7 days, or 36 hours; 0 is at once.")
        number, unit = int(found[1]), (found[2] or "d").lower()
        lead = timedelta(hours=number) if unit.startswith("h") else timedelta(days=number)
        if lead > timedelta(days=_LONGEST[Unit.CALENDAR_DAYS]):
            raise ValidationError("Write no more than a year.")
        return lead

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as it is written."""
        return super().has_changed(self.prepare_value(initial), data)


def _clock(label: str, help_text: str) -> forms.TimeField:
    attributes = {"type": "time", "class": " ".join((*DATETIME_CLASSES, "max-w-2xl"))}
    return forms.TimeField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.TimeInput(attrs=attributes, format="%H:%M"),
        error_messages={"invalid": "Write the time like 01:00."},
    )


def _number(label: str, help_text: str, *, least: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=least, widget=UnfoldAdminIntegerFieldWidget()
    )


def _choices(label: str, help_text: str, choices: list[tuple[str, str]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        choices=choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )


class NoticePolicyForm(forms.ModelForm[NoticePolicy]):
    """What an audience is promised; both numbers are in the unit that is chosen."""

    promised = _number("Promised", "What is normally given, in the unit chosen.", least=1)
    least = _number("At least", "Less is refused, unless it is an emergency. 0: nothing is refused.", least=0)
    not_before = _clock("Not before", "No window starts earlier in the day, by the bank's clock.")
    not_after = _clock(
        "Over by",
        "Every window is over by then. An end before the start means over midnight: 22:00 to 06:00.",
    )
    longest = Hours(label="Longest window, hours", required=False, help_text="As 3 or 2.5. Empty: no limit.")
    most_per_month = forms.IntegerField(
        label="Windows in a month",
        help_text="Of one service, in a calendar month. Empty: no limit.",
        min_value=1,
        max_value=1000,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    downtime_per_month = Hours(
        label="Downtime in a month, hours",
        required=False,
        most=31 * 24,
        help_text="Planned, of one service, in a calendar month. Empty: no limit.",
    )
    downtime_per_year = Hours(
        label="Downtime in a year, hours",
        required=False,
        most=_A_YEAR,
        help_text="Planned, of one service, in a calendar year. Empty: no limit.",
    )
    exempt = _choices(
        "Free from all this", "Such work may be booked at any time, and is not counted.", Exemption.choices
    )
    content = _choices(
        "Its notices must name",
        "On every channel, beside what Lull asks of all notices: services, what works instead, times.",
        NoticePolicy.Fact.choices,
    )

    class Meta:
        model = NoticePolicy
        fields = (
            *("name", "audience", "unit", "promised", "least", "country", "counts_notice_day"),
            *("not_before", "not_after", "longest"),
            *("most_per_month", "downtime_per_month", "downtime_per_year"),
            *("exempt", "only_cancelling_inside", "content", "source", "source_date"),
        )
        widgets = {"unit": UnfoldAdminSelectWidget, "audience": UnfoldAdminSelectWidget}
        labels = {
            "unit": "Counted in",
            "country": "Working days of",
            "counts_notice_day": "The day of notice counts",
            "only_cancelling_inside": "No moving at the last",
        }
        help_texts = {
            "country": "Like SA, or GB-ENG with its part. Empty: the bank's own country.",
            "counts_notice_day": (
                "It usually does not: five working days before Friday the 20th are then Friday the 13th. "
                "Where it counts, they are Monday the 16th."
            ),
            "only_cancelling_inside": (
                "When less than the least notice is left, a window may be cancelled, but not moved."
            ),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.promised_before = self.instance.promised
        for name in ("promised", "least"):
            self.initial[name] = _count(getattr(self.instance, name), self.instance.unit)
        if self.instance.pk and "audience" in self.fields:
            self.fields["audience"].disabled = True  # another audience is another policy

    def clean_country(self) -> str:
        """A country whose working days nobody knows would be counted as if it had no holidays."""
        code = str(self.cleaned_data["country"]).strip().upper()
        if code and Country(code).doubt(_KNOWN_YEAR.year):
            raise ValidationError("No holidays of it are known: write it like SA, or GB-ENG with its part.")
        return code

    def clean(self) -> dict[str, Any]:
        """The numbers become lengths; nobody promises less than the least, and hours have two ends."""
        cleaned = super().clean() or {}
        self._lengths(cleaned)
        first, last = cleaned.get("not_before"), cleaned.get("not_after")
        if (first is None) != (last is None) and not {"not_before", "not_after"} & self.errors.keys():
            self.add_error("not_before" if first is None else "not_after", "Give both times, or neither.")
        elif first is not None and first == last:
            self.add_error("not_after", "It must be over at another time than it may start.")
        return cleaned

    def _lengths(self, cleaned: dict[str, Any]) -> None:
        unit = Unit(cleaned.get("unit") or self.instance.unit)
        for name in ("promised", "least"):
            number = cleaned.get(name)
            if number is None:
                continue
            if number > _LONGEST[unit]:
                self.add_error(name, f"Write a number up to {_LONGEST[unit]}.")
            else:
                cleaned[name] = timedelta(hours=number) if unit == Unit.HOURS else timedelta(days=number)
        promised, least = cleaned.get("promised"), cleaned.get("least")
        if promised is not None and least is not None and promised < least:
            self.add_error("promised", "The promise cannot be shorter than the least notice.")


def _count(lead: timedelta, unit: str) -> int:
    return lead // (timedelta(hours=1) if unit == Unit.HOURS else timedelta(days=1))


class NoticeRuleForm(InRow):
    """So long ahead, by these channels."""

    lead = Ahead(label="Ahead", help_text="7 days, or 36 hours; 0 is at once.", initial=timedelta(0))
    channels = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = NoticeRule
        fields = ("kind", "lead", "channels", "only_money")
        widgets = {"kind": UnfoldAdminSelectWidget}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["channels"].choices = [(name, name) for name in settings.CHANNELS]  # type: ignore[attr-defined]
