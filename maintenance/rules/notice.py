"""A time in; what the notice that each audience is promised says against it out.

Every audience's policy speaks for itself, and the strictest of them counts. Work that a policy exempts is
free from all that it demands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time as time_of_day
from datetime import timedelta

from maintenance import bank_time, policies
from maintenance.models import Window
from maintenance.policies import Promise
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import WindowTime


def notice(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """Everybody hears at least so long ahead as the notice policy of their audience promises."""
    for promise in demanding(around):
        last = promise.last_moment(time.starts_at)
        if last < time.now <= time.starts_at:
            yield (
                f"{policies.at_least(promise.policy)}, so this time had to be booked and approved by "
                f"{bank_time.moment_words(last)}: choose a later start, or book it as an emergency."
            )


def moving(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """What an audience was told of is only called off, not moved, once their least notice has begun."""
    window = around.moved
    if window is None or not _may_be_known(window):
        return
    for promise in demanding(around):
        last = promise.last_moment(window.starts_at)
        if promise.policy.only_cancelling_inside and last < time.now:
            yield (
                f"{policies.at_least(promise.policy)}, and since {bank_time.moment_words(last)} this window "
                "may be cancelled, but not moved: cancel it and book a new one."
            )


def daily_hours(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """A window lies in the hours of the day that a policy leaves to maintenance, by the bank's clock."""
    for promise in demanding(around):
        policy = promise.policy
        if policy.not_before and policy.not_after and not _between(policy.not_before, policy.not_after, time):
            yield (
                f"{policies.policy_name(policy)} allows windows only {policies.daily_words(policy)} by the "
                "bank's clock: choose another start, or shorten it."
            )


def longest_length(time: WindowTime, around: RuleContext) -> Iterator[str]:
    """No window is longer than a policy allows."""
    for promise in demanding(around):
        most = promise.policy.longest
        if most is not None and time.length > most:
            yield (
                f"{policies.policy_name(promise.policy)} allows no window of more than "
                f"{bank_time.length_words(most)}, and this is one of "
                f"{bank_time.length_words(time.length)}: shorten it, or split it."
            )


def demanding(around: RuleContext) -> Iterator[Promise]:
    """The promises that hold for this work."""
    return (promise for promise in around.promises if not promise.frees(around.exemption))


def _between(first: time_of_day, last: time_of_day, time: WindowTime) -> bool:
    """Whether the time lies within one day's hours; where they end before they begin, over midnight."""
    day = bank_time.bank_day(time.starts_at)
    for opening in (day, day - timedelta(days=1)):
        closing = opening + timedelta(days=last < first)
        if bank_time.at_bank(opening, first) <= time.starts_at and time.ends_at <= bank_time.at_bank(
            closing, last
        ):
            return True
    return False


def _may_be_known(window: Window) -> bool:
    """A window that was never approved has been announced to nobody."""
    return window.status == Window.Status.APPROVED or window.revision > 1
