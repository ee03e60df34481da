"""A notice in; whom it must reach, by which road, in which language and wave, out.

Everybody who uses an affected service is a row, the unreachable and the suppressed included, so
that the states of a notice always sum to its audience.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection

from maintenance.models import Customer, Kind, Use
from notifications import database
from notifications.models import DIRECT, Contact, Delivery, Notice, State, Suppression

TOLD: Final = (State.SENDING, State.UNKNOWN, State.SENT, State.DELIVERED)
"""States in which a customer has, or may have, read the words."""

_URGENT_KINDS: Final = frozenset({Kind.CANCELLED, Kind.RESCHEDULED})
"""Customers hold a wrong time until these arrive."""


_CUSTOMER: Final = Customer._meta.db_table
_USE: Final = Use._meta.db_table
_CONTACT: Final = Contact._meta.db_table
_SUPPRESSION: Final = Suppression._meta.db_table
_DELIVERY: Final = Delivery._meta.db_table


_DIRECT: Final = ", ".join(f"'{channel.value}'" for channel in DIRECT)


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters in order. All names in it are ours, all values parameters."""

    sql: str
    parameters: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Count:
    """So many people on one channel in one language would stand in this state."""

    channel: str
    language: str
    state: State
    people: int


def direct_channels(notice: Notice) -> list[str]:
    """The notice's channels with one delivery per person, of those the bank has switched on."""
    return [channel for channel in DIRECT if channel in notice.channels and channel in settings.CHANNELS]


def counts(notice: Notice, *, now: datetime) -> list[Count]:
    """What preparing the notice would make, without making it; broadcasts are not people."""
    if not direct_channels(notice):
        return []
    people = rows(notice, after=0, upto=None, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, language, state, COUNT(*) FROM ({people.sql}) AS person"
            " GROUP BY channel, language, state ORDER BY channel, language, state",
            people.parameters,
        )
        return [Count(channel, language, State(state), n) for channel, language, state, n in cursor]


def size(notice: Notice) -> int:
    """How many people the notice is for, whether or not they can be reached."""
    people = _people(notice, after=0, upto=None)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {_CUSTOMER} c WHERE {people.sql}", people.parameters)
        return int(cursor.fetchone()[0])


def slice_end(notice: Notice, *, customers: int) -> int | None:
    """The last of the next so many customers after the notice's cursor; None where nobody is left."""
    people = _people(notice, after=notice.cursor, upto=None)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT MAX(id) FROM (SELECT c.id FROM {_CUSTOMER} c"
            f" WHERE {people.sql} ORDER BY c.id LIMIT %s) AS slice",
            [*people.parameters, customers],
        )
        last: int | None = cursor.fetchone()[0]
        return last


def rows(notice: Notice, *, after: int, upto: int | None, now: datetime) -> Sql:
    """One row for each person and direct channel of the notice, for `after` < customer id <= `upto`.

    Columns: customer_id, channel, demonstration, language, address_hmac, text_id, priority, state,
    reason, not_before.
    """
    start = max(now, notice.due_at)
    channels = direct_channels(notice)
    mornings = {
        zone: database.stored(Delivery, "not_before", earliest(start, zone))
        for zone in (settings.TIME_ZONE, *_in_use("time_zone", after, upto))
    }
    zones = _values(list(mornings.items()))
    spoken = _values(words(notice, channels, _in_use("language", after, upto)))
    # the bank's own zone and language stand by each road, for who got another one since they were read
    own = words(notice, channels, [settings.LANGUAGE_CODE])
    roads = _values(
        [(channel, text, language, mornings[settings.TIME_ZONE]) for channel, _, text, language in own]
    )
    people = _people(notice, after=after, upto=upto)
    told = _told(notice, "road.channel") if notice.only_told else Sql("1 = 1", ())
    expires = database.stored(Delivery, "expires_at", notice.true_until)
    urgency = 10 if notice.kind in _URGENT_KINDS else 20
    sql = f"""
        WITH zone(name, not_before) AS ({zones.sql}),
             word(channel, reader, text_id, language) AS ({spoken.sql}),
             road(channel, text_id, language, not_before) AS ({roads.sql})
        SELECT c.id AS customer_id, road.channel AS channel, c.demonstration AS demonstration,
               COALESCE(word.language, road.language) AS language, k.address_hmac AS address_hmac,
               COALESCE(word.text_id, road.text_id) AS text_id,
               CASE WHEN c.vulnerable THEN {urgency} ELSE {urgency + 1} END AS priority,
               CASE WHEN k.id IS NULL THEN {State.NO_ADDRESS:d}
                    WHEN s.id IS NOT NULL THEN {State.SUPPRESSED:d}
                    WHEN COALESCE(zone.not_before, road.not_before) >= %s THEN {State.EXPIRED:d}
                    ELSE {State.QUEUED:d} END AS state,
               CASE WHEN k.id IS NULL THEN 'no address on record'
                    WHEN s.id IS NOT NULL THEN s.reason
                    WHEN COALESCE(zone.not_before, road.not_before) >= %s
                    THEN 'quiet hours end too late for these words'
                    ELSE '' END AS reason,
               COALESCE(zone.not_before, road.not_before) AS not_before
          FROM {_CUSTOMER} c
         CROSS JOIN road
          LEFT JOIN zone ON zone.name = c.time_zone
          LEFT JOIN word ON word.channel = road.channel AND word.reader = c.language
          LEFT JOIN {_CONTACT} k ON k.customer_id = c.id AND k.channel = road.channel
          LEFT JOIN {_SUPPRESSION} s ON s.channel = road.channel AND s.address_hmac = k.address_hmac
         WHERE {people.sql} AND {told.sql}
    """
    values = (*zones.parameters, *spoken.parameters, *roads.parameters)
    return Sql(sql, (*values, expires, expires, *people.parameters, *told.parameters))


