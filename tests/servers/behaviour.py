"""How a stand-in behaves: words in a file, read anew at each request, so that it may change in mid-run."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What is done to each message, or to every so many-th of them."""

    delay: float = 0.0
    """Seconds before each answer."""
    status: int = 0
    """Answered instead of taking the message, if not 0; `code` is the provider's own beside it."""
    code: int = 0
    retry_after: float = 0.0
    taken: bool = False
    """The message is taken although `status` says otherwise, as by a gateway that gave up too soon."""
    cut: bool = False
    """The message is taken, and the line cut instead of an answer."""
    deaf: bool = False
    """Read to its end, and then nothing: neither taken nor answered."""
    every: int = 1
    """Only every so many-th message is treated so; the others are taken and answered."""
    asked: int = 0
    """Answered to every question what became of a message, if not 0."""
    refused: tuple[str, ...] = ()
    """Addresses that are refused for good, each by itself."""
    receipts: tuple[str, ...] = ()
    """Statuses to report of each message, in this order."""
    times: int = 1
    """How often each of them is reported."""
    late: float = 0.0
    """Seconds before the first of them."""
    hushed: bool = False
    """The statuses come true, but nobody is told."""
    forged: bool = False
    """They are signed with a key that is not the account's."""


class Control:
    """The behaviour of now: that of the file, else the one it was started with."""

    def __init__(self, file: Path | None = None, first: Behaviour | None = None) -> None:
        """`file` may be written at any time, or never."""
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._behaviour = first or Behaviour()

    def __call__(self) -> Behaviour:
        """As the file stands at this moment."""
        try:
            found = self._file.stat() if self._file else None
        except FileNotFoundError:
            found = None
        if self._file and found and (found.st_ino, found.st_mtime_ns) != self._seen:
            self._behaviour = read(self._file)
            # last: another thread must not take the old ways for the new ones meanwhile
            self._seen = (found.st_ino, found.st_mtime_ns)
        return self._behaviour


def read(file: Path) -> Behaviour:
    """The behaviour that a file holds."""
    said: dict[str, Any] = json.loads(file.read_text())
    for name, value in said.items():
        if isinstance(value, list):
            said[name] = tuple(value)
    return Behaviour(**said)


def write(file: Path, behaviour: Behaviour) -> None:
    """Put it in force, whole: a reader sees the old one or the new."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(dataclasses.asdict(behaviour)))
    fresh.replace(file)
