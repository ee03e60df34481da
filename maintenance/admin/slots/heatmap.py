"""A week by hours in; its heat map, every cell with its colour, its words and its address, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from maintenance import bank_time, rules
from maintenance.slots import Hour, Slot, WeekDay
from maintenance.slots.reasons import percent
from maintenance.templatetags.spans import figure

_STEPS: Final = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Shares of an ordinary hour at which the next colour begins."""
LEGEND: Final = (
    "under 10 %",
    "10 to 25 %",
    "25 to 50 %",
    "50 to 75 %",
    "75 to 100 %",
    "100 to 150 %",
    "150 % and more",
)
_TITLES: Final = {rule.name: rule.title for rule in rules.RULES}
_NAMED: Final = frozenset({"freeze"})
"""Rules that need no mark of their own at a day: what they keep clear stands there by its name."""


@dataclass(frozen=True)
class HeatmapCell:
    """An hour of a day."""

    figure: str
    """Percent of an ordinary hour, without the sign."""
    words: str
    """The same for a screen reader, with the names of the rules that refuse it."""
    title: str
    """Everything about it, for the pointer that rests on it."""
    step: int | None
    """The place of its colour in the legend."""
    refused: bool
    passable: bool
    rank: int | None
    """The place of the suggested slot that begins here."""
    taken: bool
    """Whether a suggested slot lies in it."""
    checked: bool
    address: str


@dataclass(frozen=True)
class HeatmapHead:
    """The head of a day's column: what kind of day it is."""

    day: date
    marks: tuple[str, ...]


@dataclass(frozen=True)
class HourRow:
    """One hour of the clock through the week; None where the clocks skip it."""

    hour: str
    cells: tuple[HeatmapCell | None, ...]


@dataclass(frozen=True)
class Heatmap:
    """Seven days by 24 hours."""

    heads: tuple[HeatmapHead, ...]
    rows: tuple[HourRow, ...]

    @property
    def marked(self) -> bool:
        """Whether any day is more than a day."""
        return any(head.marks for head in self.heads)


def heatmap(
    days: Sequence[WeekDay],
    length: timedelta,
    *,
    ranked: Sequence[Slot],
    checked: datetime | None,
    address: Callable[[datetime], str],
) -> Heatmap:
    """The map of a week, on which the ranked slots are marked; `address` is that of checking a start."""

    def cell(hour: Hour | None) -> HeatmapCell | None:
        if hour is None:
            return None
        ranks = [place for place, slot in enumerate(ranked, 1) if _within(slot.starts_at, hour)]
        return HeatmapCell(
            figure=_figure(hour.share),
            words=_words(hour),
            title=f"{_when(hour)}: {_expected(hour)}{_standing(hour, length)}",
            step=None if hour.share is None else sum(hour.share >= step for step in _STEPS),
            refused=hour.refused,
            passable=hour.passable,
            rank=ranks[0] if ranks else None,
            taken=any(slot.starts_at < hour.ends_at and hour.starts_at < slot.ends_at for slot in ranked),
            checked=checked is not None and _within(checked, hour),
            address=address(hour.starts_at),
        )

    return Heatmap(
        heads=tuple(HeatmapHead(day.day, _marks(day)) for day in days),
        rows=tuple(
            HourRow(f"{hour:02}:00", tuple(cell(day.hours[hour]) for day in days)) for hour in range(24)
        ),
    )


def _within(at: datetime, hour: Hour) -> bool:
    return hour.starts_at <= at < hour.ends_at


def _figure(share: float | None) -> str:
    if share is None:
        return "–"
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def _words(hour: Hour) -> str:
    """What follows the figure."""
    known = "no traffic on record" if hour.share is None else " % of an ordinary hour"
    if not hour.refused:
        return known
    names = dict.fromkeys(_TITLES.get(objection.rule, objection.rule) for objection in hour.objections)
    return f"{known}; {'only with a reason' if hour.passable else 'refused'}: {', '.join(names)}"


def _when(hour: Hour) -> str:
    return bank_time.span_words(hour.starts_at, hour.ends_at)


def _expected(hour: Hour) -> str:
    if hour.share is None:
        return "no traffic on record."
    uses = "" if hour.uses is None else f"{figure(hour.uses)} uses expected, "
    return f"{uses}{percent(hour.share)} of an ordinary hour."


def _standing(hour: Hour, length: timedelta) -> str:
    if not hour.objections:
        return ""
    words = " ".join(objection.words for objection in hour.objections)
    slot = f" A slot of {bank_time.length_words(length)} that begins here"
    if not hour.refused:
        return f"{slot} demands more: {words}"
    return f"{slot} {'needs a reason' if hour.passable else 'is refused'}: {words}"


def _marks(day: WeekDay) -> tuple[str, ...]:
    """Holidays and freezes by name, and the rules that refuse every hour of the day."""
    against = [{objection.rule for objection in hour.objections} for hour in day.hours if hour]
    always = set.intersection(*against) - _NAMED if against else set()
    titles = [title for name, title in _TITLES.items() if name in always]
    return (*day.holidays, *(f"Freeze: {name}" for name in day.freezes), *titles)
