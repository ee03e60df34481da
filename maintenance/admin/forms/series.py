"""What was done about a time of a series that could not be booked, as typed, in; checked words out."""

from __future__ import annotations

from django import forms


class SettleForm(forms.Form):
    """Kept with the series, for whoever asks later."""

    said = forms.CharField(
        max_length=200,
        label="What was done about it",
        help_text="Booked at another time, or not needed: kept with the series.",
        error_messages={"required": "Say what was done about it."},
    )
