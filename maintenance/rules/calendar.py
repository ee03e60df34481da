"""A time in; what the times that are kept clear, or kept for maintenance, say against it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from maintenance import bank_time
from maintenance.rules.calendar_data import NEXT
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import Span, WindowTime

_NAMED: Final = 5
"""Broken rows that are named; a file of a thousand of them must not fill every page."""


def freeze(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """Nothing is touched in a freeze of a service, of what depends on it, or of every service."""
    for held in around.agreed.freezes.meeting(time):
        if held.of(around.away):
            when = bank_time.span_words(held.starts_at, held.ends_at)
            yield f"The freeze “{held.name}”{_whose(held, around)} holds from {when}."


def critical(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """On a critical day of a service it is not taken away, nor what it depends on."""
    for day in around.agreed.critical.meeting(time):
        lost = day.services & around.away
        if lost:
            yield f"{day.name}: customers count on {around.network.named(lost)} on that day."


def cutoff(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """A batch, the taking in of salary files and a clearing cut-off need their service, and what it needs."""
    for held in around.agreed.cutoffs.meeting(time):
        lost = held.services & around.away
        if lost:
            when = bank_time.span_words(held.starts_at, held.ends_at)
            yield f"{around.network.named(lost)} must run for the {held.name}, {when}."


def outside_standing_windows(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """A service with standing windows is touched only in them."""
    for service in sorted(around.asked & around.agreed.standing.keys()):
        agreed = around.agreed.standing[service]
        if agreed.gaps(time):
            name = around.network.services[service].name
            coming = agreed.next(time.starts_at, NEXT)
            yield f"This lies outside of the standing windows of {name}{_next(coming)}."


def unreadable_times(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """What repeats and cannot be worked out is left out; whoever books looks for himself when it is."""
    found = [row.words for row in around.agreed.broken if not row.services or row.services & around.away]
    yield from found[:_NAMED]
    if len(found) > _NAMED:
        yield f"{len(found) - _NAMED:,} more rows cannot be worked out and are not considered: mend them."


def _whose(held: Span, around: RuleContext) -> str:
    """Said where the freeze names none of the asked services, but what depends on them."""
    if not held.services or held.services & around.asked:
        return ""
    services = around.network.named(held.services & around.away)
    return f" of {services}, which cannot do without {around.network.named(around.asked)},"


def _next(coming: Span | None) -> str:
    if coming is None:
        return ""
    return f"; the next is “{coming.name}”, {bank_time.span_words(coming.starts_at, coming.ends_at)}"
