"""Moments in; how much of the time between them customers may be disturbed, out.

By the bank's clock, though each customer has their own: an approximation, and said to be one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings

from maintenance import bank_time

FARTHEST: Final = timedelta(days=3 * 365)
"""Nobody waits so long: what is later is not worked out."""


def waking_moment(at: datetime) -> datetime:
    """This moment, or the next morning where it lies in the quiet hours."""
    opens, closes = _day(at)
    return max(at, opens) if at < closes else _day(opens + timedelta(days=1))[0]


def end_of_sending(start: datetime, lasts: timedelta) -> datetime:
    """The end of so much sending, stopped each night."""
    at, farthest = waking_moment(start), start + FARTHEST
    while at < farthest:
        closes = _day(at)[1]
        if at + lasts <= closes:
            return at + lasts
        lasts -= closes - at
        at = waking_moment(closes)
    return at


def waking_time_between(start: datetime, end: datetime) -> timedelta:
    """How much of this time is no night."""
    length, at = timedelta(), max(start, end - FARTHEST)
    while at < end:
        at = waking_moment(at)
        closes = _day(at)[1]
        length += max(min(closes, end) - at, timedelta())
        at = closes
    return length


def _day(at: datetime) -> tuple[datetime, datetime]:
    """From when until when customers may be disturbed on the day of this moment."""
    day = bank_time.bank_day(at)
    return bank_time.at_bank(day, time(settings.QUIET_UNTIL)), bank_time.at_bank(
        day, time(settings.QUIET_FROM)
    )
