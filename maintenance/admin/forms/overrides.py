"""Who does the work, and why what stands against it is passed over, in; checked values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet

from maintenance.models import Exemption
from maintenance.proposals import Emergency, Proposal
from maintenance.rules import SETTABLE, Objection

_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
_REASON: Final = "reason-"


class _People(forms.ModelMultipleChoiceField[User]):
    """Members of staff by their names."""

    def label_from_instance(self, person: User) -> str:
        """What colleagues call them."""
        return person.get_full_name() or person.get_username()


class EmergencyForm(forms.Form):
    """Why it cannot wait, and who takes that upon himself."""

    emergency_reason = forms.CharField(max_length=200, required=False, label="Why it cannot wait")
    emergency_approver = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Approved by", empty_label="Choose who approved it"
    )

    def __init__(self, *arguments: Any, booker: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["emergency_approver"].queryset = approvers(booker)  # type: ignore[attr-defined]

    @property
    def emergency(self) -> Emergency | None:
        """The emergency that is stated, if one is."""
        cleaned = getattr(self, "cleaned_data", {})
        reason, approver = cleaned.get("emergency_reason"), cleaned.get("emergency_approver")
        return Emergency(reason, approver) if reason and approver else None

    def clean(self) -> dict[str, Any]:
        """Both or neither."""
        cleaned = super().clean() or {}
        reason, approver = cleaned.get("emergency_reason"), cleaned.get("emergency_approver")
        if reason and not approver:
            self.add_error("emergency_approver", "Name who approved the emergency.")
        if approver and not reason:
            self.add_error("emergency_reason", "Say why it cannot wait.")
        return cleaned


class PassingForm(EmergencyForm):
    """And who does the work, what frees it from the notice, and why each soft rule is passed over."""

    staff = _People(
        User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Who does the work (optional)",
    )
    exemption = forms.ChoiceField(
        choices=[("", "No"), *Exemption.choices],
        required=False,
        label="Exempt work",
        help_text="Some rule-books promise no notice of such work.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["staff"].queryset = bookers()  # type: ignore[attr-defined]

    @property
    def complete(self) -> bool:
        """Whether staff and exemption were asked at all: a shorter form leaves them as they are."""
        return "exemption" in self.data

    def proposal(self, starts_at: datetime, ends_at: datetime) -> Proposal:
        """What is proposed for this time, as far as it was given and is valid; the rest is left open."""
        cleaned = getattr(self, "cleaned_data", {})
        asked = self.complete and "staff" in cleaned and "exemption" in cleaned
        return Proposal(
            starts_at,
            ends_at,
            staff=list(cleaned["staff"]) if asked else None,
            exemption=cleaned["exemption"] if asked else None,
            overrides=self.reasons,
            emergency=self.emergency,
        )

    @property
    def reasons(self) -> dict[str, str]:
        """The reasons given, by rule."""
        given = {name: str(self.data.get(f"{_REASON}{name}", "")).strip() for name in SETTABLE}
        return {name: reason for name, reason in given.items() if reason}

    def ask(self, against: Iterable[Objection], known: Mapping[str, str] | None = None) -> None:
        """Add a field for the reason of each soft rule that stands against it; `known` are given before."""
        against = list(against)
        if any(objection.hard and objection.rule in SETTABLE for objection in against):
            self._ask_why_it_cannot_wait()
        for name in dict.fromkeys(objection.rule for objection in against if not objection.hard):
            if name not in SETTABLE:
                continue
            field = f"{_REASON}{name}"
            rule = SETTABLE[name]
            self.fields[field] = forms.CharField(
                max_length=200,
                required=False,
                label=f"{rule.title}: {rule.asks[0].lower()}{rule.asks[1:]}",
                initial=(known or {}).get(name, ""),
            )
            if field in self.data and name not in self.reasons:
                self.add_error(field, "Write it down, or choose another time.")

    def _ask_why_it_cannot_wait(self) -> None:
        if "emergency_reason" in self.data and not self.data["emergency_reason"] and not self.errors:
            self.add_error("emergency_reason", "Say why it cannot wait, or choose another time.")

    def reason_fields(self) -> list[forms.BoundField]:
        """The fields for the reasons, for the page."""
        return [self[name] for name in self.fields if name.startswith(_REASON)]


def approvers(booker: User) -> QuerySet[User]:
    """Who may take an emergency upon himself: everybody with the right to approve, but the booker."""
    people = User.objects.with_perm("maintenance.approve_window", backend=_BACKEND)
    return people.exclude(pk=booker.pk).order_by("username")


def bookers() -> QuerySet[User]:
    """Who may be named as doing the work: everybody with the right to book."""
    return User.objects.with_perm("maintenance.book_window", backend=_BACKEND).order_by("username")
