"""A channel, a count, a length in; as the sentences of alarms say it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from notifications.operations.queries.backlog import Waiting


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `what` stays the same while it is."""

    what: str
    words: str


def number_of(waiting: Waiting) -> str:
    """What was counted, and whether that is all."""
    return f"{waiting.number:,} or more" if waiting.more else f"{waiting.number:,}"


def length_of(length: timedelta) -> str:
    """Whole seconds, minutes or hours: nobody acts on more."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 2 * 3_600 else f"{seconds // 3_600} h"
