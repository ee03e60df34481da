"""Stretches of time that were read once in; those that a time meets, found fast, out. No models here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Final

_HOUR: Final = timedelta(hours=1)
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WindowTime:
    """When a window would be, and the moment at which customers are, or were, given notice of it."""

    starts_at: datetime
    ends_at: datetime
    now: datetime

    @property
    def length(self) -> timedelta:
        """From its start to its end."""
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Span:
    """A freeze, a critical day or another window: its name for a person, its time, what and who is in it."""

    name: str
    starts_at: datetime
    ends_at: datetime
    services: frozenset[int] = frozenset()
    """Primary keys. For what is kept clear or agreed once for all, none means every service."""
    window: int | None = None
    """The primary key, where it is a window."""
    staff: frozenset[int] = frozenset()
    exemption: str = ""
    """A value of Exemption, or empty."""

    def of(self, services: frozenset[int]) -> bool:
        """Whether it is of one of these services, or of every service."""
        return not self.services or not self.services.isdisjoint(services)


def _order(span: Span) -> tuple[datetime, datetime, str]:
    return span.starts_at, span.ends_at, span.name


class _Alike:
    """Spans of about the same length, in the order of their starts."""

    __slots__ = ("_longest", "_spans", "_starts")

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._starts = [span.starts_at for span in spans]
        self._longest = max(span.ends_at - span.starts_at for span in spans)

    def meeting(self, time: WindowTime) -> Iterator[Span]:
        """Those that start before the time ends, and not so long before it that the longest would be over."""
        earliest = time.starts_at - min(self._longest, time.starts_at - _BEGINNING)
        for index in range(bisect_left(self._starts, earliest), bisect_left(self._starts, time.ends_at)):
            if self._spans[index].ends_at > time.starts_at:
                yield self._spans[index]


class Spans:
    """Spans in the order of their starts, to be asked thousands of times.

    Those of each order of length are kept by themselves: one freeze of many years must not have every night
    of those years looked at, whatever time is asked about.
    """

    __slots__ = ("_alike", "_spans", "_starts")

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans = sorted(spans, key=_order)
        self._starts = [span.starts_at for span in self._spans]
        by_length: dict[int, list[Span]] = defaultdict(list)
        for span in self._spans:
            hours = (span.ends_at - span.starts_at) // _HOUR
            by_length[hours.bit_length() // 2].append(span)
        self._alike = [_Alike(alike) for alike in by_length.values()]

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def meeting(self, time: WindowTime) -> Iterator[Span]:
        """Those that share a moment with the time."""
        return merge(*(alike.meeting(time) for alike in self._alike), key=_order)

    def gaps(self, time: WindowTime) -> list[tuple[datetime, datetime]]:
        """The parts of the time that lie in none of them, in order."""
        found, reached = [], time.starts_at
        for span in self.meeting(time):
            if span.starts_at > reached:
                found.append((reached, span.starts_at))
            reached = max(reached, span.ends_at)
        if reached < time.ends_at:
            found.append((reached, time.ends_at))
        return found

    def next(self, at: datetime, within: timedelta) -> Span | None:
        """The first that starts after an instant, and not later than so long after it."""
        index = bisect_right(self._starts, at)
        found = self._spans[index] if index < len(self._spans) else None
        return found if found and found.starts_at <= at + within else None
