"""A time in; what the times that are kept clear say against it out."""

from __future__ import annotations

from collections.abc import Iterator

from maintenance import clock
from maintenance.rules.spans import Time
from maintenance.rules.surroundings import Surroundings


def past(time: Time, _around: Surroundings) -> Iterator[str]:
    """Nothing is planned for a time that has begun."""
    if time.starts_at < time.now:
        yield f"{clock.words(time.starts_at)} has passed: choose a later start."


def freeze(time: Time, around: Surroundings) -> Iterator[str]:
    """Nothing is touched in a freeze that names one of the services, or none and so means all."""
    for held in around.freezes.meeting(time):
        if held.of(around.asked):
            yield f"The freeze “{held.name}” holds from {clock.span_words(held.starts_at, held.ends_at)}."
