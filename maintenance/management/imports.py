"""A CSV file and what stores its rows in; the rows stored chunk by chunk, and what came of them, out.

The frame that the import commands share. Each chunk is stored whole or not at all by the one who
stores it, so that an import that was stopped is completed by running it again.
"""

from __future__ import annotations

import contextlib
import csv
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.db.models import Model
from django.utils import timezone

from maintenance import audit
from maintenance.imports import csv_rows
from maintenance.imports.csv_rows import Rejected
from maintenance.imports.text_files import Unreadable
from maintenance.models import AuditEntry

Row = TypeVar("Row")

_SHOWN: Final = 10
_SILENT_SECONDS: Final = 2
_EVERY_SECONDS: Final = 0.5
_INTERRUPTED: Final = 130
"""What a shell reports for Ctrl-C."""


@dataclass
class ImportTally:
    """What became of the rows so far."""

    read: int = 0
    rejected: int = 0
    first: list[Rejected] = field(default_factory=list)

    def add(self, read: int, rejected: Sequence[Rejected]) -> None:
        """Count one more chunk, and keep the first few rejected rows to show."""
        self.read += read
        self.rejected += len(rejected)
        self.first += rejected[: _SHOWN - len(self.first)]


def add_arguments(parser: CommandParser) -> None:
    """The arguments that every import takes."""
    add_file(parser)
    parser.add_argument("--check", action="store_true", help="Read and report everything; write nothing.")
    parser.add_argument(
        "--rejected", type=Path, metavar="FILE", help="Write every rejected row, with line and reason, here."
    )


def add_file(parser: CommandParser) -> None:
    """The file alone."""
    parser.add_argument("file", type=Path, help="CSV in UTF-8; its first line names the columns.")


@dataclass(frozen=True)
class ImportSource(Generic[Row]):
    """A file, and how its rows are read."""

    path: Path
    columns: Sequence[str]
    check: Callable[[Sequence[str]], Row]
    size: int
    """Rows to a chunk."""
    rejected_to: Path | None = None
    logged_as: type[Model] | None = None
    """What is imported, for the audit log; nothing where the file is only looked at."""
    service: str = ""
    """Whose rows they are, where they are of one."""


def import_file(
    source: ImportSource[Row], store: Callable[[Sequence[Row]], object], *, out: OutputWrapper
) -> ImportTally:
    """Hand each chunk's good rows to `store`; say how far it is, on a terminal, from two seconds on.

    Raises CommandError, with one sentence for people, where the file or every row in it is refused,
    or where it is stopped by Ctrl-C.
    """
    tally = ImportTally()
    with _logged(source, tally):
        _read(source, store, tally, out)
    if tally.rejected == tally.read:
        raise CommandError(f"No row could be taken.\n{rejections(tally, source.rejected_to)}")
    return tally


def _read(
    source: ImportSource[Row],
    store: Callable[[Sequence[Row]], object],
    tally: ImportTally,
    out: OutputWrapper,
) -> None:
    progress = _Progress(out)
    try:
        with _rejected_rows(source.rejected_to, source.columns) as note:
            for chunk in csv_rows.chunks(source.path, source.columns, source.check, source.size):
                if chunk.rows:
                    store(chunk.rows)
                note(chunk.rejected)
                tally.add(chunk.read, chunk.rejected)
                progress.show(tally.read, chunk.share)
    except Unreadable as refusal:
        raise CommandError(str(refusal)) from None
    except KeyboardInterrupt:
        raise CommandError(
            f"Stopped after {rows_words(tally.read)}. Run it again to complete it.", returncode=_INTERRUPTED
        ) from None
    finally:
        progress.clear()


@contextlib.contextmanager
def _logged(source: ImportSource[Row], tally: ImportTally) -> Iterator[None]:
    """That it begins is in the log before anything is stored: it may be killed; then what came of it."""
    if source.logged_as is None:
        yield
        return
    _record(source, AuditEntry.Action.IMPORT_BEGUN, {})
    ended = "stopped"
    try:
        yield
        ended = "complete"
    finally:
        counts = {"accepted": tally.read - tally.rejected, "rejected": tally.rejected, "ended": ended}
        _record(source, AuditEntry.Action.IMPORTED, counts)


def _record(source: ImportSource[Row], action: AuditEntry.Action, counts: Mapping[str, object]) -> None:
    assert source.logged_as is not None
    stamp = audit.Stamp(None, timezone.now())
    states = audit.States(after={**({"service": source.service} if source.service else {}), **counts})
    audit.append_entry(action, source.logged_as, stamp, states=states, name=source.path.name)


def rows_words(count: int) -> str:
    """So many rows, in words."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def rejections(tally: ImportTally, rejected_to: Path | None) -> str:
    """The first rejected rows with their reasons, and where all of them are."""
    if not tally.rejected:
        return "0 rows rejected."
    lines = [f"{rows_words(tally.rejected)} rejected:"]
    lines += [f"  line {rejected.line}: {rejected.reason}" for rejected in tally.first]
    if tally.rejected > len(tally.first):
        lines.append(f"  … and {tally.rejected - len(tally.first):,} more")
    if rejected_to:
        lines.append(f"All of them are in {rejected_to}: mend them and import that file.")
    elif tally.rejected > len(tally.first):
        lines.append("To have all of them in a file, import again with --rejected FILE.")
    return "\n".join(lines)


@contextlib.contextmanager
def _rejected_rows(
    path: Path | None, columns: Sequence[str]
) -> Iterator[Callable[[Sequence[Rejected]], None]]:
    """Where rejected rows are written: the columns of the file, so that it can be mended and imported."""
    if path is None:
        yield lambda rejected: None
        return
    try:
        # never over an existing file; readable by its owner alone, for it holds what customers gave
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already: give --rejected a new file's name.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason", *columns))

        def note(rejected: Sequence[Rejected]) -> None:
            writer.writerows((row.line, row.reason, *row.values) for row in rejected)

        yield note


class _Progress:
    """One line that counts on, for a person who waits."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out if out.isatty() else None
        self._began = time.monotonic()
        self._next = self._began + _SILENT_SECONDS
        self._shown = False

    def show(self, read: int, share: float) -> None:
        now = time.monotonic()
        if self._out is None or now < self._next:
            return
        self._next, self._shown = now + _EVERY_SECONDS, True
        taken = now - self._began
        left = f", {share:.0%}, {taken / share - taken:.0f} s to go" if share else ""
        self._out.write(f"\r{rows_words(read)}{left}   ", ending="")
        self._out.flush()

    def clear(self) -> None:
        if self._out is not None and self._shown:
            self._out.write("\r" + " " * 60 + "\r", ending="")
