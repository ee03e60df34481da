"""A notice in; whom it must reach, by which road, in which language and wave, out.

Everybody who uses an affected service is a row, the unreachable and the suppressed included, so
that the states of a notice always sum to its audience.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection

from maintenance.models import Customer, NoticeKind
from notifications import sql
from notifications.channels import direct_names
from notifications.customers import quiet_hours
from notifications.models import Contact, Delivery, Notice, Priority, State, Suppression, WaitsFor
from notifications.planning.audience import ranges
from notifications.planning.audience.ranges import Span
from notifications.sql import Sql

_URGENT_KINDS: Final = frozenset({NoticeKind.CANCELLED, NoticeKind.RESCHEDULED})
"""Customers hold a wrong time until these arrive."""
_WAVES: Final = {
    True: (Priority.URGENT_VULNERABLE, Priority.URGENT),
    False: (Priority.ROUTINE_VULNERABLE, Priority.ROUTINE),
}
"""Urgent or not: the priority of the vulnerable, and of the others."""

_CUSTOMER: Final = Customer._meta.db_table
_CONTACT: Final = Contact._meta.db_table
_SUPPRESSION: Final = Suppression._meta.db_table

_NOT_BEFORE: Final = "COALESCE(zone.not_before, road.not_before)"
_STATE: Final = (
    f"CASE WHEN k.id IS NULL THEN {State.NO_ADDRESS:d} WHEN s.id IS NOT NULL THEN {State.SUPPRESSED:d}"
    f" WHEN {_NOT_BEFORE} >= %s THEN {State.EXPIRED:d} ELSE {State.QUEUED:d} END"
)
_REASON: Final = (
    "CASE WHEN k.id IS NULL THEN 'no address on record' WHEN s.id IS NOT NULL THEN s.reason"
    f" WHEN {_NOT_BEFORE} >= %s THEN 'quiet hours end too late for these words' ELSE '' END"
)


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """So many people on one channel in one language would stand in this state."""

    channel: str
    language: str
    state: State
    people: int
    about: bool = False
    """Only some of them were looked at, and each stands for many."""


def direct_channels(notice: Notice) -> list[str]:
    """The notice's channels with one delivery per person, of those the bank has switched on."""
    return [
        channel for channel in direct_names() if channel in notice.channels and channel in settings.CHANNELS
    ]


def audience_counts(notice: Notice, *, now: datetime) -> list[AudienceCount]:
    """What preparing the notice would make, without making it; broadcasts are not people.

    Of very many people only some are looked at, so that nobody waits for the page.
    """
    if not direct_channels(notice):
        return []
    looked_at = ranges.audience_sample(notice)
    people = audience_rows(notice, looked_at.spans, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, language, state, COUNT(*) FROM ({people.sql}) AS person"
            " GROUP BY channel, language, state ORDER BY channel, language, state",
            people.parameters,
        )
        return [
            AudienceCount(channel, language, State(state), n * looked_at.each, about=looked_at.each > 1)
            for channel, language, state, n in cursor
        ]


def audience_size(notice: Notice) -> int:
    """How many people the notice is for, whether or not they can be reached; about, where very many."""
    looked_at = ranges.audience_sample(notice)
    place = ranges.within_spans("c.id", looked_at.spans)
    people = ranges.members_sql(notice, looked_at.spans)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COUNT(*) FROM {_CUSTOMER} c"
            f" WHERE {place.sql} AND c.kind = %s AND c.id IN ({people.sql})",
            [*place.parameters, notice.audience, *people.parameters],
        )
        return int(cursor.fetchone()[0]) * looked_at.each


