"""Windows that repeat, and what was done about one that is left out, as typed, in; checked values out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from maintenance.forms.booking import BookForm
from maintenance.rules import SETTABLE

_REASON = "reason-"


class SeriesForm(BookForm):
    """A purpose, what each window does to each service, and why soft rules are passed over each time."""

    def __init__(self, *arguments: Any, soft: Iterable[str], **options: Any) -> None:
        """`soft` names the rules that stand against some of the times and that a reason passes."""
        super().__init__(*arguments, **options)
        for name in soft:
            self.fields[f"{_REASON}{name}"] = forms.CharField(
                max_length=200,
                required=False,
                label=SETTABLE[name].asks,
                help_text="For each of its times. Without it, those are left out.",
            )

    @property
    def reasons(self) -> dict[str, str]:
        """The reasons given, by rule."""
        return {
            name.removeprefix(_REASON): value
            for name, value in self.cleaned_data.items()
            if name.startswith(_REASON) and value
        }

    def reason_fields(self) -> list[forms.BoundField]:
        """The fields for them, for the page."""
        return [self[name] for name in self.fields if name.startswith(_REASON)]


class SettleForm(forms.Form):
    """What was done about a time that could not be booked."""

    said = forms.CharField(
        max_length=200,
        label="What was done about it",
        help_text="Booked at another time, or not needed: kept with the series.",
        error_messages={"required": "Say what was done about it."},
    )
