"""What is typed of freezes and of other times in; checked times, with the rule by which they repeat, out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import DATETIME_CLASSES

from maintenance import bank_time, recurrence
from maintenance.admin.forms import MomentField
from maintenance.admin.times.repeat import RepeatField
from maintenance.models import Cutoff, Freeze, StandingWindow, SupportCover
from maintenance.recurrence import RecurrenceError, Recurring, repeats
from maintenance.recurrence.repeats import Repeat

_AT: Final = "%Y-%m-%dT%H:%M"


def moment_field(label: str) -> MomentField:
    """A time of the bank's clock, in the admin's looks."""
    attributes = {"type": "datetime-local", "class": " ".join((*DATETIME_CLASSES, "max-w-2xl"))}
    return MomentField(label=label, widget=forms.DateTimeInput(attrs=attributes, format=_AT))


class RepeatingForm(forms.ModelForm[Any]):
    """A stretch of time in order, which may repeat."""

    starts_at = moment_field("Starts")
    ends_at = moment_field("Ends")
    recurrence = RepeatField()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk and "recurrence" in self.fields:
            row = self.instance
            self.initial["recurrence"] = repeats.repeat_of(row.recurrence, row.starts_at)

    def clean(self) -> dict[str, Any]:
        """Said in words before the database's constraint says it in its own."""
        cleaned = super().clean() or {}
        start, end, repeat = (cleaned.get(name) for name in ("starts_at", "ends_at", "recurrence"))
        cleaned["recurrence"] = ""
        if start and end and end <= start:
            self.add_error("ends_at", "The end must come after the start.")
        elif start and repeat:
            try:
                cleaned["recurrence"] = rule_of(repeat, start)
            except ValidationError as problem:
                self.add_error("recurrence", problem)
        return cleaned


def rule_of(repeat: Repeat, starts_at: datetime) -> str:
    """The recurrence of something that starts then; raises ValidationError with what to do about it."""
    first = bank_time.bank_day(starts_at)
    if repeat.until and repeat.until < first:
        raise ValidationError("The last day lies before the first time.")
    if repeat.every == repeats.Every.OWN and not repeat.own.strip():
        raise ValidationError("Write the rule, like FREQ=MONTHLY;BYDAY=1SU.")
    text = repeat.rule(first)
    try:
        if text:
            recurrence.check_recurrence(text, starts_at)
        named = not text or _names(text, starts_at)
    except RecurrenceError as problem:
        raise ValidationError(str(problem)) from None
    if not named:
        raise ValidationError("The first time is not one that the rule names: choose a start that is.")
    return text


def _names(text: str, starts_at: datetime) -> bool:
    """Whether a rule names its own start, its exceptions aside."""
    plain = "\n".join(line for line in text.splitlines() if not line.strip().upper().startswith("EXDATE"))
    end = starts_at + timedelta(minutes=1)
    return (starts_at, end) in recurrence.occurrences(Recurring(starts_at, end, plain), starts_at, end)


class FreezeForm(RepeatingForm):
    """A time in which nothing may be touched."""

    class Meta:
        model = Freeze
        fields = ("name", "starts_at", "ends_at", "recurrence", "services")


class StandingWindowForm(RepeatingForm):
    """A time agreed for maintenance."""

    class Meta:
        model = StandingWindow
        fields = ("name", "starts_at", "ends_at", "recurrence", "services")


class SupportCoverForm(RepeatingForm):
    """Hours in which somebody answers."""

    class Meta:
        model = SupportCover
        fields = ("name", "starts_at", "ends_at", "recurrence", "on_holidays", "services")


class CutoffForm(RepeatingForm):
    """A time in which a service must run."""

    class Meta:
        model = Cutoff
        fields = ("service", "kind", "name", "starts_at", "ends_at", "recurrence", "working_days_only")
