"""The lines of a recurrence (RRULE and EXDATE, RFC 5545) in; what can count its times, or why none can, out.

Stricter than dateutil, which takes what RFC 5545 forbids, and for ever looks for what never comes: a
30 February by the day takes it six seconds, an interval of 0 has no end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from dateutil.rrule import rruleset, rrulestr

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = f"(?:{'|'.join(_WEEKDAYS)})"
_EXCEPTIONS: Final = re.compile(r"EXDATE:(\d{8}T\d{6}(?:,\d{8}T\d{6})*)")
_TOO_OFTEN: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_ANY: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LOOKED_AT: Final = 4_000
"""Days or weeks that are looked at before a rule must have named one: over ten years of days."""
_LAST_YEAR: Final = 9_000


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


def names_none(begin: datetime, recurrence: str) -> bool:
    """Whether a rule by the day or by the week goes on for years without naming one.

    dateutil, which looks at each day until the year 9999, would take seconds to say so.
    """
    return any(
        not any(_named(begin, parts))
        for line in _lines(recurrence)
        if not _EXCEPTIONS.fullmatch(line)
        for parts in [_parts(line)]
        if parts["FREQ"] in ("DAILY", "WEEKLY")
    )


def _lines(recurrence: str) -> list[str]:
    return [line.strip().upper() for line in recurrence.splitlines() if line.strip()]


def _rule(begin: datetime, line: str, zone: tzinfo) -> object:
    parts = _parts(line)
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _local_until(until, zone)
    try:
        return rrulestr(";".join("=".join(part) for part in parts.items()), dtstart=begin)
    except (ValueError, KeyError, TypeError) as error:
        raise NoRecurrence(
            f"“{line[:60]}” is no recurrence rule ({error}): write it like FREQ=MONTHLY;BYDAY=1SU."
        ) from None


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
        at = at.replace(tzinfo=UTC).astimezone(zone)
    return f"{at:%Y%m%dT%H%M%S}"


def _named(begin: datetime, parts: Mapping[str, str]) -> Iterator[bool]:
    """Whether each of the coming days is one that a rule by the day or by the week names."""
    step = int(parts.get("INTERVAL", 1))
    weekly = parts["FREQ"] == "WEEKLY"
    monday = begin - timedelta(days=begin.weekday())
    day = monday if weekly else begin
    for _ in range(_LOOKED_AT):
        days = [day + timedelta(days=number) for number in range(7)] if weekly else [day]
        yield any(each >= begin and _fits(each, begin, parts) for each in days)
        if day.year > _LAST_YEAR:
            return
        day += timedelta(weeks=step) if weekly else timedelta(days=step)


def _fits(day: datetime, begin: datetime, parts: Mapping[str, str]) -> bool:
    weekdays = parts.get("BYDAY", _WEEKDAYS[begin.weekday()] if parts["FREQ"] == "WEEKLY" else "")
    months, numbers = parts.get("BYMONTH", ""), parts.get("BYMONTHDAY", "")
    from_end = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return (
        (not weekdays or _WEEKDAYS[day.weekday()] in weekdays.split(","))
        and (not months or day.month in map(int, months.split(",")))
        and (not numbers or bool({day.day, day.day - from_end.day - 1} & set(map(int, numbers.split(",")))))
    )
