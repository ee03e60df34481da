"""Where a window is moved to, as typed or as dropped on the calendar, in; an aware time out."""

from __future__ import annotations

from django import forms

from maintenance.admin.forms.moments import MomentField


class TargetForm(forms.Form):
    """A new start; the window stays as long as it is."""

    starts_at = MomentField(label="New start", help_text="By the bank's clock.")
