"""A time in; what other windows, and what customers are told to use instead, say against it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintenance import bank_time
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import Span, WindowTime


def overlap(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """One service is in one window at a time."""
    for other in _others(time, around):
        same = around.asked & other.services
        if same:
            yield f"{around.network.named(same)}: already in {_when(other)}."


def dependency(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """A service and what it depends on are in one window at a time, at any remove."""
    needs, named = around.network.needs, around.network.named
    for other in _others(time, around):
        same = around.asked & other.services
        for ours in sorted(around.asked - same):
            under = (needs[ours] & other.services) - {ours}
            if under:
                yield f"{named([ours])} depends on {named(under)}, which has {_when(other)}."
            over = {theirs for theirs in other.services - same if ours in needs[theirs]}
            if over:
                yield f"{named(over)}, which has {_when(other)}, depends on {named([ours])}."


def alternative(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """What a notice tells customers to use instead must not be away, nor need what is away, meanwhile."""
    for away, instead in _recommended(around, around.asked):
        if around.network.needs[instead] & around.asked:
            yield _both(around, away, instead, "this same window")
    for held in _others(time, around):
        for away, instead in _recommended(around, around.asked):
            if around.network.needs[instead] & held.services:
                yield _both(around, away, instead, f"{_when(held)},")
        for away, instead in _recommended(around, held.services):
            if around.network.needs[instead] & around.asked:
                yield _both(around, away, instead, f"this window, during {held.name},")


def _others(time: WindowTime, around: RuleContext) -> Iterator[Span]:
    return (held for held in around.windows.meeting(time) if held.window != around.own)


def _when(other: Span) -> str:
    return f"{other.name}, {bank_time.span_words(other.starts_at, other.ends_at)}"


def _recommended(around: RuleContext, services: Iterable[int]) -> Iterator[tuple[int, int]]:
    for away in services:
        for instead in around.network.instead.get(away, ()):
            yield away, instead


def _both(around: RuleContext, away: int, instead: int, where: str) -> str:
    services = around.network.services
    return (
        f"Customers of {services[away].name} are told to use {services[instead].name} instead, "
        f"which {where} takes away at the same time."
    )
