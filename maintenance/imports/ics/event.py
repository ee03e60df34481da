"""The parts of one event of a calendar in; the freezes that it stands for out, all of them or none."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from maintenance import recurrence
from maintenance.imports.csv_rows import Reject
from maintenance.imports.ics import recurring
from maintenance.imports.ics.content_lines import Component, Property
from maintenance.imports.ics.recurring import FirstTime, Kept, RepeatingEvent, Single
from maintenance.imports.ics.time_zones import FileTime, FileZones, ics_duration
from maintenance.recurrence import Recurring

_NAME_CHARACTERS: Final = 120
_UID_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class ImportedFreeze:
    """One freeze: times in UTC, with the rule by which it repeats on the bank's clock.

    `uid` is the event's own, or that and a moment for one time of it that stands apart.
    """

    uid: str
    line: int
    name: str
    starts_at: datetime
    ends_at: datetime
    recurrence: str = ""
    remark: str = ""
    """What a person should know of how it was taken."""

    @property
    def recurring(self) -> Recurring:
        """Its times, to be worked out."""
        return Recurring(self.starts_at, self.ends_at, self.recurrence)


@dataclass(frozen=True, slots=True)
class EventFreezes:
    """What one event comes to. A freeze that was imported under its `uids` and is no entry any more goes."""

    uids: tuple[str, ...]
    entries: tuple[ImportedFreeze, ...] = ()


def freezes_of_event(
    parts: Sequence[Component], clocks: FileZones, now: datetime, *, called_off: bool = False
) -> EventFreezes:
    """The freezes of one event: the event first, if the file has it, then the times of it that differ.

    Raises Reject, and RecurrenceError for a rule whose times cannot be worked out.
    """
    for part in parts:
        _check(part)
    event, others = parts[0], parts[1:]
    if event.first("RECURRENCE-ID"):
        return _without_event(parts, clocks, called_off=called_off)
    if called_off or _is_cancelled(event):
        return EventFreezes((_uid(event),))
    moved = [_moved(part, clocks) for part in others if not _is_cancelled(part)]
    repeating = RepeatingEvent(
        _stretch(event, clocks),
        [line.value for line in event.all("RRULE")],
        [*_extra(event, clocks)],
        [*_times(event, "EXDATE", clocks), *(_which(part, clocks) for part in others)],
    )
    own = [_entry(event, each) for each in recurring.kept_recurrence(repeating, now)]
    return EventFreezes((_uid(event),), (*own, *moved))


def _without_event(parts: Sequence[Component], clocks: FileZones, *, called_off: bool) -> EventFreezes:
    """Times of a repeat that the file does not hold, as for somebody who was asked to these alone."""
    if called_off or any(_is_cancelled(part) for part in parts):
        raise Reject("it calls off a time of a repeat that this file does not hold: export the whole repeat")
    entries = [_moved(part, clocks) for part in parts]
    return EventFreezes(tuple(entry.uid for entry in entries), tuple(entries))


def _check(part: Component) -> None:
    if part.fault:
        raise Reject(part.fault)
    if part.all("EXRULE"):
        raise Reject("it leaves out times by a rule of their own (EXRULE), which RFC 5545 gave up")
    which = part.first("RECURRENCE-ID")
    if which and which.parameters.get("RANGE"):
        raise Reject("it changes all later times at once (RANGE): export it again as two events")
    if which and part.all("RRULE"):
        raise Reject("a single time of it repeats in its turn")


def _moved(part: Component, clocks: FileZones) -> ImportedFreeze:
    return _entry(part, Single(_stretch(part, clocks), _which(part, clocks)))


def _entry(part: Component, each: Kept | Single) -> ImportedFreeze:
    name = event_name(part)
    if isinstance(each, Kept):
        if refused := recurrence.too_long("It", each.starts_at, each.ends_at):
            raise Reject(refused)
        return ImportedFreeze(_uid(part), part.line, name, each.starts_at, each.ends_at, each.recurrence)
    suffix = f"#{each.which.at:%Y%m%dT%H%M%SZ}" if each.which else ""
    stretch = each.stretch
    if refused := recurrence.too_long("It", stretch.start.at, stretch.end_at):
        raise Reject(refused)
    return ImportedFreeze(
        _uid(part) + suffix, part.line, name, stretch.start.at, stretch.end_at, remark=each.remark
    )


def _stretch(part: Component, clocks: FileZones) -> FirstTime:
    """From when till when; raises Reject."""
    start = _one(part, "DTSTART", clocks)
    if start is None:
        raise Reject("it has no start (DTSTART)")
    end = _one(part, "DTEND", clocks)
    if end is not None:
        stretch = FirstTime.between(start, end)
    elif duration_ := part.value("DURATION"):
        stretch = FirstTime(start, ics_duration(duration_))
    else:
        stretch = FirstTime.whole_day(start)
    if stretch.end_at <= start.at:
        raise Reject("it does not end after it starts")
    return stretch


def _extra(event: Component, clocks: FileZones) -> Iterator[FirstTime]:
    """Further times of it (RDATE), with their own length where they have one."""
    usual = _stretch(event, clocks).length
    for line in event.all("RDATE"):
        for text in line.value.split(","):
            begins, _, ends = text.partition("/")
            [start] = clocks.times(Property(line.name, line.parameters, begins))
            if ends.upper().startswith("P"):
                yield FirstTime(start, ics_duration(ends))
            elif ends:
                [end] = clocks.times(Property(line.name, line.parameters, ends))
                yield FirstTime.between(start, end)
            else:
                yield FirstTime(start, usual)


def _times(part: Component, name: str, clocks: FileZones) -> list[FileTime]:
    return [time for line in part.all(name) for time in clocks.times(line)]


def _one(part: Component, name: str, clocks: FileZones) -> FileTime | None:
    times = _times(part, name, clocks)
    if len(times) > 1:
        raise Reject(f"it has more than one {name}")
    return times[0] if times else None


def _which(part: Component, clocks: FileZones) -> FileTime:
    """The time of the repeat that this part stands in for."""
    which = _one(part, "RECURRENCE-ID", clocks)
    assert which is not None  # asked only of parts that have one
    return which


def _uid(part: Component) -> str:
    """As it is, or its hash where it is longer than the column has room for."""
    uid = part.value("UID")
    return uid if len(uid) <= _UID_CHARACTERS else f"sha256:{hashlib.sha256(uid.encode()).hexdigest()}"


def event_name(part: Component) -> str:
    spaced = " ".join(part.value("SUMMARY").split())
    name = "".join(letter for letter in spaced if unicodedata.category(letter) != "Cc")
    short = name if len(name) <= _NAME_CHARACTERS else f"{name[: _NAME_CHARACTERS - 1]}…"
    return short or "Without a name"


def _is_cancelled(component: Component) -> bool:
    return component.value("STATUS").upper() == "CANCELLED"
