"""Seven days and their entries in; columns of hours, with each entry where the clock shows it, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from maintenance import bank_time
from maintenance.admin.month.entries import CalendarEntry, EntryKind, bank_midnight

_MINUTES: Final = 24 * 60
_LEAST: Final = 30
"""Minutes that a block is drawn with at the least, so that its words can be read."""
_BEHIND: Final = (EntryKind.FREEZE, EntryKind.STANDING)


@dataclass(frozen=True)
class Block:
    """An entry's part in one day, in percent of the day's 24 hours and of its width."""

    entry: CalendarEntry
    top: float
    height: float
    before: bool
    after: bool
    start: float = 0
    width: float = 100


@dataclass(frozen=True)
class Column:
    """One day: what lies behind its hours, and what is to be done in them."""

    day: date
    behind: tuple[Block, ...]
    blocks: tuple[Block, ...]
    clocks_change: bool


def week_columns(week: Sequence[date], entries: Sequence[CalendarEntry]) -> list[Column]:
    """The days of a week with their entries; those of whole days stand above them, not in them."""
    return [_column(day, [entry for entry in entries if entry.first <= day <= entry.last]) for day in week]


def _column(day: date, entries: Sequence[CalendarEntry]) -> Column:
    timed = [entry for entry in entries if entry.timed]
    behind = tuple(_block(entry, day) for entry in timed if entry.kind in _BEHIND)
    before = [_block(entry, day) for entry in timed if entry.kind not in _BEHIND]
    whole = bank_midnight(day + timedelta(days=1)) - bank_midnight(day)
    return Column(day, behind, tuple(_side_by_side(before)), whole != timedelta(days=1))


def _block(entry: CalendarEntry, day: date) -> Block:
    begin, end = _minute(entry.starts_at, day), _minute(entry.ends_at, day)
    # in the hour that autumn repeats, the clock's end may lie before its start
    height = min(max(end - begin, _LEAST), _MINUTES - begin) or _LEAST
    return Block(
        entry,
        top=round(100 * begin / _MINUTES, 3),
        height=round(100 * height / _MINUTES, 3),
        before=entry.first < day,
        after=entry.last > day,
    )


def _minute(at: datetime, day: date) -> int:
    """What the bank's clock shows, in minutes of that day; its edges for another day."""
    local = at.astimezone(bank_time.bank_zone())
    if local.date() != day:
        return 0 if local.date() < day else _MINUTES
    return local.hour * 60 + local.minute


def _side_by_side(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks that share a moment share the width."""
    together: list[Block] = []
    until = 0.0
    for block in sorted(blocks, key=lambda block: (block.top, -block.height)):
        if together and block.top >= until:
            yield from _lanes(together)
            together, until = [], 0.0
        together.append(block)
        until = max(until, block.top + block.height)
    yield from _lanes(together)


def _lanes(together: Sequence[Block]) -> Iterator[Block]:
    ends: list[float] = []
    places = []
    for block in together:
        lane = next((number for number, end in enumerate(ends) if end <= block.top), len(ends))
        ends[lane : lane + 1] = [block.top + block.height]
        places.append(lane)
    for block, lane in zip(together, places, strict=True):
        width = round(100 / len(ends), 3)
        yield Block(block.entry, block.top, block.height, block.before, block.after, lane * width, width)
