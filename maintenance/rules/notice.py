"""A time in; what the notice that was promised says against it out."""

from __future__ import annotations

from collections.abc import Iterator

from maintenance import clock, policies
from maintenance.rules.spans import Time
from maintenance.rules.surroundings import Surroundings


def notice(time: Time, around: Surroundings) -> Iterator[str]:
    """Customers hear at least so long ahead as the notice policy promises."""
    last = policies.last_moment_to_book(time.starts_at, around.policy)
    if last < time.now <= time.starts_at:
        yield (
            f"Customers are promised at least {policies.words(around.policy.least)} of notice, so this time "
            f"had to be booked by {clock.words(last)}: choose a later start, or book it as an emergency."
        )
