"""A time in; what speaks against it whatever stands around it, out."""

from __future__ import annotations

from collections.abc import Iterator

from maintenance import bank_time
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import WindowTime


def past(time: WindowTime, _around: RuleContext) -> Iterator[str]:
    """Nothing is planned for a time that has begun."""
    if time.starts_at < time.now:
        yield f"{bank_time.moment_words(time.starts_at)} has passed: choose a later start."


def longest(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """No window is longer than a service allows."""
    for service in sorted(around.asked):
        known = around.network.services[service]
        if known.longest is not None and time.length > known.longest:
            most, length = bank_time.length_words(known.longest), bank_time.length_words(time.length)
            yield f"{known.name} may be away for {most} at most, not for {length}: shorten it, or split it."
