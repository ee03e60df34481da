"""The lines of a recurrence (RRULE and EXDATE, RFC 5545) in; what can count its times, or why none can, out.

Stricter than dateutil, which takes what RFC 5545 forbids, and for ever looks for what never comes: a
30 February by the day takes it six seconds, an interval of 0 has no end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Final

from dateutil.rrule import rruleset, rrulestr

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = f"(?:{'|'.join(_WEEKDAYS)})"
_EXCEPTIONS: Final = re.compile(r"EXDATE:(\d{8}T\d{6}(?:,\d{8}T\d{6})*)")
_TOO_OFTEN: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_ANY: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LATE: Final = 9_900
"""A year so late that only a century is left of those that dateutil counts."""


class NoRecurrence(ValueError):
    """A text that is no recurrence rule; the words say what to write."""


def _list(one: str) -> str:
    return rf"{one}(?:,{one})*"


_PARTS: Final[Mapping[tuple[str, str], re.Pattern[str]]] = {
    (name, frequency): re.compile(value)
    for name, value, frequencies in (
        ("FREQ", r"[A-Z]+", _ANY),
        ("INTERVAL", r"[1-9]\d{0,2}", _ANY),
        ("COUNT", r"[1-9]\d{0,3}", _ANY),
        ("UNTIL", r"\d{8}(?:T\d{6}Z?)?", _ANY),
        ("WKST", _DAY, _ANY),
        ("BYMONTH", _list(r"(?:0?[1-9]|1[0-2])"), _ANY),
        ("BYMONTHDAY", _list(r"[+-]?(?:0?[1-9]|[12]\d|3[01])"), ("DAILY", "MONTHLY", "YEARLY")),
        ("BYDAY", _list(_DAY), ("DAILY", "WEEKLY")),
        ("BYDAY", _list(rf"(?:[+-]?[1-5])?{_DAY}"), ("MONTHLY",)),
        ("BYDAY", _list(rf"(?:[+-]?[1-9]\d?)?{_DAY}"), ("YEARLY",)),
        ("BYYEARDAY", _list(r"[+-]?[1-9]\d{0,2}"), ("YEARLY",)),
        ("BYWEEKNO", _list(r"[+-]?[1-9]\d?"), ("YEARLY",)),
        ("BYSETPOS", _list(r"[+-]?[1-9]\d?"), ("WEEKLY", "MONTHLY", "YEARLY")),
        # one time of the day: what happens twice a day is two things
        ("BYHOUR", r"\d{1,2}", _ANY),
        ("BYMINUTE", r"\d{1,2}", _ANY),
        ("BYSECOND", r"\d{1,2}", _ANY),
    )
    for frequency in frequencies
}


def read(begin: datetime, recurrence: str, zone: tzinfo) -> rruleset:
    """The times of a recurrence that begins at `begin` (naive, on the clock of `zone`).

    Raises NoRecurrence. Whether it ever names a time is not looked into: see `names_none`.
    """
    rules = rruleset(cache=True)
    named = 0
    for line in _lines(recurrence):
        if exceptions := _EXCEPTIONS.fullmatch(line):
            for text in exceptions[1].split(","):
                rules.exdate(_time(text))
        else:
            rules.rrule(_rule(begin, line, zone))  # type: ignore[arg-type]
            named += 1
    if not named:
        raise NoRecurrence("Write a rule like FREQ=WEEKLY;BYDAY=SU.")
    return rules


def names_none(begin: datetime, recurrence: str, zone: tzinfo) -> bool:
    """Whether one of its rules names no time at all, in a century or more; raises NoRecurrence."""
    return any(
        not _first(begin, line, zone) for line in _lines(recurrence) if not _EXCEPTIONS.fullmatch(line)
    )


def _first(begin: datetime, line: str, zone: tzinfo) -> datetime | None:
    """The first time that a rule names.

    Asked for a date at the end of dateutil's years, where it soon gives up. After 400 years the calendar
    is the same again, weekdays and leap days included.
    """
    years = 400 * ((_LATE - begin.year) // 400)
    parts = _parts(line)
    until = _time(_local_until(parts.pop("UNTIL"), zone)) if "UNTIL" in parts else None
    rule = rrulestr(_text(parts), dtstart=begin.replace(year=begin.year + years))
    try:
        found: datetime | None = next(iter(rule), None)
    except IndexError:  # dateutil's answer to the sixth Monday of a month
        return None
    first = found and found.replace(year=found.year - years)
    return None if first and until and first > until else first


def _lines(recurrence: str) -> list[str]:
    return [line.strip().upper() for line in recurrence.splitlines() if line.strip()]


def _rule(begin: datetime, line: str, zone: tzinfo) -> object:
    parts = _parts(line)
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _local_until(until, zone)
    try:
        return rrulestr(_text(parts), dtstart=begin)
    except (ValueError, KeyError, TypeError) as error:
        raise NoRecurrence(
            f"“{line[:60]}” is no recurrence rule ({error}): write it like FREQ=MONTHLY;BYDAY=1SU."
        ) from None


def _text(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _parts(line: str) -> dict[str, str]:
    """The parts of one rule, each allowed at its frequency."""
    pairs = [part.partition("=")[::2] for part in line.removeprefix("RRULE:").rstrip(";").split(";")]
    parts = dict(pairs)
    frequency = parts.get("FREQ", "")
    if frequency in _TOO_OFTEN:
        raise NoRecurrence("A time repeats daily, weekly, monthly or yearly, not more often than that.")
    if len(parts) < len(pairs) or {"COUNT", "UNTIL"} <= parts.keys() or frequency not in _ANY:
        raise _refused(line)
    for name, value in pairs:
        if not (allowed := _PARTS.get((name, frequency))) or not allowed.fullmatch(value):
            raise _refused(line, f"{name}={value}")
    return parts


def _refused(line: str, part: str = "") -> NoRecurrence:
    fault = f" (“{part[:40]}” cannot stand in it)" if part else ""
    return NoRecurrence(
        f"“{line[:60]}” is no recurrence rule{fault}: write lines like FREQ=WEEKLY;BYDAY=SU, "
        "and EXDATE:20261225T020000 for a time to leave out."
    )


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # on the clock of the rule
    except ValueError:
        raise NoRecurrence(f"“{text}” is no time: write it like 20261225T020000.") from None


def _local_until(until: str, zone: tzinfo) -> str:
    """An end in UTC as the clock of the rule shows it, on which it runs; an end that is a date is whole."""
    at = _time(until.removesuffix("Z") if "T" in until else f"{until}T235959")
    if until.endswith("Z"):
        with suppress(OverflowError):  # the end of the calendar is the same on every clock
            at = at.replace(tzinfo=UTC).astimezone(zone)
    return f"{at:%Y%m%dT%H%M%S}"
