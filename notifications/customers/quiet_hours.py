"""A moment and a customer's time zone in; when that customer may be disturbed, out."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings

from maintenance import bank_time

QUIET_HOURS: Final = "quiet hours of the customer"
"""Why a message was put back that came to its turn while its customer sleeps."""


def earliest_waking(start: datetime, zone: str) -> datetime:
    """The first moment from `start` on at which a customer in this zone may be disturbed.

    Between settings.QUIET_UNTIL and settings.QUIET_FROM o'clock by the customer's own clock.
    """
    local = _local(start, zone)
    if settings.QUIET_UNTIL <= local.hour < settings.QUIET_FROM:
        return start
    day = local.date() + timedelta(days=1 if local.hour >= settings.QUIET_FROM else 0)
    opening = datetime.combine(day, time(settings.QUIET_UNTIL), tzinfo=local.tzinfo)
    return opening.astimezone(start.tzinfo)


def latest_waking(now: datetime, zone: str) -> datetime:
    """The last moment of the day at which a customer in this zone may be disturbed."""
    local = _local(now, zone)
    closing = datetime.combine(local.date(), time(settings.QUIET_FROM), tzinfo=local.tzinfo)
    return closing.astimezone(now.tzinfo)


def _local(moment: datetime, zone: str) -> datetime:
    """By the customer's own clock; by the bank's, where nobody knows the zone."""
    return moment.astimezone(bank_time.zone(zone) or bank_time.bank_zone())
