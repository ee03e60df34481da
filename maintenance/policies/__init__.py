"""An audience in; the notice it is promised, and what that means for a window's start, out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.conf import settings

from maintenance import bank_days, bank_time
from maintenance.models import Customer, NoticePolicy
from maintenance.policies.counting import Promise
from maintenance.policies.demands import (
    OWN,
    at_least,
    audience_words,
    daily_words,
    demands,
    lead_words,
    policy_name,
)

__all__ = [
    "OWN",
    "Promise",
    "all_promises",
    "at_least",
    "audience_words",
    "counted_promise",
    "daily_words",
    "demands",
    "due_at",
    "earliest_allowed",
    "earliest_start",
    "is_short",
    "last_moment",
    "lead_words",
    "policy_name",
    "policy_of",
    "promise",
]


def policy_of(audience: str = Customer.Kind.CUSTOMER) -> NoticePolicy:
    """The policy of an audience with its rules. Raises DoesNotExist with a sentence that says what to do."""
    policy = NoticePolicy.objects.prefetch_related("rules").filter(audience=audience).first()
    if policy is None:
        raise NoticePolicy.DoesNotExist(
            f"Nothing says how much notice a {audience} is promised: add a notice policy in the admin."
        )
    return policy


def promise(audience: str = Customer.Kind.CUSTOMER) -> Promise:
    """What an audience is promised, ready to be counted. Raises DoesNotExist as `policy_of` does."""
    return counted_promise(policy_of(audience))


def all_promises() -> tuple[Promise, ...]:
    """What every audience is promised, customers first. Raises DoesNotExist where they have none."""
    found = sorted(
        NoticePolicy.objects.order_by("audience"),
        key=lambda policy: policy.audience != Customer.Kind.CUSTOMER,
    )
    if not found or found[0].audience != Customer.Kind.CUSTOMER:
        policy_of()  # says what to do
    return tuple(counted_promise(policy) for policy in found)


def last_moment(starts_at: datetime, promises: Iterable[Promise], exemption: str = "") -> datetime:
    """The last moment, in UTC, to book and approve this start in time for all of them: the strictest counts.

    Those that an exemption (a value of Exemption) frees are not asked; where all are, it is the start.
    """
    moments = (each.last_moment(starts_at) for each in promises if not each.frees(exemption))
    return min(moments, default=starts_at)


def is_short(starts_at: datetime, now: datetime) -> bool:
    """Whether customers who are first told of this start from `now` on hear inside their least notice.

    Whatever lets it pass: an emergency, an exemption, a rule that the bank has softened.
    """
    return promise().last_moment(starts_at) < now


def earliest_allowed(now: datetime, promises: Iterable[Promise]) -> datetime:
    """The first start, in UTC, that keeps everybody's least notice when it is booked now."""
    return max(each.earliest_allowed(now) for each in promises)


def earliest_start(now: datetime, promises: Iterable[Promise]) -> datetime:
    """The first start, in UTC, that keeps everybody's least notice, and of which all hear when promised."""
    return max(each.earliest_start(now) for each in promises)


def due_at(starts_at: datetime, lead: timedelta) -> datetime:
    """When a notice with this lead is due, in UTC; the announcement, which is promised, see Promise.due_at.

    A lead of whole days is so many calendar days before the day of the start, as the bank's calendar
    counts them, at NOTICE_HOUR of the bank's clock: for 7 days, Sunday 02:00 is told on the Sunday
    before at 10:00. Any other lead is exact; of zero, it is the start itself.
    """
    if lead <= timedelta(0) or lead % timedelta(days=1):
        return starts_at - lead
    return bank_time.at_bank(bank_time.bank_day(starts_at) - lead, time(settings.NOTICE_HOUR))


def counted_promise(policy: NoticePolicy) -> Promise:
    """A policy with the days that it counts in; one query where it counts working days."""
    if policy.unit != NoticePolicy.Unit.WORKING_DAYS:
        return Promise(policy)
    return Promise(policy, bank_days.days_of_country(policy.country or settings.COUNTRY))
