"""A first time and its recurrence rule (RFC 5545) in; the times it names between two instants out.

Rules run on the bank's clock: what begins at 02:00 does so in summer and in winter. A time that the spring
change skips is taken as if the clock had not changed; of one that autumn repeats, the first is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from dateutil.rrule import rruleset, rrulestr

from maintenance import clock

_LINE: Final = re.compile(r"(?:RRULE:)?(FREQ=[A-Z0-9=;,+-]+|[A-Z]+=[A-Z0-9=;,+-]*FREQ=[A-Z0-9=;,+-]+)")
_EXCEPTIONS: Final = re.compile(r"EXDATE:(\d{8}T\d{6}(?:,\d{8}T\d{6})*)")
_UNTIL: Final = re.compile(r"UNTIL=(\d{8}(?:T\d{6})?)(Z?)")
_TOO_OFTEN: Final = ("HOURLY", "MINUTELY", "SECONDLY")


class NoRecurrence(ValueError):
    """A text that is no recurrence rule; the words say what to write."""


def occurrences(
    starts_at: datetime, ends_at: datetime, recurrence: str, first: datetime, last: datetime
) -> list[tuple[datetime, datetime]]:
    """Every time, in UTC, that shares a moment with the span from `first` to `last`, in order.

    `starts_at` and `ends_at` are the first time itself; without a recurrence it is the only one. Raises
    NoRecurrence for a text that is no rule.
    """
    if not recurrence.strip():
        return [(starts_at, ends_at)] if starts_at < last and ends_at > first else []
    zone = clock.bank_zone()
    begin, end = (at.astimezone(zone).replace(tzinfo=None) for at in (starts_at, ends_at))
    length = end - begin  # on the clock: a night shift ends at six whatever the clocks do meanwhile
    after, before = (at.astimezone(zone).replace(tzinfo=None) for at in (first, last))
    found = []
    for local in _rule(begin, recurrence).between(after - length, before, inc=True):
        times = _instant(local), _instant(local + length)
        if times[0] < last and times[1] > first:
            found.append(times)
    return found


def check(recurrence: str) -> None:
    """Raise NoRecurrence, with what to do about it, where the text is no recurrence rule."""
    _rule(datetime(2026, 1, 1), recurrence)  # noqa: DTZ001  # any day will do to read a rule


def _instant(local: datetime) -> datetime:
    return local.replace(tzinfo=clock.bank_zone()).astimezone(UTC)


@lru_cache(maxsize=1024)
def _rule(begin: datetime, recurrence: str) -> rruleset:
    """The rule that begins at a time of the bank's clock (naive)."""
    rules = rruleset(cache=True)
    lines = [line.strip().upper() for line in recurrence.splitlines() if line.strip()]
    if not lines:
        raise NoRecurrence("Write a rule like FREQ=WEEKLY;BYDAY=SU.")
    for line in lines:
        if exceptions := _EXCEPTIONS.fullmatch(line):
            for text in exceptions[1].split(","):
                rules.exdate(datetime.strptime(text, "%Y%m%dT%H%M%S"))  # noqa: DTZ007  # the bank's clock
        elif _LINE.fullmatch(line):
            rules.rrule(_one(begin, line.removeprefix("RRULE:")))  # type: ignore[arg-type]
        else:
            raise NoRecurrence(
                f"“{line[:60]}” is no recurrence rule: write lines like FREQ=WEEKLY;BYDAY=SU, "
                "and EXDATE:20261225T020000 for a time to leave out."
            )
    return rules


def _one(begin: datetime, rule: str) -> object:
    if any(f"FREQ={often}" in rule for often in _TOO_OFTEN):
        raise NoRecurrence("A time repeats daily, weekly, monthly or yearly, not more often than that.")
    try:
        return rrulestr(_UNTIL.sub(_local_until, rule), dtstart=begin)
    except (ValueError, KeyError, TypeError) as error:
        raise NoRecurrence(
            f"“{rule[:60]}” is no recurrence rule ({error}): write it like FREQ=MONTHLY;BYDAY=1SU."
        ) from None


def _local_until(match: re.Match[str]) -> str:
    """UNTIL in UTC as the bank's clock shows it, because the rule runs on that clock; a date is whole."""
    if not match[2]:
        return match[0] if "T" in match[1] else f"UNTIL={match[1]}T235959"
    until = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return f"UNTIL={until.astimezone(clock.bank_zone()):%Y%m%dT%H%M%S}"
