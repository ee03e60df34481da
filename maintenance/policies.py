"""An audience in; the notice it is promised, and what that means for a window's start, out."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings

from maintenance import clock
from maintenance.models import Customer, NoticePolicy


def of(audience: str = Customer.Kind.CUSTOMER) -> NoticePolicy:
    """The policy of an audience with its rules. Raises DoesNotExist with a sentence that says what to do."""
    policy = NoticePolicy.objects.prefetch_related("rules").filter(audience=audience).first()
    if policy is None:
        raise NoticePolicy.DoesNotExist(
            f"Nothing says how much notice a {audience} is promised: add a notice policy in the admin."
        )
    return policy


def due_at(starts_at: datetime, lead: timedelta) -> datetime:
    """When a notice with this lead is due, in UTC.

    A lead of whole days is so many calendar days before the day of the start, as the bank's calendar
    counts them, at NOTICE_HOUR of the bank's clock: for 7 days, Sunday 02:00 is told on the Sunday
    before at 10:00. Any other lead is exact; of zero, it is the start itself.
    """
    if not _whole_days(lead):
        return starts_at - lead
    return clock.at_bank(clock.bank_day(starts_at) - lead, time(settings.NOTICE_HOUR))


def earliest_start(now: datetime, policy: NoticePolicy) -> datetime:
    """The first start, in UTC, whose promised announcement is due after `now` and that keeps the least."""
    least = now + policy.least
    if not _whole_days(policy.promised):
        return max(now + policy.promised, least)
    day = clock.bank_day(now)
    if clock.at_bank(day, time(settings.NOTICE_HOUR)) <= now:
        day += timedelta(days=1)
    return max(clock.at_bank(day + policy.promised, time.min), least)


def last_moment_to_book(starts_at: datetime, policy: NoticePolicy) -> datetime:
    """The last moment at which a window with this start can be booked, and approved, in time."""
    return starts_at - policy.least


def words(lead: timedelta) -> str:
    """`5 days`, `36 hours`."""
    hours = lead.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"


def _whole_days(lead: timedelta) -> bool:
    return lead > timedelta(0) and not lead % timedelta(days=1)
