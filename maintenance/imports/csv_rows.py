"""A CSV file in; its rows, checked, in chunks, and each rejected row with line and reason, out.

Streamed: memory holds one chunk.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from maintenance.imports import text_files
from maintenance.imports.text_files import Unreadable

Row = TypeVar("Row")

_LINE_CHARACTERS: Final = 1 << 20
_SHOWN_CHARACTERS: Final = 200
_DELIMITERS: Final = ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars"))


class Reject(ValueError):
    """One row is refused; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: the line it begins on, and why.

    `values` are the columns asked for, in that order; none where the row could not be taken apart.
    """

    line: int
    reason: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Row]):
    """Some rows of the file, in its order. `share` of the file is read by now, from 0 to 1."""

    rows: Sequence[Row]
    rejected: Sequence[Rejected]
    share: float

    @property
    def read(self) -> int:
        """Rows that were looked at."""
        return len(self.rows) + len(self.rejected)


def chunks(
    path: Path, columns: Sequence[str], check: Callable[[Sequence[str]], Row], size: int
) -> Iterator[Chunk[Row]]:
    """Yield the file's rows, `size` at a time, each as `check` made it from the values of `columns`.

    Columns are found by the names in the first line, in any order and beside others. `check` gets
    the values stripped and raises Reject to refuse the row. Blank lines are passed over. Raises
    Unreadable where the file as a whole cannot be taken: before the first chunk, or at the end
    where it held no row at all.
    """
    with text_files.opened_text(path) as file:
        records = _records(_Lines(file.text))
        places, width = _header(file.name, next(records, None), columns)
        empty = True
        while batch := list(itertools.islice(records, size)):
            empty = False
            rows: list[Row] = []
            rejected: list[Rejected] = []
            for record in batch:
                values: Sequence[str] = ()
                try:
                    values = record.values(places, width)
                    rows.append(check(values))
                except Reject as reason:
                    rejected.append(Rejected(record.line, str(reason), values))
            yield Chunk(rows, rejected, file.share())
        if empty:
            raise Unreadable(f"{file.name} names its columns but has no row below them.")


@dataclass(frozen=True, slots=True)
class _Record:
    """One row as the file has it: first and last line, and its fields or what is wrong with them."""

    line: int
    last: int
    fields: Sequence[str]
    fault: str = ""

    def values(self, places: Sequence[int], width: int) -> Sequence[str]:
        if self.fault:
            raise Reject(self.fault)
        if len(self.fields) != width:
            span = f" (it goes on to line {self.last})" if self.last > self.line else ""
            raise Reject(f"it has {len(self.fields)} fields where the first line has {width}{span}")
        return [self.fields[place].strip() for place in places]


class _Lines:
    """The lines of a file, numbered; what a broken record has swallowed can be read again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # readline with a limit, because a line without end must not fill the memory
        line = self._again.popleft() if self._again else self._text.readline(_LINE_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Only the record's first line was at fault."""
        self.number -= len(self.taken) - 1
        self._again.extendleft(reversed(self.taken[1:]))


def _records(lines: _Lines) -> Iterator[_Record]:
    reader = csv.reader(lines, strict=True)
    while True:
        line = lines.number + 1
        lines.taken.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # an opened quotation mark takes everything up to the next one: only its own line is lost
            fault = _broken(lines.taken[0])
            lines.give_back()
            yield _Record(line, line, (), fault)
            continue
        if any(field and not field.isspace() for field in fields):
            yield _Record(line, lines.number, fields, _fault(lines.taken))


def _broken(line: str) -> str:
    """What is wrong with the line with which a record begins that cannot be taken apart."""
    longest = csv.field_size_limit()
    if '"' not in line and len(line) > longest:
        return f"it has a field of more than {longest:,} characters"
    return "its quotation marks do not match"


def _fault(taken: Sequence[str]) -> str:
    for line in taken:
        if "\0" in line:
            return "it holds a NUL character"
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError:
                return "it is not UTF-8"
    return ""


def _header(name: str, first: _Record | None, columns: Sequence[str]) -> tuple[Sequence[int], int]:
    """Where each column stands, and how many fields a row has."""
    wanted = ",".join(columns)
    if first is None or first.fault:
        raise Unreadable(f"{name} is not a CSV file: its first line must be {wanted}.")
    there = [field.strip().lower() for field in first.fields]
    missing = [column for column in columns if column not in there]
    for delimiter, word in _DELIMITERS:
        if missing and set(columns) <= {part.strip() for part in ",".join(there).split(delimiter)}:
            raise Unreadable(f"{name} separates its columns by {word}: export it with commas.")
    if missing:
        found = ", ".join(there)
        shown = found if len(found) <= _SHOWN_CHARACTERS else f"{found[:_SHOWN_CHARACTERS]}…"
        raise Unreadable(f"{name} lacks the {_named(missing)}: its first line is {shown}, not {wanted}.")
    twice = [column for column in columns if there.count(column) > 1]
    if twice:
        raise Unreadable(f"{name} has the {_named(twice)} more than once: leave one of each.")
    return [there.index(column) for column in columns], len(there)


def _named(columns: Sequence[str]) -> str:
    return f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"
