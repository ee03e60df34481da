"""A time in; what the budgets of notice policies say against it out.

Months and years are those of the bank's calendar. What is booked, approved, under way or over counts, as it
was planned; work that a policy exempts neither counts nor is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from maintenance import bank_time, policies
from maintenance.models import NoticePolicy
from maintenance.rules.context import RuleContext
from maintenance.rules.notice import demanding
from maintenance.rules.spans import Span, WindowTime


@dataclass(frozen=True, slots=True)
class _Period:
    """A month or a year at the bank."""

    name: str
    starts_at: datetime
    ends_at: datetime

    def part(self, of: Span | WindowTime) -> timedelta:
        """How much of something lies in it."""
        return max(min(of.ends_at, self.ends_at) - max(of.starts_at, self.starts_at), timedelta(0))


def windows(asked: WindowTime, around: RuleContext) -> Iterator[str]:
    """A service has no more windows in a month than a policy allows; a window counts where it starts."""
    for promise in demanding(around):
        if (most := promise.policy.most_per_month) is None:
            continue
        month = next(_months(asked))
        for service in sorted(around.asked):
            others = _others(service, promise.policy, month, asked, around)
            named = [held.name for held in others if held.starts_at >= month.starts_at]
            if len(named) >= most:
                name = around.network.services[service].name
                yield (
                    f"{policies.policy_name(promise.policy)} allows {most} of a service in a calendar month, "
                    f"and {name} has {', '.join(named)} in {month.name}: choose another month."
                )


def downtime(asked: WindowTime, around: RuleContext) -> Iterator[str]:
    """A service is not planned to be away for longer in a month, or in a year, than a policy allows."""
    for promise in demanding(around):
        budgets = (
            (promise.policy.downtime_per_month, _months),
            (promise.policy.downtime_per_year, _years),
        )
        for most, periods in budgets:
            if most is not None:
                for period in periods(asked):
                    yield from _exceeding(most, period, promise.policy, asked, around)


def _exceeding(
    most: timedelta, period: _Period, policy: NoticePolicy, asked: WindowTime, around: RuleContext
) -> Iterator[str]:
    for service in sorted(around.asked):
        others = _others(service, policy, period, asked, around)
        planned = sum((period.part(held) for held in others), period.part(asked))
        if planned > most:
            name = around.network.services[service].name
            yield (
                f"{policies.policy_name(policy)} allows {bank_time.length_words(most)} of planned downtime "
                f"of a service in {period.name}, and with this window {name} has "
                f"{bank_time.length_words(planned)}: shorten it, or choose another time."
            )


def _others(
    service: int, policy: NoticePolicy, period: _Period, asked: WindowTime, around: RuleContext
) -> Iterator[Span]:
    """The other windows of a service in a period that count.

    For a window that is only looked at again, those that were there before it: what came later and was too
    much is too much itself, and must not take the place from it.
    """
    for held in around.counted.meeting(WindowTime(period.starts_at, period.ends_at, asked.now)):
        exempt = held.exemption and held.exemption in policy.exempt
        if service in held.services and _counts(held, around) and not exempt:
            yield held


def _counts(held: Span, around: RuleContext) -> bool:
    if not around.again:
        return held.window != around.own
    return (held.window or 0) < (around.own or 0)


def _months(asked: WindowTime) -> Iterator[_Period]:
    """Those that the time touches."""
    first = bank_time.bank_day(asked.starts_at).replace(day=1)
    while (starts_at := bank_time.at_bank(first, time.min)) < asked.ends_at:
        following = (first + timedelta(days=31)).replace(day=1)
        yield _Period(f"{first:%B %Y}", starts_at, bank_time.at_bank(following, time.min))
        first = following


def _years(asked: WindowTime) -> Iterator[_Period]:
    """Those that the time touches."""
    first, last = (bank_time.bank_day(at).year for at in (asked.starts_at, asked.ends_at))
    for year in range(first, last + 1):
        starts_at, ends_at = (bank_time.new_year(each) for each in (year, year + 1))
        if starts_at < asked.ends_at:
            yield _Period(str(year), starts_at, ends_at)
