"""A time that Ada chose, with its purpose or its reason, in; checked values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.text import Truncator, get_text_list

from maintenance.admin.forms.moments import LENGTHS, MomentField
from maintenance.admin.forms.overrides import PassingForm
from maintenance.models import Impact, Service, Window
from maintenance.proposals import Proposal


class TimeForm(forms.Form):
    """One time that Ada has chosen or typed: a start, and an end or a length."""

    service = forms.ModelMultipleChoiceField(
        Service.objects.all(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        error_messages={"required": "Choose at least one service."},
    )
    starts_at = MomentField(label="Start")
    ends_at = MomentField(label="End", required=False)
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


class BookForm(PassingForm, TimeForm):
    """A time with its purpose and what it does to each service."""

    purpose = forms.CharField(
        max_length=200, help_text="In the bank's own words; only staff see it.", label="Purpose"
    )

    def __init__(self, *arguments: Any, services: Iterable[Service], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.services = list(services)
        names = get_text_list([service.name for service in self.services], "and")
        self.fields["purpose"].initial = Truncator(f"Maintenance of {names}").chars(200)
        for service in self.services:
            self.fields[f"level-{service.key}"] = forms.ChoiceField(
                choices=Impact.Level.choices, initial=Impact.Level.OUTAGE, label=service.name
            )

    @property
    def complete(self) -> bool:
        """There is nothing yet that a shorter form could leave as it is."""
        return True

    def proposal(self, starts_at: datetime, ends_at: datetime) -> Proposal:
        """With the services, what happens to each, and the purpose."""
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", {})
        levels = {
            name.removeprefix("level-"): value for name, value in cleaned.items() if name.startswith("level-")
        }
        return replace(
            super().proposal(starts_at, ends_at),
            services=self.services,
            purpose=cleaned.get("purpose", ""),
            levels=levels,
        )

    def level_fields(self) -> list[forms.BoundField]:
        """The choices of impact, for the page."""
        return [self[name] for name in self.fields if name.startswith("level-")]


class MoveForm(PassingForm):
    """A new time for a window, and why."""

    starts_at = MomentField(label="New start")
    ends_at = MomentField(label="New end")
    reason = forms.CharField(max_length=200, label="Why it is moved", help_text="Kept in the audit log.")

    def clean(self) -> dict[str, Any]:
        """The end comes after the start."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", "The end must come after the start.")
        return cleaned


def time_of(window: Window) -> dict[str, datetime]:
    """A window's present time, as a form shows it at first."""
    return {"starts_at": window.starts_at, "ends_at": window.ends_at}
