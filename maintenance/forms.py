"""What Ada and Ben type in; checked values, in aware times, out. No decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import Truncator, get_text_list

from maintenance.models import Impact, Service, Window

LENGTHS: Final = tuple((minutes, name) for minutes, name in (
    (30, "30 minutes"), (60, "1 hour"), (90, "1 hour 30"), (120, "2 hours"), (180, "3 hours"),
    (240, "4 hours"), (360, "6 hours"), (480, "8 hours"), (720, "12 hours"),
))  # fmt: skip
_LOCAL: Final = "%Y-%m-%dT%H:%M"


class Moment(forms.DateTimeField):
    """A time of the bank's own clock, or an instant that names its zone."""

    default_error_messages = {"invalid": "Write the time like 2026-11-29T02:00."}

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL))
        super().__init__(**options)

    def to_python(self, value: Any) -> datetime | None:
        """An hour that the clocks skip or repeat is asked for again: nobody may guess which is meant."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if "interpreted" not in str(error):
                raise
            raise ValidationError(
                "The clocks change in this hour, so this time happens twice or not at all. "
                "Choose a time outside of it."
            ) from None


class SlotsForm(forms.Form):
    """What Ada looks for: services, a length, and perhaps a stretch of days."""

    service = forms.ModelMultipleChoiceField(
        Service.objects.all(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        error_messages={"required": "Choose at least one service."},
    )
    minutes = forms.TypedChoiceField(choices=LENGTHS, coerce=int, initial=120, label="Length")
    after = forms.DateField(
        required=False, label="Not before", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    before = forms.DateField(
        required=False, label="Not after", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        """The days must be in order."""
        cleaned = super().clean() or {}
        after, before = cleaned.get("after"), cleaned.get("before")
        if after and before and before < after:
            self.add_error("before", "The last day lies before the first one.")
        return cleaned

    @property
    def length(self) -> timedelta:
        """How long the window is to be."""
        return timedelta(minutes=self.cleaned_data["minutes"])

    @property
    def start(self) -> datetime | None:
        """The first moment of the first day asked for."""
        return _midnight(self.cleaned_data["after"])

    @property
    def end(self) -> datetime | None:
        """The last moment of the last day asked for."""
        last = self.cleaned_data["before"]
        return _midnight(last + timedelta(days=1)) if last else None


class TimeForm(forms.Form):
    """One time that Ada has chosen or typed: a start, and an end or a length."""

    service = forms.ModelMultipleChoiceField(
        Service.objects.all(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        error_messages={"required": "Choose at least one service."},
    )
    starts_at = Moment(label="Start")
    ends_at = Moment(label="End", required=False)
    minutes = forms.TypedChoiceField(
        choices=LENGTHS, coerce=int, required=False, empty_value=None, initial=120, label="Length"
    )

    def clean(self) -> dict[str, Any]:
        """The end follows from the length where it is not given."""
        cleaned = super().clean() or {}
        start, end, minutes = cleaned.get("starts_at"), cleaned.get("ends_at"), cleaned.get("minutes")
        if start and not end and minutes:
            cleaned["ends_at"] = end = start + timedelta(minutes=minutes)
        if start and not end and "ends_at" not in self.errors:
            self.add_error("ends_at", "Give an end or a length.")
        if start and end and end <= start:
            self.add_error("ends_at", "The end must come after the start.")
        return cleaned


class EmergencyForm(forms.Form):
    """Why it cannot wait for the promised notice, and who takes that upon himself."""

    emergency_reason = forms.CharField(max_length=200, required=False, label="Why it cannot wait")
    emergency_approver = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Approved by", empty_label="Choose who approved it"
    )

    def __init__(self, *arguments: Any, booker: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["emergency_approver"].queryset = approvers(booker)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Both or neither."""
        cleaned = super().clean() or {}
        reason, approver = cleaned.get("emergency_reason"), cleaned.get("emergency_approver")
        if reason and not approver:
            self.add_error("emergency_approver", "Name who approved the emergency.")
        if approver and not reason:
            self.add_error("emergency_reason", "Say why it cannot wait.")
        return cleaned


class BookForm(EmergencyForm, TimeForm):
    """A time with its purpose and what it does to each service."""

    purpose = forms.CharField(
        max_length=200, help_text="In the bank's own words; only staff see it.", label="Purpose"
    )

    def __init__(self, *arguments: Any, services: Iterable[Service], **options: Any) -> None:
        super().__init__(*arguments, **options)
        taken = list(services)
        names = get_text_list([service.name for service in taken], "and")
        self.fields["purpose"].initial = Truncator(f"Maintenance of {names}").chars(200)
        for service in taken:
            self.fields[f"level-{service.key}"] = forms.ChoiceField(
                choices=Impact.Level.choices, initial=Impact.Level.OUTAGE, label=service.name
            )

    @property
    def levels(self) -> dict[str, str]:
        """The impact chosen for each service, by its key."""
        return {
            name.removeprefix("level-"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("level-")
        }

    def level_fields(self) -> list[forms.BoundField]:
        """The choices of impact, for the page."""
        return [self[name] for name in self.fields if name.startswith("level-")]


class MoveForm(EmergencyForm):
    """A new time for a window, and why."""

    starts_at = Moment(label="New start")
    ends_at = Moment(label="New end")
    reason = forms.CharField(max_length=200, label="Why it is moved", help_text="Kept in the trail.")

    def clean(self) -> dict[str, Any]:
        """The end comes after the start."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", "The end must come after the start.")
        return cleaned


class ReasonForm(forms.Form):
    """Why something is done that others must be able to understand later."""

    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="Kept in the trail.",
        error_messages={"required": "Give a reason."},
    )


class DecisionForm(forms.Form):
    """Ben's word on what he saw: the revision says which."""

    revision = forms.IntegerField(min_value=1)
    verdict = forms.ChoiceField(choices=(("approve", "Approve"), ("reject", "Reject")))
    reason = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """A rejection says why."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == "reject" and not cleaned.get("reason"):
            self.add_error("reason", "Say why you reject it.")
        return cleaned


def approvers(booker: User) -> QuerySet[User]:
    """Who may take an emergency upon himself: everybody with the right to approve, but the booker."""
    people = User.objects.with_perm(
        "maintenance.approve_window", backend="django.contrib.auth.backends.ModelBackend"
    )
    return people.exclude(pk=booker.pk).order_by("username")


def time_of(window: Window) -> dict[str, datetime]:
    """A window's present time, as a form shows it at first."""
    return {"starts_at": window.starts_at, "ends_at": window.ends_at}


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
