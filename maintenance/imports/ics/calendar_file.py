"""An iCalendar file (RFC 5545) in; the freezes of its events, and rejected events with reasons, out.

An event is taken whole, with all its exceptions, or not at all. A rule runs on the bank's clock: one on
another clock is kept where both show the same times, and else taken as single times, two years ahead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from maintenance.imports.csv_rows import Reject
from maintenance.imports.ics import content_lines, event
from maintenance.imports.ics.content_lines import Component
from maintenance.imports.ics.event import EventFreezes
from maintenance.imports.ics.time_zones import FileZones
from maintenance.imports.text_files import Unreadable
from maintenance.recurrence import Budget, RecurrenceError

MOST_FREEZES: Final = 5_000
_CPU: Final = timedelta(seconds=30)
"""For the events of a whole file; 5,000 that repeat take five."""
_UNREAD: Final = ("VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event that was not taken: where it begins, what it is called, and why."""

    line: int
    uid: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What a file holds."""

    events: Sequence[EventFreezes]
    rejected: Sequence[RejectedEvent]


def parsed_calendar(content: bytes, name: str, *, now: datetime) -> CalendarFile:
    """Read a whole file; raises Unreadable, with what to do, where it cannot be taken at all.

    From `now` on, single times are taken for two years where a rule cannot be kept.
    """
    found = content_lines.components(content, name)
    called_off = any(each.kind == "VCALENDAR" and each.value("METHOD").upper() == "CANCEL" for each in found)
    clocks = FileZones(each for each in found if each.kind == "VTIMEZONE")
    events: list[EventFreezes] = []
    count = 0
    budget = Budget(cpu=_CPU)
    rejected = [_refused(each, "only events are read") for each in found if each.kind in _UNREAD]
    for parts in _events(found, rejected):
        try:
            events.append(event.freezes_of_event(parts, clocks, now, called_off=called_off))
            count += len(events[-1].entries)
        except (Reject, RecurrenceError) as reason:
            rejected.append(_refused(parts[0], str(reason)))
        if count > MOST_FREEZES:
            raise Unreadable(f"{name} comes to more than {MOST_FREEZES:,} freezes: export fewer days of it.")
        if not budget.is_left():
            raise Unreadable(f"{name} takes too long to read: export fewer events of it.")
    if not (events or rejected):
        raise Unreadable(f"{name} is a calendar without an event.")
    return CalendarFile(events, sorted(rejected, key=lambda each: each.line))


def _events(found: Iterable[Component], rejected: list[RejectedEvent]) -> Iterable[list[Component]]:
    """The parts of each event: the event first, if the file has it, then the times that differ from it."""
    parts: dict[str, dict[str, Component]] = defaultdict(dict)
    for component in found:
        if component.kind != "VEVENT":
            continue
        uid = component.value("UID")
        if not uid:
            reason = component.fault or "it has no UID, so that a second import would double it"
            rejected.append(_refused(component, reason))
            continue
        which = component.value("RECURRENCE-ID")
        earlier = parts[uid].get(which)
        if earlier is None:
            parts[uid][which] = component
            continue
        older, newer = sorted((earlier, component), key=_version)
        parts[uid][which] = newer
        rejected.append(_refused(older, f"line {newer.line} has a later version of it, under the same UID"))
    for group in parts.values():
        yield sorted(group.values(), key=lambda part: (part.first("RECURRENCE-ID") is not None, part.line))


def _version(component: Component) -> tuple[int, str, int]:
    sequence = component.value("SEQUENCE")
    return (int(sequence) if sequence.isdecimal() else 0, component.value("DTSTAMP"), component.line)


def _refused(part: Component, reason: str) -> RejectedEvent:
    return RejectedEvent(part.line, part.value("UID")[:80], event.event_name(part), reason)
