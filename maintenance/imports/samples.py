"""A row of a traffic file in; the moment in UTC and the count, or the reason against the row, out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from maintenance.bank_time import YEARS
from maintenance.imports.csv_rows import Reject

COLUMNS: Final = ("timestamp", "count")

_DATE_CHARACTERS: Final = 10
"""An ISO 8601 text no longer than YYYY-MM-DD has no time of day."""
_NEAR: Final = timedelta(days=1)
_AHEAD: Final = timedelta(hours=1)
"""A sample may begin so long after now: clocks differ, and some name an hour by its end."""
_MOST: Final = 1e12


class Reader:
    """Reads the rows of one file in their order, for a service in `zone`.

    A time without an offset is the zone's own. In the hour that autumn repeats, a time counts for
    its first pass, and for its second if it comes again before that hour is left (in a file with
    the newest row first, the other way round). The hour that spring leaves out is rejected,
    and so is what begins more than an hour after `now`, where that is given.

    `with_offset` and `without_offset` count the times that were taken.
    """

    def __init__(self, zone: ZoneInfo, *, now: datetime | None = None) -> None:
        self._zone = zone
        self._latest = now + _AHEAD if now else None
        self.with_offset = 0
        self.without_offset = 0
        self._last_single: datetime | None = None
        self._passes: dict[datetime, int] = {}

    def __call__(self, values: Sequence[str]) -> tuple[datetime, float]:
        """Read the values of COLUMNS; raises Reject."""
        timestamp, count = values
        return self._at(timestamp), _count(count)

    def _at(self, text: str) -> datetime:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise Reject(f"the timestamp {text!r} is not ISO 8601 like 2026-03-02T09:30") from None
        if len(text) <= _DATE_CHARACTERS:
            raise Reject(f"the timestamp {text!r} has no time of day")
        if at.year not in YEARS:
            raise Reject(f"the timestamp {text!r} is not between {YEARS.start} and {YEARS.stop}")
        moment = at.astimezone(UTC) if at.tzinfo else self._placed(at)
        if self._latest and moment > self._latest:
            raise Reject(f"the timestamp {text!r} is in the future: check its year and its time zone")
        if at.tzinfo:
            self.with_offset += 1
        else:
            self.without_offset += 1
        return moment

    def _placed(self, naive: datetime) -> datetime:
        """The moment at which the zone's clocks showed this time."""
        local = naive.replace(tzinfo=self._zone)
        first, second = _offset(local), _offset(local.replace(fold=1))
        if first < second:
            raise Reject(f"{naive.isoformat()} does not exist in {self._zone.key}: the clocks went forward")
        if first == second:
            self._last_single = naive
            self._passes.clear()
        elif self._second_pass(naive):
            first = second
        return (naive - first).replace(tzinfo=UTC)

    def _second_pass(self, naive: datetime) -> bool:
        earlier = self._passes.get(naive, 0)
        if earlier > 1:
            raise Reject(f"{naive.isoformat()} comes a third time; the clocks went back only once")
        self._passes[naive] = earlier + 1
        before = self._last_single
        newest_first = before is not None and naive < before < naive + _NEAR
        return bool(earlier) is not newest_first


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _count(text: str) -> float:
    try:
        count = float(text)
    except ValueError:
        raise Reject(f"the count {text!r} is not a number like 1250 or 12.5") from None
    if "_" in text or not math.isfinite(count):
        raise Reject(f"the count {text!r} is not a number like 1250 or 12.5")
    if count < 0:
        raise Reject(f"the count {text!r} is negative")
    if count > _MOST:
        raise Reject(f"the count {text!r} is more than any service has")
    return abs(count)  # -0 is 0