def audience_rows(notice: Notice, spans: Sequence[Span], *, now: datetime) -> Sql:
    """One row for each person and direct channel of the notice, for customers in these spans.

    Columns: customer_id, channel, demonstration, language, address_hmac, text_id, priority, state,
    reason, not_before, waits_for.
    """
    start = max(now, notice.due_at)
    known = _known(notice, spans, start=start)
    if notice.only_told:
        people = ranges.told_by(notice, direct_channels(notice), spans)
        road = "road.channel = person.channel"
    else:
        people, road = ranges.members_sql(notice, spans), "1 = 1"
    customers, contacts = (
        ranges.within_spans("c.id", spans),
        ranges.within_spans("k.customer_id", spans),
    )
    expires = sql.stored_value(Delivery, "expires_at", notice.true_until)
    at = sql.stored_value(Delivery, "not_before", start)
    first, then = _WAVES[notice.kind in _URGENT_KINDS]
    statement = f"""
        WITH {known.sql}
        SELECT c.id AS customer_id, road.channel AS channel, c.demonstration AS demonstration,
               COALESCE(word.language, road.language) AS language, k.address_hmac AS address_hmac,
               COALESCE(word.text_id, road.text_id) AS text_id,
               CASE WHEN c.vulnerable THEN {first:d} ELSE {then:d} END AS priority,
               {_STATE} AS state, {_REASON} AS reason, {_NOT_BEFORE} AS not_before,
               CASE WHEN {_NOT_BEFORE} > %s THEN {WaitsFor.MORNING:d}
                    ELSE {WaitsFor.NOTHING:d} END AS waits_for
          FROM ({people.sql}) AS person
          LEFT JOIN {_CUSTOMER} c ON c.id = person.customer_id AND {customers.sql} AND c.kind = %s
          JOIN road ON {road}
          LEFT JOIN zone ON zone.name = c.time_zone
          LEFT JOIN word ON word.channel = road.channel AND word.reader = c.language
          LEFT JOIN {_CONTACT} k ON k.customer_id = c.id AND k.channel = road.channel AND {contacts.sql}
          LEFT JOIN {_SUPPRESSION} s ON s.channel = road.channel AND s.address_hmac = k.address_hmac
         -- an inner join in disguise. As one, PostgreSQL would take it for chance that the people and the
         -- customers are the same part of all, and plan for a handful of rows
         WHERE COALESCE(c.id, 0) > 0
    """
    return Sql(
        statement,
        (
            *(*known.parameters, expires, expires, at, *people.parameters),
            *(*customers.parameters, notice.audience, *contacts.parameters),
        ),
    )


def _known(notice: Notice, spans: Sequence[Span], *, start: datetime) -> Sql:
    """What is the same for many: the morning of each zone, and the words of each language on each road."""
    channels = direct_channels(notice)
    readers, zones_of = _in_use(spans)
    mornings = {
        zone: sql.stored_value(Delivery, "not_before", quiet_hours.earliest_waking(start, zone))
        for zone in (settings.TIME_ZONE, *zones_of)
    }
    zones = _values(list(mornings.items()))
    spoken = _values(audience_texts(notice, channels, readers))
    # the bank's own zone and language stand by each road, for who got another one since they were read
    own = audience_texts(notice, channels, [settings.LANGUAGE_CODE])
    roads = _values(
        [(channel, text, language, mornings[settings.TIME_ZONE]) for channel, _, text, language in own]
    )
    return Sql(
        f"zone(name, not_before) AS ({zones.sql}),"
        f" word(channel, reader, text_id, language) AS ({spoken.sql}),"
        f" road(channel, text_id, language, not_before) AS ({roads.sql})",
        (*zones.parameters, *spoken.parameters, *roads.parameters),
    )


def audience_texts(
    notice: Notice, channels: Sequence[str], readers: Sequence[str]
) -> list[tuple[str, str, int, str]]:
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


def _in_use(spans: Sequence[Span]) -> tuple[list[str], list[str]]:
    """The distinct languages and time zones of these customers: a handful, whatever their number."""
    place = ranges.within_spans("id", spans)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT language, time_zone FROM {_CUSTOMER} WHERE {place.sql}", place.parameters
        )
        pairs = cursor.fetchall() or [("", "")]
    return sorted({language for language, _ in pairs}), sorted({zone for _, zone in pairs})


def _values(table: Sequence[Sequence[object]]) -> Sql:
    """A VALUES list that is a legal, empty-like table even without rows."""
    rows_sql = ", ".join(f"({ranges.marks_of(row)})" for row in table)
    return Sql(f"VALUES {rows_sql}", [value for row in table for value in row])
