"""An event that repeats in; how the bank can keep it, by a rule on its own clock or as single times, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from maintenance import bank_time, recurrence
from maintenance.imports.csv_rows import Reject
from maintenance.imports.ics.time_zones import FileTime
from maintenance.recurrence import Budget, NoRecurrence, Recurring

AHEAD: Final = timedelta(days=731)
"""How far single times are taken, where a rule cannot be kept."""
MOST_SINGLE: Final = 370
"""Three a week in that time, and some; a daily event on another clock is better written anew."""
_MOST_LEFT_OUT: Final = 1_000
_DAY: Final = timedelta(days=1)
_COMPARED: Final = {"DAILY": 800 * _DAY, "WEEKLY": 1_200 * _DAY}
_COMPARED_ELSE: Final = 28 * 366 * _DAY
"""After 28 years dates fall on the same weekdays again, and the clocks change on the same dates."""
_MOST_COMPARED: Final = 28 * 366 + 1
"""Every day of them."""


@dataclass(frozen=True, slots=True)
class FirstTime:
    """A start and a length: whole days as the clock shows them, the rest as it passes."""

    start: FileTime
    length: timedelta

    @classmethod
    def between(cls, start: FileTime, end: FileTime) -> FirstTime:
        """From start to end; the length is what the clock of the start shows."""
        return cls(start, end.shown_on(start.zone) - start.local)

    @classmethod
    def whole_day(cls, start: FileTime) -> FirstTime:
        """The day of a date; raises Reject for a time that says no more than when it starts."""
        if not start.whole_day:
            raise Reject("it has no length: neither an end (DTEND) nor a DURATION")
        return cls(start, _DAY)

    @property
    def end_at(self) -> datetime:
        """The instant at which it ends."""
        return FileTime(self.start.local + self.length, self.start.zone).at


@dataclass(frozen=True, slots=True)
class RepeatingEvent:
    """An event: its first time, its rules, further times, and those that are left out."""

    first: FirstTime
    rules: Sequence[str]
    extra: Sequence[FirstTime]
    left_out: Sequence[FileTime]


@dataclass(frozen=True, slots=True)
class Single:
    """One time that stands apart; `which` it is of its event, None for the event itself."""

    stretch: FirstTime
    which: FileTime | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The event itself, in UTC, with its rule on the bank's clock."""

    starts_at: datetime
    ends_at: datetime
    recurrence: str


def kept_recurrence(event: RepeatingEvent, now: datetime) -> list[Kept | Single]:
    """How the bank can keep it; raises Reject, or RecurrenceError where its times cannot be worked out."""
    if len(event.left_out) > _MOST_LEFT_OUT:
        raise Reject(f"more than {_MOST_LEFT_OUT:,} of its times are left out")
    left_out = {_on_day_of(time, event.first).at for time in event.left_out}
    found: list[Kept | Single] = []
    if event.rules:
        found += _ruled(event, now)
    elif event.first.start.at not in left_out:
        found.append(Single(event.first, None))
    extra = {stretch.start.at: stretch for stretch in event.extra}
    extra.pop(event.first.start.at, None)
    return found + [Single(extra[at], extra[at].start) for at in sorted(extra) if at not in left_out]


def _ruled(event: RepeatingEvent, now: datetime) -> Iterator[Kept | Single]:
    """Its rule on the bank's clock, or single times; and a first time that is not of the rule."""
    first, zone, here = event.first, event.first.start.zone, bank_time.bank_zone()
    rules = [_until_in_utc(rule.strip().upper(), first.start) for rule in event.rules]
    recurrence.check_recurrence("\n".join(rules), first.start.at, first.end_at, zone=zone)
    ruled = Recurring(first.start.at, first.end_at, "\n".join(rules), zone)
    begin = recurrence.coming_times(ruled, first.start.at, 1)
    if not begin:
        raise NoRecurrence("its rule never names a time")
    left_out = [_on_day_of(time, first) for time in event.left_out]
    if begin[0][0] != first.start.at and first.start.at not in {time.at for time in left_out}:
        yield Single(first, first.start)  # RFC 5545 counts it, whatever the rule says
    own, ours = (
        "\n".join([*rules, *(f"EXDATE:{time.shown_on(on):%Y%m%dT%H%M%S}" for time in left_out)])
        for on in (zone, here)
    )
    if zone == here or _same(begin[0], own, ours, zone, now):
        yield Kept(*begin[0], ours)
    else:
        yield from _single_times(begin[0], own, zone, now)


def _until_in_utc(rule: str, start: FileTime) -> str:
    """An end on another clock as an instant: the rule is about to be read on the bank's."""
    name, found, end = rule.partition("UNTIL=")
    until, semicolon, rest = end.partition(";")
    if not found or until.endswith("Z") or start.whole_day or start.zone == bank_time.bank_zone():
        return rule
    try:
        local = datetime.strptime(until if "T" in until else f"{until}T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise Reject(f"its rule ends at “{until[:30]}”, which is no time") from None
    return f"{name}UNTIL={FileTime(local, start.zone).at:%Y%m%dT%H%M%SZ}{semicolon}{rest}"


def _same(begin: tuple[datetime, datetime], own: str, ours: str, zone: tzinfo, now: datetime) -> bool:
    """Whether the bank's clock shows the same times, as long as it takes to be sure."""
    longest = max(
        _COMPARED.get(line.partition("FREQ=")[2].split(";")[0], _COMPARED_ELSE) for line in own.split()
    )
    since = max(now, begin[0])
    ahead = (since, since + longest)
    here, there = (
        recurrence.occurrences(Recurring(*begin, rule, on), *ahead, budget=Budget(times=_MOST_COMPARED))
        for rule, on in ((ours, bank_time.bank_zone()), (own, zone))
    )
    return here == there


def _single_times(
    begin: tuple[datetime, datetime], own: str, zone: tzinfo, now: datetime
) -> Iterator[Single]:
    times = recurrence.occurrences(Recurring(*begin, own, zone), now, now + AHEAD)
    name = getattr(zone, "key", None) or str(zone)
    if len(times) > MOST_SINGLE:
        raise Reject(
            f"it repeats on the clock of {name}, not of the bank, and too often to be taken as single times: "
            "write it by the bank's clock"
        )
    until = bank_time.day_words(bank_time.bank_day(now + AHEAD))
    remark = f"Repeats on the clock of {name}: taken as single times until {until}."
    for starts_at, ends_at in times:
        start = FileTime(starts_at.replace(tzinfo=None), UTC)
        yield Single(FirstTime(start, ends_at - starts_at), start, remark)


def _on_day_of(time: FileTime, first: FirstTime) -> FileTime:
    """A date that leaves out a time of the day means the one on that date."""
    if time.whole_day and not first.start.whole_day:
        return FileTime(datetime.combine(time.local, first.start.local.time()), first.start.zone)
    return time
