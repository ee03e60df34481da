"""How often something repeats, chosen from a list or written as a rule, in; a repeat, checked, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from maintenance.admin.forms import DayField
from maintenance.recurrence.repeats import Every, Repeat

HELP = (
    "By the bank's clock, from the day above on. The next times are shown once it is saved; a month that is "
    "too short for its date is passed over."
)


_PARTS: Final = ("every", "until", "own")


class RepeatWidget(forms.MultiWidget):
    """A choice with its last day, and lines for a rule of its own, of which a page shows what is needed."""

    def __init__(self) -> None:
        super().__init__(
            {
                "every": UnfoldAdminSelectWidget({"aria-label": "How often"}, choices=Every.choices),
                "until": UnfoldAdminTextInputWidget({"type": "date", "aria-label": "Last day"}),
                "own": UnfoldAdminTextareaWidget(
                    {
                        "rows": 3,
                        "dir": "ltr",
                        "spellcheck": "false",
                        "placeholder": "FREQ=MONTHLY;BYDAY=1SU\nEXDATE:20261225T020000",
                        "aria-label": "Rule of its own",
                    }
                ),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        """The three parts of a repeat."""
        repeat = value if isinstance(value, Repeat) else Repeat()
        return [repeat.every, repeat.until and repeat.until.isoformat(), repeat.own]

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """By a template of the house: the form's own renderer knows only those of apps."""
        given = attrs or {}
        values = value if isinstance(value, list) else self.decompress(value)
        parts = {
            part: widget.render(
                f"{name}_{part}", typed, {**given, "id": f"{given.get('id', name)}_{part}"}, renderer
            )
            for part, widget, typed in zip(_PARTS, self.widgets, values, strict=True)
        }
        return render_to_string("maintenance/admin/repeat.html", parts)

    def id_for_label(self, id_: str) -> str:
        """The label belongs to the choice."""
        return f"{id_}_every" if id_ else id_


class RepeatField(forms.MultiValueField):
    """A choice, a day and some lines as one repeat."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            fields=[
                forms.ChoiceField(choices=Every.choices, required=False),
                DayField(required=False, error_messages={"invalid": "Write the last day like 2026-12-31."}),
                forms.CharField(required=False, max_length=10_000),
            ],
            require_all_fields=False,
            required=False,
            widget=RepeatWidget(),
            **{"label": "Repeats", "help_text": HELP, **options},
        )

    def compress(self, data_list: Sequence[Any]) -> Repeat:
        """Only what belongs to the choice is kept."""
        if not data_list:
            return Repeat()
        every, until, own = Every(data_list[0] or ""), data_list[1] or None, data_list[2] or ""
        if every == Every.OWN:
            return Repeat(every, own=own)
        assert until is None or isinstance(until, date)
        return Repeat(every, until if every else None)
