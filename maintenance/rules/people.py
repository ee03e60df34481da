"""A time in; what the hours and the work of people say against it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from maintenance import bank_time
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import WindowTime


def support(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """Somebody answers customers during the whole window, by a hotline or a chat.

    A service without any cover on record is not asked about. It demands that somebody covers, not that the
    work moves into the day: suggestions do not keep clear of it.
    """
    alone: dict[tuple[datetime, datetime], set[int]] = defaultdict(set)
    for service in around.asked & around.agreed.cover.keys():
        for gap in around.agreed.cover[service].gaps(time):
            alone[gap].add(service)
    for gap, services in sorted(alone.items(), key=lambda item: item[0]):
        when = bank_time.span_words(*gap)
        yield f"Nobody answers customers of {around.network.named(services)} from {when}: say who will."


def staff(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """Nobody works on two windows at once."""
    if not around.staff:
        return
    for other in around.windows.meeting(time):
        both = other.staff & around.staff.keys() if other.window != around.own else ()
        for name in sorted(around.staff[person] for person in both):
            when = bank_time.span_words(other.starts_at, other.ends_at)
            yield f"{name} is already on {other.name}, {when}."
