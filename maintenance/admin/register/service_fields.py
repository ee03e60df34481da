"""What is typed into the register in; checked services and substitutes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from maintenance import bank_time
from maintenance.models import Alternative, Service


def _others() -> list[tuple[str, str]]:
    """The bank's languages but the first, in which the register itself is kept."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class TranslationsWidget(forms.MultiWidget):
    """One line for each further language."""

    def __init__(self) -> None:
        # dir=auto: each line runs as its own language does
        super().__init__(
            {
                code: UnfoldAdminTextInputWidget(
                    {"placeholder": name, "aria-label": name, "dir": "auto", "lang": code}
                )
                for code, name in _others()
            }
        )

    def decompress(self, value: Any) -> list[str]:
        """The words of each language, from the JSON of the row."""
        words: Mapping[str, str] = value if isinstance(value, dict) else {}
        return [words.get(code, "") for code, _ in _others()]


class Translations(forms.MultiValueField):
    """A JSON object of language and words, typed as plain lines."""

    def __init__(self, **options: Any) -> None:
        lines = [forms.CharField(required=False, max_length=160) for _ in _others()]
        super().__init__(
            fields=lines, require_all_fields=False, required=False, widget=TranslationsWidget(), **options
        )

    def compress(self, data_list: Sequence[str]) -> dict[str, str]:
        """Only the languages that have words: the others fall back to the bank's own."""
        return {code: words for (code, _), words in zip(_others(), data_list, strict=False) if words}


class Hours(forms.FloatField):
    """A length in hours and parts of them."""

    def __init__(self, *, most: float = 168, **options: Any) -> None:
        widget = UnfoldAdminIntegerFieldWidget({"step": "any", "inputmode": "decimal"})
        super().__init__(min_value=0.25, max_value=most, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        """A stored length as a number of hours, without a fraction of nothing."""
        return f"{value / timedelta(hours=1):g}" if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        """A number of hours as a length, to the minute."""
        hours = super().clean(value)
        return None if hours is None else timedelta(minutes=round(hours * 60))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as hours."""
        return super().has_changed(self.prepare_value(initial), data)


class ServiceForm(forms.ModelForm[Service]):
    """A service with its names."""

    names = Translations(label="Name in other languages")
    longest_window = Hours(
        label="Longest window, hours",
        required=False,
        help_text="No window of it may be longer, as 4 or 2.5. Empty: no limit.",
    )

    class Meta:
        model = Service
        fields = "__all__"  # noqa: DJ007  # the admin names the fields it shows

    def clean_time_zone(self) -> str:
        """Naive traffic times are read on this clock, so a wrong name would move every hour."""
        name = str(self.cleaned_data["time_zone"])
        if name not in bank_time.zone_names():
            raise ValidationError("Write the zone's name like Europe/London or Asia/Riyadh.")
        return name


class InRow(forms.ModelForm[Any]):
    """A form in a table, whose labels are the heads of its columns: each field says its own name as well."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            field.widget.attrs.setdefault("aria-label", field.label)


class AlternativeForm(InRow):
    """A sentence in each language."""

    words_by_language = Translations(label="In other languages")

    class Meta:
        model = Alternative
        fields = ("instead", "words", "words_by_language")
