"""How often something repeats, as a person chose it, in; its recurrence rule, and that in words, out."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import models
from django.utils.text import get_text_list

from maintenance import bank_time

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHOWN: Final = 500
"""Characters of a rule; nobody reads more."""
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


class Every(models.TextChoices):
    """The repeats that have a name."""

    NEVER = "", "Never"
    DAY = "day", "Every day"
    WORKWEEK = "workweek", "Every Monday to Friday"
    WEEK = "week", "Every week on this weekday"
    TWO_WEEKS = "two_weeks", "Every two weeks on this weekday"
    MONTH_DATE = "month_date", "Every month on this date"
    MONTH_WEEKDAY = "month_weekday", "Every month on this weekday, as the first Sunday"
    MONTH_LAST = "month_last", "Every month on the last such weekday, as the last Sunday"
    YEAR = "year", "Every year on this date"
    OWN = "own", "By a rule of its own"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A choice, perhaps with its last day, or the text of a rule of its own."""

    every: Every = Every.NEVER
    until: date | None = None
    own: str = ""

    def rule(self, first: date) -> str:
        """RRULE and EXDATE lines for what begins on this day; empty where it does not repeat."""
        if self.every in (Every.NEVER, Every.OWN):
            return self.own.strip() if self.every == Every.OWN else ""
        until = f";UNTIL={self.until:%Y%m%d}" if self.until else ""
        return _rules(first)[self.every] + until


def repeat_of(recurrence: str, starts_at: datetime) -> Repeat:
    """The choice that a recurrence stands for: one with a name where its meaning is the same."""
    try:
        return _choice(recurrence, starts_at)
    except (ValueError, OverflowError):  # a row from before that is no rule: shown as it is written
        return Repeat(Every.OWN, own=recurrence.strip())


def _choice(recurrence: str, starts_at: datetime) -> Repeat:
    lines = recurrence.split()
    if not lines:
        return Repeat()
    first = bank_time.bank_day(starts_at)
    if len(lines) == 1:
        parts = _plain(lines[0], first)
        until = parts.pop("UNTIL", "")
        for every, rule in _rules(first).items():
            if parts == _plain(rule, first):
                return Repeat(every, _last_day(until, starts_at) if until else None)
    return Repeat(Every.OWN, own=recurrence.strip())


def repeat_words(recurrence: str, starts_at: datetime) -> str:
    """`Every month on the first Sunday until 31 December 2027`."""
    try:
        return _said(recurrence, starts_at)
    except (ValueError, OverflowError):  # a row from before that is no rule
        return _as_written(recurrence.split())


def _said(recurrence: str, starts_at: datetime) -> str:
    lines = recurrence.split()
    left_out = sum(line.count(",") + 1 for line in lines if line.upper().startswith("EXDATE"))
    rules = [line for line in lines if not line.upper().startswith("EXDATE")]
    repeat = repeat_of("\n".join(rules), starts_at)
    said, last = _named(bank_time.bank_day(starts_at)).get(repeat.every, ""), repeat.until
    if repeat.every == Every.OWN:
        said, last = _own(rules, starts_at)
    until = f" until {last.day} {last:%B %Y}" if last else ""
    but = f", but for {left_out} time{'s' if left_out > 1 else ''}" if left_out else ""
    return said + until + but


def _own(rules: list[str], starts_at: datetime) -> tuple[str, date | None]:
    """Several weekdays of each week in words, with the last day; anything else as it is written."""
    parts = _plain(rules[0], bank_time.bank_day(starts_at))
    until = parts.pop("UNTIL", "")
    if len(rules) > 1 or parts.keys() != {"FREQ", "BYDAY"} or parts["FREQ"] != "WEEKLY":
        return _as_written(rules), None
    numbers = sorted(_WEEKDAYS.index(day) for day in parts["BYDAY"].split(","))
    names = [day_name[number] for number in numbers]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        said = f"{names[0]} to {names[-1]}"
    else:
        said = f"Every {get_text_list(names, 'and')}"
    return said, _last_day(until, starts_at) if until else None


def _as_written(rules: list[str]) -> str:
    return f"By its own rule: {' and '.join(rules).replace(';', '; ')[:_SHOWN]}"


def _rules(first: date) -> Mapping[Every, str]:
    weekday = _WEEKDAYS[first.weekday()]
    return {
        Every.DAY: "FREQ=DAILY",
        Every.WORKWEEK: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        Every.WEEK: f"FREQ=WEEKLY;BYDAY={weekday}",
        Every.TWO_WEEKS: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}",
        Every.MONTH_DATE: f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        Every.MONTH_WEEKDAY: f"FREQ=MONTHLY;BYDAY={_week(first)}{weekday}",
        Every.MONTH_LAST: f"FREQ=MONTHLY;BYDAY=-1{weekday}",
        Every.YEAR: f"FREQ=YEARLY;BYMONTH={first.month};BYMONTHDAY={first.day}",
    }


def _named(first: date) -> Mapping[Every, str]:
    return {
        Every.NEVER: "Once",
        Every.DAY: "Every day",
        Every.WORKWEEK: "Monday to Friday",
        Every.WEEK: f"Every {first:%A}",
        Every.TWO_WEEKS: f"Every second {first:%A}",
        Every.MONTH_DATE: f"Every month on day {first.day}",
        Every.MONTH_WEEKDAY: f"Every month on the {_ORDINALS[_week(first) - 1]} {first:%A}",
        Every.MONTH_LAST: f"Every month on the last {first:%A}",
        Every.YEAR: f"Every year on {first.day} {first:%B}",
    }


def _week(day: date) -> int:
    return (day.day + 6) // 7


def _last_day(until: str, starts_at: datetime) -> date:
    """The last day on which something may begin that begins at this time of the bank's day."""
    if "T" not in until:
        return datetime.strptime(until, "%Y%m%d").date()  # noqa: DTZ007  # a day has no zone
    zone = bank_time.bank_zone()
    last = datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    if until.endswith("Z"):
        last = last.replace(tzinfo=UTC).astimezone(zone)
    early = last.time() < starts_at.astimezone(zone).time()
    return last.date() - timedelta(days=early)


def _plain(rule: str, first: date) -> dict[str, str]:
    """The parts of a rule, with what follows from its first day, and without what says nothing."""
    parts = dict(part.partition("=")[::2] for part in rule.upper().removeprefix("RRULE:").split(";") if part)
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    if "BYWEEKNO" not in parts and ("INTERVAL" not in parts or "," not in parts.get("BYDAY", "")):
        parts.pop("WKST", None)  # the week's beginning matters only to these
    by = {name for name in parts if name.startswith("BY")}
    match parts.get("FREQ"):
        case "WEEKLY" if "BYDAY" not in by:
            parts["BYDAY"] = _WEEKDAYS[first.weekday()]
        case "MONTHLY" if not by & {"BYDAY", "BYMONTHDAY"}:
            parts["BYMONTHDAY"] = str(first.day)
        case "YEARLY" if not by - {"BYMONTH", "BYMONTHDAY"}:
            parts.setdefault("BYMONTHDAY", str(first.day))
            if by != {"BYMONTHDAY"}:
                parts.setdefault("BYMONTH", str(first.month))
    if "BYDAY" in parts:
        parts["BYDAY"] = ",".join(sorted(day.removeprefix("+") for day in parts["BYDAY"].split(",")))
    return parts
