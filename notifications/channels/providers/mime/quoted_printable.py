"""A text in; the ASCII by which mail says it, in lines of at most 76 characters, out (RFC 2045, 2047)."""

from __future__ import annotations

import base64
import re
from email.header import Header
from typing import Final

_ROOM: Final = 73
"""Characters of a line that leave room for a quoted dot and for a soft break."""
_LINE: Final = re.compile(rb".{1,%d}(?<!=)(?<!=.)" % _ROOM)
"""As much of a quoted text as fits, never half of a quoted byte."""
_BREAK: Final = re.compile(r"\r\n?|\n")
_PLAIN: Final = set(range(32, 127)) - {ord("=")}
_QUOTED: Final = [bytes([byte]) if byte in _PLAIN else b"=%02X" % byte for byte in range(256)]
_SOFT: Final = b"=\r\n"
_WORD_BYTES: Final = 39
"""In an encoded word, so that the first of them fits behind "Subject: "."""
_SUBJECT_ROOM: Final = 67


def quoted_line(words: str) -> bytes:
    """A text on one line, to be followed by a soft break, so that spaces at its end are safe.

    No line begins with a dot, which SMTP would want doubled.
    """
    if words.isascii() and words.isprintable():
        quoted = words.replace("=", "=3D").encode()
    else:
        quoted = b"".join([_QUOTED[byte] for byte in words.encode()])
    if len(quoted) <= _ROOM and quoted[:1] != b".":
        return quoted
    parts = _LINE.findall(quoted)
    return _SOFT.join([b"=2E" + part[1:] if part[:1] == b"." else part for part in parts])


def quoted_pieces(pieces: tuple[str, ...]) -> list[bytes]:
    """Pieces as in channels.types.Template, quoted but for the names, in whose places `line` of a value fits.

    A value has lines of its own, between soft breaks.
    """
    parts: list[bytes] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            parts.append(piece.encode())
            continue
        before = _SOFT if place else b""
        *whole, last = _BREAK.split(piece)
        quoted = b"".join([_whole(one) + b"\r\n" for one in whole])
        if place + 1 == len(pieces):
            parts.append(before + quoted + _whole(last))
        else:
            parts.append(before + quoted + (quoted_line(last) + _SOFT if last else b""))
    return parts


def _whole(words: str) -> bytes:
    """A line as it ends in the text; a space at its end might be lost on its way."""
    return quoted_line(words[:-1]) + _SOFT + b"=20" if words.endswith(" ") else quoted_line(words)


def quoted_subject(words: str) -> bytes:
    """What stands behind "Subject: ". Raises ValueError where it would begin another header."""
    if "\n" in words or "\r" in words:
        raise ValueError("a subject cannot have two lines")
    if not (words.isascii() and words.isprintable()):
        return b"\r\n ".join(map(_word, _chunks(words.encode())))
    if len(words) <= _SUBJECT_ROOM:
        return words.encode()
    return Header(words, header_name="Subject").encode(linesep="\r\n").encode()


def _word(chunk: bytes) -> bytes:
    return b"=?utf-8?b?%b?=" % base64.b64encode(chunk)


def _chunks(raw: bytes) -> list[bytes]:
    """As many bytes as fit a word, never half of a character."""
    chunks = []
    while raw:
        end = _WORD_BYTES
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        chunks.append(raw[:end])
        raw = raw[end:]
    return chunks
