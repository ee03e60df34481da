"""A path in; the file as text, or one sentence that says what it is instead of text in UTF-8, out."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEAD_BYTES: Final = 1 << 20
"""Looked at before the first row: a file in another encoding shows it in its first thousands of names."""
_TEXT_ENDS: Final = b"\t\n\r\x0c"
_MOST_CONTROL_CHARACTERS: Final = 0.05
"""Bytes at random have 11 %; text may have a stray one, which then spoils its own row only."""

_BEGINNINGS: Final = (
    (b"PK\x03\x04", "is a spreadsheet or a ZIP archive: export the sheet as “CSV UTF-8”"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook: export the sheet as “CSV UTF-8”"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
    (b"%PDF", "is a PDF, not a CSV file"),
    (b"<", "is HTML or XML, not a CSV file"),
    (b"{", "is JSON, not a CSV file"),
    (b"[", "is JSON, not a CSV file"),
)


class Unreadable(ValueError):
    """The file as a whole is refused; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """An open file. Bytes that are no UTF-8 stand in its text as lone surrogates."""

    name: str
    text: io.TextIOBase
    _bytes: io.BufferedReader[io.FileIO]
    _size: int

    def share(self) -> float:
        """How much of it has been read, from 0 to 1; 0 where it is a pipe."""
        return min(1.0, self._bytes.tell() / self._size) if self._size else 0.0


@contextmanager
def opened_text(path: Path) -> Iterator[TextFile]:
    """Open a file as UTF-8 with or without a byte order mark, line ends kept; raises Unreadable."""
    try:
        raw = io.FileIO(path)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise Unreadable(f"{path} is a folder: name a CSV file in it.") from None
    except PermissionError:
        raise Unreadable(f"{path} may not be read: its permissions forbid it.") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    with io.BufferedReader(raw, _HEAD_BYTES) as file:
        head = file.peek(_HEAD_BYTES)
        if sentence := _foreign(head):
            raise Unreadable(f"{path.name} {sentence}.")
        # a stray byte further down makes one bad row, not the end of the import
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        yield TextFile(path.name, text, file, os.fstat(file.fileno()).st_size)


def _foreign(head: bytes) -> str:
    """What the file is instead, as the end of a sentence; empty where it may be text in UTF-8."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _every_other_nul(head):
        return "is UTF-16: save it as “CSV UTF-8”"
    if not start:
        return "is empty"
    for beginning, sentence in _BEGINNINGS:
        if start.startswith(beginning):
            return sentence
    strange = sum(head.count(code) for code in range(32) if code not in _TEXT_ENDS)
    if strange > len(head) * _MOST_CONTROL_CHARACTERS:
        return "is not a text file, so it cannot be CSV"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (line {head.count(10, 0, error.start) + 1}): save it as “CSV UTF-8”"
    return ""


def _every_other_nul(head: bytes) -> bool:
    """UTF-16 without its mark."""
    sample = head[:400]
    fewest, most = sorted((sample[0::2].count(0), sample[1::2].count(0)))
    return most > len(sample) * 0.4 and fewest == 0
