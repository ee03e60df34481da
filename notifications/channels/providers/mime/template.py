"""A message in; its mail as it goes on the wire out. What all with the same words share is built once.

Django builds that, with marks in the places of what is the person's own. A person's mail is the
pieces between the marks, joined with the person's values.
"""

from __future__ import annotations

import html
import itertools
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from django.conf import settings

from notifications.channels.providers.mime import django_mail, quoted_printable
from notifications.channels.types import Message, Template

_SIMPLE: Final = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63})*",
    re.ASCII | re.IGNORECASE,
)
"""An address that stands in a mail as it is."""
_LONGEST: Final = 900
"""Characters of a header's value; a line of a mail has 998 (RFC 5322, 2.1.1)."""
_ENDING: Final = b"\r\n.\r\n"
_OWN: Final = {"from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "auto-submitted"}
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NOBODY: Final = Message(
    delivery=uuid.UUID(int=0), attempt=0, address="", body="", expires_at=_NEVER, composed_at=_NEVER
)
_KEPT: Final = 128
"""Skeletons of a few dozen kilobytes each: of one notice, its languages times its readers' zones."""


@dataclass(slots=True)
class _MailTemplate:
    """The pieces of a mail; the others are places in `parts`, with the name of what goes there."""

    parts: list[bytes] = field(default_factory=list)
    own: dict[str, int] = field(default_factory=dict)
    headers: list[tuple[int, str]] = field(default_factory=list)
    body: list[tuple[int, str]] = field(default_factory=list)
    html: list[tuple[int, str]] = field(default_factory=list)


def is_plain_address(address: str) -> bool:
    """Whether an address needs no encoding."""
    return _SIMPLE.fullmatch(address) is not None


def mail_content(message: Message) -> bytes:
    """The mail as SMTP wants it behind DATA: its lines ended, their first dots doubled, and its end.

    Raises ValueError where address, subject or headers cannot be written.
    """
    words = message.words
    if words is not None and is_plain_address(message.address) and all(map(_plain, message.headers.values())):
        template = _mail_template(
            words, settings.DEFAULT_FROM_EMAIL, settings.BASE_URL, tuple(message.headers)
        )
        if template:
            return _filled(template, message, words)
    return _stuffed(_wire(django_mail.django_mail(message).message().as_bytes()))


def _plain(value: str) -> bool:
    """Whether a header's value stands there as it is; Django knows how to write, or refuse, the others."""
    return len(value) <= _LONGEST and value.isascii() and value.isprintable()


def _wire(written: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", written)


def _stuffed(written: bytes) -> bytes:
    ending = _ENDING[2:] if written.endswith(b"\r\n") else _ENDING
    return re.sub(rb"(?m)^\.", b"..", written) + ending


def _filled(template: _MailTemplate, message: Message, words: Template) -> bytes:
    parts, own, values = template.parts.copy(), template.own, message.values
    parts[own["to"]] = message.address.encode()
    parts[own["id"]] = django_mail.message_id(message.delivery).encode()
    parts[own["date"]] = _date(int(time.time()), settings.EMAIL_USE_LOCALTIME)
    if "subject" in own:
        pieces = words.subject
        said = [values[piece] if place % 2 else piece for place, piece in enumerate(pieces)]
        parts[own["subject"]] = quoted_printable.quoted_subject("".join(said))
    for place, name in template.headers:
        parts[place] = message.headers[name].encode()
    quoted = {key: quoted_printable.quoted_line(value) for key, value in values.items()}
    for place, key in template.body:
        parts[place] = quoted[key]
    for place, key in template.html:
        escaped = html.escape(values[key])
        parts[place] = quoted[key] if escaped == values[key] else quoted_printable.quoted_line(escaped)
    return b"".join(parts)


@lru_cache(maxsize=1)
def _date(second: int, is_local: bool) -> bytes:
    return formatdate(second, localtime=is_local).encode()


@lru_cache(maxsize=_KEPT)
def _mail_template(words: Template, sender: str, base: str, headers: tuple[str, ...]) -> _MailTemplate | None:
    """None where a header is named that is ours to write; `sender` and `base` are only part of the key."""
    if any(name.lower() in _OWN for name in headers):
        return None
    marks = _Marks()
    composed = django_mail.django_mail(
        replace(
            _NOBODY,
            address=marks.new("to"),
            subject=marks.new("subject") if len(words.subject) > 1 else "".join(words.subject),
            body=marks.new("body") if any(words.body) else "",
            html=marks.new("html") if any(words.html) else "",
            headers={name: marks.new("header", name) for name in headers},
            calendar=words.calendar,
        )
    )
    composed.extra_headers |= {"Message-ID": marks.new("id"), "Date": marks.new("date")}
    written = composed.message()
    for part in written.walk():
        if part.get_payload() in marks:
            # a person's values may be in any script, whatever the words around them are in
            part.replace_header("Content-Transfer-Encoding", "quoted-printable")
    return _cut(marks.split(_stuffed(_wire(written.as_bytes()))), words)


class _Marks:
    """Short words that stand for something and that no text contains."""

    def __init__(self) -> None:
        self._stem = uuid.uuid4().hex
        self._meant: list[tuple[str, str]] = []

    def new(self, kind: str, name: str = "") -> str:
        self._meant.append((kind, name))
        return f"{self._stem}{len(self._meant) - 1:03}"

    def __contains__(self, words: object) -> bool:
        return isinstance(words, str) and words.startswith(self._stem)

    def split(self, written: bytes) -> Iterator[tuple[bytes, str, str]]:
        """Each piece with the kind and name of the mark behind it; both empty at the end."""
        pieces = re.split(rb"%b(\d{3})" % self._stem.encode(), written)
        for piece, number in itertools.zip_longest(pieces[::2], pieces[1::2]):
            yield piece, *(self._meant[int(number)] if number else ("", ""))


def _cut(pieces: Iterator[tuple[bytes, str, str]], words: Template) -> _MailTemplate:
    made = _MailTemplate()
    for piece, kind, name in pieces:
        made.parts.append(piece)
        if kind in ("body", "html"):
            found, places = (words.body, made.body) if kind == "body" else (words.html, made.html)
            first = len(made.parts)
            places.extend((first + place, key) for place, key in enumerate(found) if place % 2)
            made.parts.extend(quoted_printable.quoted_pieces(found))
        elif kind == "header":
            made.headers.append((len(made.parts), name))
            made.parts.append(b"")
        elif kind:
            made.own[kind] = len(made.parts)
            made.parts.append(b"")
    if (
        made.parts[-1] == _ENDING
        and made.parts[-2].endswith(b"\r\n")
        and not made.parts[-2].endswith(b"=\r\n")
    ):
        made.parts[-1] = _ENDING[2:]  # a text alone, which ends its last line itself
    return made
