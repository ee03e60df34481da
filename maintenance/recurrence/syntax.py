"""The lines of a recurrence (RRULE and EXDATE, RFC 5545) in; its rules, or why it is none, out.

Stricter than dateutil, which takes what RFC 5545 forbids: an interval of 0, which has no end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from dateutil.rrule import rrulestr

from maintenance.recurrence.errors import NoRecurrence

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = f"(?:{'|'.join(_WEEKDAYS)})"
_EXCEPTIONS: Final = re.compile(r"EXDATE:(\d{8}T\d{6}(?:,\d{8}T\d{6})*)")
_TOO_OFTEN: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_ANY: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MOST_CHARACTERS: Final = 50_000
"""Two thousand times to leave out."""
_ANY_DAY: Final = datetime(2026, 1, 1)  # noqa: DTZ001  # any day will do to read a rule


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


@dataclass(frozen=True, slots=True)
class Rules:
    """A recurrence that was read: its rules, each as parts by name, and the times to leave out (naive)."""

    rules: tuple[Mapping[str, str], ...]
    left_out: frozenset[datetime]


def parsed_rules(recurrence: str, zone: tzinfo) -> Rules:
    """The rules of a text, whose ends are on the clock of `zone`.

    Raises NoRecurrence. Whether they ever name a time is not looked into.
    """
    if len(recurrence) > _MOST_CHARACTERS:
        raise NoRecurrence(f"Its rule is longer than {_MOST_CHARACTERS:,} characters: write it anew.")
    rules: list[Mapping[str, str]] = []
    left_out: set[datetime] = set()
    for line in _lines(recurrence):
        if exceptions := _EXCEPTIONS.fullmatch(line):
            left_out.update(_time(written) for written in exceptions[1].split(","))
        else:
            rules.append(_rule(line, zone))
    if not rules:
        raise NoRecurrence("Write a rule like FREQ=WEEKLY;BYDAY=SU.")
    return Rules(tuple(rules), frozenset(left_out))


def _lines(recurrence: str) -> list[str]:
    return [line.strip().upper() for line in recurrence.splitlines() if line.strip()]


def _rule(line: str, zone: tzinfo) -> Mapping[str, str]:
    parts = _parts(line)
    if until := parts.get("UNTIL"):
        parts["UNTIL"] = _local_until(until, zone)
    try:
        rrulestr(rule_text(parts), dtstart=_ANY_DAY)
    except (ValueError, KeyError, TypeError) as error:
        raise NoRecurrence(
            f"“{line[:60]}” is no recurrence rule ({error}): write it like FREQ=MONTHLY;BYDAY=1SU."
        ) from None
    return parts


def rule_text(parts: Mapping[str, str]) -> str:
    """A rule as it is written."""
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


def _time(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # on the clock of the rule
    except ValueError:
        raise NoRecurrence(f"“{written}” is no time: write it like 20261225T020000.") from None


def _local_until(until: str, zone: tzinfo) -> str:
    """An end in UTC as the clock of the rule shows it, on which it runs; an end that is a date is whole."""
    at = _time(until.removesuffix("Z") if "T" in until else f"{until}T235959")
    if until.endswith("Z"):
        with suppress(OverflowError):  # the end of the calendar is the same on every clock
            at = at.replace(tzinfo=UTC).astimezone(zone)
    return f"{at:%Y%m%dT%H%M%S}"
