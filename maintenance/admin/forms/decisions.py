"""A decision and its reason, as typed, in; checked values out."""

from __future__ import annotations

from typing import Any

from django import forms


class ReasonForm(forms.Form):
    """Why something is done that others must be able to understand later."""

    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="Kept in the audit log.",
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
