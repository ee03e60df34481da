"""What is looked for in the audit log in; checked words, a person, a kind and days out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from maintenance.admin.forms.moments import DayField, day_start
from maintenance.audit import COMMAND_LINE
from maintenance.audit.entries import HIDDEN, person_name
from maintenance.audit.log import OBJECT_TYPES, LogQuery
from maintenance.requests import parameters

BY_COMMAND: Final = "0"
_ADDRESS: Final = re.compile(r"\S@\S|(?:\d[ ()./-]*){7}")
"""A mailbox, or digits enough for a phone: a customer's own, which no log keeps."""
_DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AuditForm(forms.Form):
    """Every field is optional, and narrows the list."""

    text = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        help_text="A person, a service, a name, or a word of what changed.",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    person = forms.ChoiceField(required=False, label="Who")
    object_type = forms.ChoiceField(
        required=False, label="About", choices=[("", "Everything"), *OBJECT_TYPES]
    )
    since = DayField(required=False, label="From", widget=_DAY)
    until = DayField(required=False, label="To", widget=_DAY)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        staff = User.objects.filter(is_staff=True).order_by("first_name", "username")
        self._people = {str(person.pk): person for person in staff}
        known = [(key, person_name(person)) for key, person in self._people.items()]
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Everybody"), *known, (BY_COMMAND, COMMAND_LINE)]

    def clean_text(self) -> str:
        """No text that no database can hold."""
        text: str = self.cleaned_data["text"]
        if not parameters.storable(text):
            raise ValidationError("Search for plain text.")
        return text

    def clean(self) -> dict[str, Any]:
        """The days must be in order."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day lies before the first one.")
        return cleaned

    def asked(self, sources: frozenset[str]) -> LogQuery:
        """What is meant; a field that has a fault narrows nothing, and says so on the page."""
        given = self.cleaned_data if self.is_bound and hasattr(self, "cleaned_data") else {}
        until = given.get("until")
        return LogQuery(
            sources=sources,
            text=given.get("text", ""),
            person=self._people.get(given.get("person", "")),
            by_command=given.get("person") == BY_COMMAND,
            object_type=given.get("object_type", ""),
            since=day_start(given.get("since")),
            before=day_start(until + timedelta(days=1)) if until else None,
        )

    @property
    def words(self) -> dict[str, str]:
        """What is asked for, as the log says that it was exported."""
        shown = {name: str(value) for name, value in self.cleaned_data.items() if value}
        if _ADDRESS.search(shown.get("text", "")):
            shown["text"] = HIDDEN
        for name in ("person", "object_type"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            if name in shown:
                shown[name] = str(dict(field.choices)[shown[name]])  # type: ignore[arg-type]
        return {str(self.fields[name].label).lower(): value for name, value in shown.items()}
