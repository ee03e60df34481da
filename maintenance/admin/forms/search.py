"""What Ada looks for in; checked services, a length and days out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms

from maintenance.admin.forms.moments import DayField, day_start
from maintenance.models import Service

SHORTEST, LONGEST, STEP = 30, 720, 30
"""Minutes."""
_DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SlotsForm(forms.Form):
    """What Ada looks for: services, a length, and perhaps a stretch of days or staffed hours alone."""

    service = forms.ModelMultipleChoiceField(
        Service.objects.all(),
        to_field_name="key",
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        error_messages={"required": "Choose at least one service."},
    )
    minutes = forms.IntegerField(
        min_value=SHORTEST,
        max_value=LONGEST,
        step_size=STEP,
        initial=120,
        label="Length",
        widget=forms.NumberInput(attrs={"type": "range"}),
        error_messages={"step_size": "Choose a length of whole half hours."},
    )
    after = DayField(required=False, label="Not before", widget=_DAY)
    before = DayField(required=False, label="Not after", widget=_DAY)
    staffed = forms.BooleanField(
        required=False,
        label="Staffed hours only",
        help_text="08:00 to 20:00 on working days: for work that needs people.",
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
        return day_start(self.cleaned_data["after"])

    @property
    def end(self) -> datetime | None:
        """The last moment of the last day asked for."""
        last = self.cleaned_data["before"]
        return day_start(last + timedelta(days=1)) if last else None
