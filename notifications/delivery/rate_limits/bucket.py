"""A sender in; what its bucket holds, and what was taken from it, out.

Refilling and taking are one conditional UPDATE, by the database's clock: two that take at the same moment
never get the same tokens.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from notifications import sql
from notifications.channels import UNREADABLE, open_channel
from notifications.models import Bucket
from notifications.sql import Sql

LONGEST: Final = 10
"""Segments of the longest SMS: every bucket holds as many, however slow it is filled."""

PATIENCE: Final = 60.0
"""Seconds for one message to show whether a failing provider is well again; over twice the longest call."""

_TABLE: Final = Bucket._meta.db_table
_NUMBER: Final = "CAST(%s AS double precision)"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends at whose wire, and how many segments or mails a second; None: as fast as they are taken."""

    provider: str
    name: str
    rate: float | None

    @property
    def burst(self) -> float:
        """What goes at once after a pause: one second of the rate, and at least the longest message."""
        return max(self.rate or 0.0, float(LONGEST))


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket shows at one moment."""

    tokens: float
    rests: float
    """Seconds until anything may go; also while one message is under way to try a failing provider."""
    failing: bool
    ahead: float
    """Seconds by which it lies in the future."""
    refused: int = 0
    """As `take_from` tells it."""


def sender(channel: str, *, provider: str, name: str) -> Sender:
    """The sender of a channel with the rate that the settings give it; nothing limits the outbox."""
    rate = settings.RATES.get(channel) if provider != "outbox" else None
    return Sender(provider[:20], name[:120], float(rate) if rate else None)


def sender_of(channel: str) -> Sender | None:
    """The one that the settings name for a channel at this moment; None where they cannot be read."""
    try:
        opened = open_channel(channel, 1, demonstration=False)
    except UNREADABLE:
        return None
    with contextlib.closing(opened) as wire:
        return sender(channel, provider=wire.provider, name=wire.sender)


def rows_of(who: Sender) -> QuerySet[Bucket]:
    """Its one row, or none."""
    return Bucket.objects.filter(provider=who.provider, sender=who.name)


def rested_senders(rows: QuerySet[Bucket]) -> QuerySet[Bucket]:
    """Those whose rest is over."""
    return rows.filter(Q(resting_until__isnull=True) | Q(resting_until__lte=sql.now_there()))


def make_bucket(who: Sender) -> None:
    """A new sender begins with a full bucket."""
    new = Bucket(provider=who.provider, sender=who.name, tokens=who.burst, refilled_at=sql.database_now())
    Bucket.objects.bulk_create([new], ignore_conflicts=True)


def take_from(who: Sender, tokens: int, need: float) -> int | None:
    """Refill and take in one statement, or nothing. By hand: the ORM would take longer than the database.

    Returns how many of the sender's messages were refused since one was last taken; None where nothing was.
    """
    now = sql.now_in_sql()
    level = _level(who, now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} SET tokens = {level.sql} - {_NUMBER},"
            f" refilled_at = {sql.greatest('refilled_at', now.sql)}"
            f" WHERE provider = %s AND sender = %s AND {level.sql} >= {_NUMBER} AND failing_since IS NULL"
            f" AND (resting_until IS NULL OR resting_until <= {now.sql}) RETURNING refused",
            [
                *(*level.parameters, tokens, *now.parameters),
                *(who.provider, who.name, *level.parameters, need, *now.parameters),
            ],
        )
        found = cursor.fetchall()
        return int(found[0][0]) if found else None


def try_one(who: Sender, size: int) -> bool:
    """Whether a failing provider is well again is for one message at a time to find out."""
    now = sql.now_there()
    untried = Q(refilled_at__lte=F("resting_until")) | Q(refilled_at__lte=now - timedelta(seconds=PATIENCE))
    rows = rested_senders(rows_of(who)).filter(untried, failing_since__isnull=False)
    left = Greatest(F("tokens") - Value(float(size)), Value(0.0))
    return bool(rows.update(tokens=left, refilled_at=now))


def bucket_level(who: Sender) -> Level:
    """What stands in the way. A sender nobody knows yet is made on the way, with a full bucket."""
    now = sql.now_in_sql()
    level = _level(who, now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {level.sql}, {sql.seconds_between(now.sql, 'resting_until')},"
            f" {sql.seconds_between('refilled_at', now.sql)}, failing_since IS NOT NULL,"
            f" resting_until IS NULL OR refilled_at > resting_until, refused"
            f" FROM {_TABLE} WHERE provider = %s AND sender = %s",
            [*level.parameters, *now.parameters, *now.parameters, who.provider, who.name],
        )
        found = cursor.fetchone()
    if found is None and who.rate is None:
        return Level(who.burst, 0.0, failing=False, ahead=0.0)
    if found is None:
        make_bucket(who)
        return bucket_level(who)
    tokens, rests, since, failing, tried, refused = found
    trying = PATIENCE - since if failing and tried else 0.0
    return Level(tokens, max(rests or 0.0, trying, 0.0), bool(failing), ahead=-since, refused=refused)


def _level(who: Sender, now: Sql) -> Sql:
    """What it holds at this moment. A clock that was set back, or a statement that waited, fills nothing."""
    since = sql.greatest(sql.seconds_between("refilled_at", now.sql), "0")
    filled = sql.least_of(_NUMBER, f"tokens + {_NUMBER} * {since}")
    return Sql(filled, (who.burst, who.rate or 0.0, *now.parameters))
