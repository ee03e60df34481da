"""The parts of an email in; the same email as plain text and as HTML out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.template.loader import render_to_string

from maintenance import languages
from notifications.wording.phrases import shared_phrase

ROWS: Final = "[[facts]]"
"""The paragraph in whose place the facts are set out."""
PREFERENCES: Final = "[[preferences]]"
_FONTS: Final = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Noto Sans Arabic', Tahoma, Arial, sans-serif"
)
_FILLER: Final = 60
"""Blank characters after the preheader, or mail programs would go on with the first words of the email."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """One line of the facts: what it is about, and one or more things to say about it."""

    label: str
    values: tuple[str, ...]

    def plain(self) -> str:
        """As text, several values below each other."""
        if len(self.values) == 1:
            return f"{self.label}: {self.values[0]}"
        return "\n".join([f"{self.label}:", *(f"- {value}" for value in self.values)])


@dataclass(frozen=True, slots=True)
class Letter:
    """An email before it is set. Placeholders for the person are still in it."""

    language: str
    bank: str
    link: str
    heading: str
    preheader: str
    paragraphs: tuple[str, ...]
    rows: tuple[FactRow, ...]

    def plain(self) -> str:
        """The text part, which says all that the HTML says."""
        facts = "\n".join(row.plain() for row in self.rows)
        blocks = [facts if paragraph == ROWS else paragraph for paragraph in self.paragraphs]
        more = f"{self._phrase('more')}: {self.link}"
        choice = f"{self._phrase('preferences')}: {PREFERENCES}"
        foot = "\n".join([self._phrase("why"), self._phrase("safety"), choice])
        return "\n\n".join([*blocks, more, self.bank, f"--\n{foot}"]) + "\n"

    def html(self) -> str:
        """The HTML part: tables and inline styles, because mail programs know little else."""
        is_rtl = languages.locale(self.language).text_direction == "rtl"
        words = {name: self._phrase(name) for name in ("more", "why", "safety", "preferences")}
        return render_to_string(
            "notifications/email.html",
            {
                "letter": self,
                "facts": ROWS,
                "preferences_url": PREFERENCES,
                "words": words,
                "fonts": _FONTS,
                "filler": range(_FILLER),
                "direction": "rtl" if is_rtl else "ltr",
                "side": "right" if is_rtl else "left",
            },
        )

    def _phrase(self, name: str) -> str:
        return shared_phrase(self.language, name, bank=self.bank)


def fact_rows(words: str) -> tuple[FactRow, ...]:
    """Read lines of "Label: value", with further values below as "- value"; what says nothing is left out."""
    found: list[tuple[str, list[str]]] = []
    for line in filter(None, map(str.strip, words.splitlines())):
        if line.startswith("- ") and found:
            found[-1][1].append(line[2:])
        else:
            label, _, value = line.partition(":")
            found.append((label.strip(), [value.strip()] if value.strip() else []))
    return tuple(FactRow(label, tuple(values)) for label, values in found if values)


def paragraphs(words: str) -> Iterator[str]:
    """The paragraphs of a text, each on one line; blank lines part them."""
    for block in words.strip().split("\n\n"):
        if line := " ".join(block.split()):
            yield line
