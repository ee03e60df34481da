"""A text and its reader in; the words as that person gets them out.

A text is taken apart once, its times are put into words once per language and zone, and what
is left for each person is to join a few strings: a fan-out must not wait for its words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from notifications.channels.types import Template
from notifications.models import Text
from notifications.wording import moments
from notifications.wording.phrases import shared_phrase

PERSONAL: Final = ("name", "preferences")
"""Placeholders that say something about the person; never in public."""
_PLACEHOLDER: Final = re.compile(r"\[\[([a-z]+)(?::([^\s\[\]]+))?\]\]")
_PERSONAL: Final = re.compile(rf"\[\[({'|'.join(PERSONAL)})\]\]")


@dataclass(frozen=True, slots=True)
class MessageReader:
    """Whom the words address. `time_zone` is an IANA name."""

    name: str
    language: str
    time_zone: str
    preferences_url: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What goes on the wire."""

    subject: str
    body: str
    html: str


def filled_text(text: Text, reader: MessageReader) -> Filled:
    """Put the person's name, links and times into a text; values are escaped in its HTML.

    Times are in the reader's zone, in the text's language as the reader's locale writes it.
    An unknown zone becomes the bank's, and is named; an unknown placeholder stays as it is.
    """
    shared = message_template(text, reader.language, reader.time_zone)
    return filled_template(shared, reader_values(text, reader))


def message_template(text: Text, language: str, time_zone: str, calendar: str = "") -> Template:
    """What all readers of this language and zone are told, with places for the person's own values."""
    spoken, bank = _language(text.language, language), moments.bank_settings()
    return Template(
        subject=_pieces(text.subject, spoken, time_zone, False, bank),
        body=_pieces(text.body, spoken, time_zone, False, bank),
        html=_pieces(text.html, spoken, time_zone, True, bank) if text.html else (),
        calendar=calendar,
    )


def reader_values(text: Text, reader: MessageReader) -> dict[str, str]:
    """The reader's own values, as plain text."""
    # a line break in a name must not become a header of the email
    name = " ".join(reader.name.split()) or shared_phrase(
        _language(text.language, reader.language), "someone"
    )
    return {"name": name, "preferences": reader.preferences_url}


def filled_template(shared: Template, own: Mapping[str, str]) -> Filled:
    """The words with a person's values in their places; escaped in the HTML."""
    safe = {key: html.escape(value) for key, value in own.items()} if shared.html else {}
    return Filled(_join(shared.subject, own), _join(shared.body, own), _join(shared.html, safe))


def placeholders(source: str) -> Iterator[tuple[str, str]]:
    """The placeholders of a source: each one's name and, for times, its instants."""
    return ((found[1], found[2] or "") for found in _PLACEHOLDER.finditer(source))


def _join(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    if len(pieces) < 2:
        return pieces[0] if pieces else ""
    parts = list(pieces)
    for place in range(1, len(parts), 2):
        parts[place] = values[parts[place]]
    return "".join(parts)


@lru_cache(maxsize=4096)
def _pieces(source: str, language: str, zone: str, is_html: bool, bank: moments.Bank) -> tuple[str, ...]:
    """A source with its times said; the pieces at odd places name a value of the person.

    `bank` is only part of the key: the words of a moment depend on it.
    """

    def said(found: re.Match[str]) -> str:
        try:
            words = moments.moment_words(found[1], found[2] or "", language, zone)
        except moments.NoMoment:
            return found[0]
        return html.escape(words) if is_html else words

    return tuple(_PERSONAL.split(_PLACEHOLDER.sub(said, source)))


@lru_cache(maxsize=512)
def _language(text: str, reader: str) -> str:
    """The reader's own variant of the text's language (en-us for en), else the text's language."""
    variant = reader.lower()
    return variant if variant.partition("-")[0] == text.partition("-")[0] else text