def earliest(start: datetime, zone: str) -> datetime:
    """The first moment from `start` on at which a customer in this zone may be disturbed.

    Between settings.QUIET_UNTIL and settings.QUIET_FROM o'clock by the customer's own clock.
    """
    local = _local(start, zone)
    if settings.QUIET_UNTIL <= local.hour < settings.QUIET_FROM:
        return start
    day = local.date() + timedelta(days=1 if local.hour >= settings.QUIET_FROM else 0)
    opening = datetime.combine(day, time(settings.QUIET_UNTIL), tzinfo=local.tzinfo)
    return opening.astimezone(start.tzinfo)


def latest(now: datetime, zone: str) -> datetime:
    """The last moment of the day at which a customer in this zone may be disturbed."""
    local = _local(now, zone)
    closing = datetime.combine(local.date(), time(settings.QUIET_FROM), tzinfo=local.tzinfo)
    return closing.astimezone(now.tzinfo)


def _local(moment: datetime, zone: str) -> datetime:
    """By the customer's own clock; by the bank's, where nobody knows the zone."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment.astimezone(ZoneInfo(settings.TIME_ZONE))


def _people(notice: Notice, *, after: int, upto: int | None) -> Sql:
    """The customers `c` the notice is for: users of the window's services, and whoever was told before."""
    services = list(notice.window.impacts.values_list("service_id", flat=True)) or [0]
    uses = Sql(f"c.id IN (SELECT customer_id FROM {_USE} WHERE service_id IN ({_marks(services)}))", services)
    told = _told(notice, _DIRECT)
    who = (
        told if notice.only_told else Sql(f"({uses.sql} OR {told.sql})", (*uses.parameters, *told.parameters))
    )
    bounds = "c.kind = %s AND c.id > %s" + ("" if upto is None else " AND c.id <= %s")
    limits = (notice.audience, after) if upto is None else (notice.audience, after, upto)
    return Sql(f"{bounds} AND {who.sql}", (*limits, *who.parameters))


def _told(notice: Notice, channel: str) -> Sql:
    """Whether an earlier notice of this window may have reached the customer `c` by one of `channel`.

    Written so that both databases look it up by the unique index of notice, channel and customer: the
    plus keeps SQLite from the index by state, and the limit keeps PostgreSQL from a join that it plans
    on what it knew of the table before the notice went out. Either would read it all for each customer.
    """
    earlier = list(
        Notice.objects.filter(window_id=notice.window_id, prepared_at__isnull=False)
        .exclude(pk=notice.pk)
        .values_list("pk", flat=True)
    )
    if not earlier:
        return Sql("1 = 0", ())
    states = ", ".join(str(int(state)) for state in TOLD)
    return Sql(
        f"1 = (SELECT 1 FROM {_DELIVERY} d WHERE d.notice_id IN ({_marks(earlier)})"
        f" AND d.channel IN ({channel}) AND d.customer_id = c.id AND +d.state IN ({states}) LIMIT 1)",
        earlier,
    )


def words(notice: Notice, channels: Sequence[str], readers: Sequence[str]) -> list[tuple[str, str, int, str]]:
    """Which text each reader's language gets on each channel: channel, reader, text, language."""
    texts: dict[str, dict[str, int]] = {channel: {} for channel in channels}
    written = notice.texts.filter(channel__in=channels, variant="").order_by("version", "id")
    for channel, language, pk in written.values_list("channel", "language", "id"):
        texts[channel][language] = pk
    chosen = []
    for channel in channels:
        for reader in readers:
            language = _spoken(reader, texts[channel])
            chosen.append((channel, reader, texts[channel].get(language, 0), language))
    return chosen


def _spoken(reader: str, written: Mapping[str, int]) -> str:
    """The language nearest to a reader's that there are words in: the same, the same without its region,
    the bank's own, any. Before there are words, as if there were all the bank offers.
    """
    offered = list(written) or [code for code, _ in settings.LANGUAGES]
    for candidate in (reader, reader.split("-")[0], settings.LANGUAGE_CODE):
        if candidate in offered:
            return str(candidate)
    return offered[0]


def _in_use(field: str, after: int, upto: int | None) -> list[str]:
    """The distinct languages or zones of these customers: a handful, whatever their number."""
    some = (
        Customer.objects.filter(pk__gt=after)
        if upto is None
        else Customer.objects.filter(pk__gt=after, pk__lte=upto)
    )
    return list(some.order_by(field).values_list(field, flat=True).distinct()) or [""]


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _values(table: Sequence[Sequence[object]]) -> Sql:
    """A VALUES list that is a legal, empty-like table even without rows."""
    rows_sql = ", ".join(f"({_marks(row)})" for row in table)
    return Sql(f"VALUES {rows_sql}", [value for row in table for value in row])
