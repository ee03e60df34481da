"""The bytes of an iCalendar file (RFC 5545) in; its components, each with the line it begins on, out.

Events are taken apart one by one, so that a broken one costs no other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from icalendar.parser import Contentline

from maintenance.imports.text_files import Unreadable

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_EVENTS: Final = 2_000
_READ: Final = frozenset(
    (
        *("UID", "SUMMARY", "STATUS", "SEQUENCE", "DTSTAMP", "RECURRENCE-ID", "METHOD"),
        *("DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "TZID", "X-LIC-LOCATION"),
    )
)
_END_OF_LINE: Final = re.compile(r"\r\n|\n|\r")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a component; its text is unescaped."""

    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END, without what is nested in it; `fault` where it cannot be read."""

    kind: str
    line: int
    properties: list[Property] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    """Its lines, with those of what is nested in it."""
    fault: str = ""

    def all(self, name: str) -> list[Property]:
        """Every property of that name."""
        return [found for found in self.properties if found.name == name]

    def first(self, name: str) -> Property | None:
        """The property of that name, if there is one."""
        return next(iter(self.all(name)), None)

    def value(self, name: str) -> str:
        """The text of a property, or empty."""
        found = self.first(name)
        return found.value.strip() if found else ""


def components(content: bytes, name: str) -> list[Component]:
    """Everything directly below the calendar, and the calendar itself first; raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"{name} is larger than {MOST_BYTES // 1024**2} MB: export fewer days of it.")
    text = _text(content, name)
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise Unreadable(f"{name} is not a calendar: its first line must be BEGIN:VCALENDAR.")
    found = list(_taken_apart(_unfolded(text), name))
    if sum(each.kind == "VEVENT" for each in found) > MOST_EVENTS:
        raise Unreadable(f"{name} has more than {MOST_EVENTS:,} entries: export fewer days of it.")
    return found


def _text(content: bytes, name: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:200]:
        raise Unreadable(f"{name} is not UTF-8: export it again as an iCalendar file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"{name} is not UTF-8 (line {line}): export it again as an iCalendar file."
        ) from None


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number; one that begins with a blank belongs to the one before (RFC 5545, 3.1)."""
    number = 0
    parts: list[str] = []
    for count, line in enumerate(_END_OF_LINE.split(text), 1):
        if line.startswith((" ", "\t")) and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield number, "".join(parts)
        number, parts = count, [line] if line.strip() else []
    if parts:
        yield number, "".join(parts)


def _taken_apart(lines: Iterator[tuple[int, str]], name: str) -> Iterator[Component]:
    """A component is given out when it ends, the calendar itself when it begins."""
    calendar: Component | None = None
    open_: list[Component] = []
    for number, line in lines:
        verb, _, kind = line.strip().upper().partition(":")
        if verb == "BEGIN":
            if calendar is None and kind == "VCALENDAR":
                calendar = Component(kind, number)
                yield calendar
                continue
            open_.append(Component(kind, number))
        if open_:
            open_[0].text.append(line)
        if verb == "END":
            if open_ and (done := _ended(open_, kind)):
                yield done
            if kind == "VCALENDAR":
                calendar = None
        elif verb != "BEGIN" and (at := open_[-1] if open_ else calendar):
            _take(at, line)
    if open_ or calendar:
        raise Unreadable(f"{name} is cut off: it ends before END:VCALENDAR. Export it again.")


def _ended(open_: list[Component], kind: str) -> Component | None:
    """The outermost component, when it is the one that ends; with what it leaves open within itself."""
    outer, ends = open_[0], kind
    while open_:
        inner = open_.pop()
        if inner.kind == ends:
            break
        outer.fault = outer.fault or f"BEGIN:{inner.kind} is ended by END:{kind}"
    return None if open_ else outer


def _take(component: Component, line: str) -> None:
    named = _NAME.match(line)
    if not named or named[0].upper() not in _READ:
        return
    try:
        name, parameters, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
    except ValueError:
        component.fault = component.fault or f"“{line[:60]}” cannot be read"
        return
    plain = {key.upper(): _plain(given) for key, given in parameters.items()}
    component.properties.append(Property(name.upper(), plain, value))


def _plain(given: str | Sequence[str]) -> str:
    return given if isinstance(given, str) else ",".join(given)
