"""A text and its reader in; the words as that person gets them out.

A text is taken apart once, its times are put into words once per language and zone, and what
is left for each person is to join a few strings: a fan-out must not wait for its words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from notifications.models import Text
from notifications.wording import moments
from notifications.wording.phrases import phrase

PERSONAL: Final = ("name", "preferences")
"""Placeholders that say something about the person; never in public."""
_PLACEHOLDER: Final = re.compile(r"\[\[([a-z]+)(?::([^\s\[\]]+))?\]\]")
_PERSONAL: Final = re.compile(rf"\[\[({'|'.join(PERSONAL)})\]\]")


@dataclass(frozen=True, slots=True)
class Reader:
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


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A source with its times said; `slots` are the places in `parts` that hold a personal placeholder."""

    parts: tuple[str, ...]
    slots: tuple[tuple[int, str], ...]


def fill(text: Text, reader: Reader) -> Filled:
    """Put the person's name, links and times into a text; values are escaped in its HTML.

    Times are in the reader's zone, in the text's language as the reader's locale writes it.
    An unknown zone becomes the bank's, and is named; an unknown placeholder stays as it is.
    """
    language = _language(text.language, reader.language)
    bank = moments.bank()
    # a line break in a name must not become a header of the email
    name = " ".join(reader.name.split()) or phrase(language, "someone")
    values = {"name": name, "preferences": reader.preferences_url}
    subject = _join(_pieces(text.subject, language, reader.time_zone, False, bank), values)
    body = _join(_pieces(text.body, language, reader.time_zone, False, bank), values)
    if not text.html:
        return Filled(subject, body, "")
    safe = {key: html.escape(value) for key, value in values.items()}
    return Filled(subject, body, _join(_pieces(text.html, language, reader.time_zone, True, bank), safe))


def placeholders(source: str) -> Iterator[tuple[str, str]]:
    """The placeholders of a source: each one's name and, for times, its instants."""
    return ((found[1], found[2] or "") for found in _PLACEHOLDER.finditer(source))


def _join(pieces: _Pieces, values: dict[str, str]) -> str:
    if not pieces.slots:
        return pieces.parts[0]
    parts = list(pieces.parts)
    for place, key in pieces.slots:
        parts[place] = values[key]
    return "".join(parts)


@lru_cache(maxsize=4096)
def _pieces(source: str, language: str, zone: str, is_html: bool, bank: moments.Bank) -> _Pieces:
    """`bank` is only part of the key: the words of a moment depend on it."""

    def said(found: re.Match[str]) -> str:
        try:
            words = moments.say(found[1], found[2] or "", language, zone)
        except moments.NoMoment:
            return found[0]
        return html.escape(words) if is_html else words

    parts = _PERSONAL.split(_PLACEHOLDER.sub(said, source))
    return _Pieces(tuple(parts), tuple((place, parts[place]) for place in range(1, len(parts), 2)))


@lru_cache(maxsize=512)
def _language(text: str, reader: str) -> str:
    """The reader's own variant of the text's language (en-us for en), else the text's language."""
    variant = reader.lower()
    return variant if variant.partition("-")[0] == text.partition("-")[0] else text
