"""A time in; what the notice that each audience is promised says against it out.

Every audience's policy speaks for itself, and the strictest of them counts. Work that a policy exempts is
free from all that it demands.
"""

from __future__ import annotations

from collections.abc import Iterator

from maintenance import clock, policies
from maintenance.models import Window
from maintenance.policies import Promise
from maintenance.rules.spans import Time
from maintenance.rules.surroundings import Surroundings


def notice(time: Time, around: Surroundings) -> Iterator[str]:
    """Everybody hears at least so long ahead as the notice policy of their audience promises."""
    for promise in demanding(around):
        last = promise.last_moment(time.starts_at)
        if last < time.now <= time.starts_at:
            yield (
                f"{policies.at_least(promise.policy)}, so this time had to be booked by {clock.words(last)}: "
                "choose a later start, or book it as an emergency."
            )


def moving(time: Time, around: Surroundings) -> Iterator[str]:
    """What an audience was told of is only called off, not moved, once their least notice has begun."""
    window = around.moved
    if window is None or not _may_be_known(window):
        return
    for promise in demanding(around):
        last = promise.last_moment(window.starts_at)
        if promise.policy.only_cancelling_inside and last < time.now:
            yield (
                f"{policies.at_least(promise.policy)}, and since {clock.words(last)} this window may be "
                "cancelled, but not moved: cancel it and book a new one."
            )


def demanding(around: Surroundings) -> Iterator[Promise]:
    """The promises that hold for this work."""
    return (promise for promise in around.promises if not promise.frees(around.exemption))


def _may_be_known(window: Window) -> bool:
    """A window that was never approved has been announced to nobody."""
    return window.status == Window.Status.APPROVED or window.revision > 1
