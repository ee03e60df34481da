"""Due deliveries in; held by this process with whom they are for, or given back, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from maintenance.models import Customer
from notifications import database
from notifications.models import Contact, Delivery, State

_TABLE: Final = Delivery._meta.db_table
_QUEUE: Final = "channel = %s AND demonstration = %s AND state = %s"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a delivery is for, as they stood when it was claimed. `sealed` is None without an address."""

    name: str
    time_zone: str
    sealed: bytes | None
    address_hmac: bytes | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery held by this process until its lease ends. `attempt` is the one about to be made."""

    id: int
    public_id: UUID
    notice_id: int
    customer_id: int | None
    channel: str
    target: str
    language: str
    text_id: int
    attempt: int
    address_hmac: bytes | None
    expires_at: datetime
    priority: int
    token: UUID
    person: Person | None
    """None for a broadcast, and where the customer is gone."""


class _Row(NamedTuple):
    """What a claim returns of a delivery; `attempt` is the last one made."""

    id: int
    public_id: UUID
    notice_id: int
    customer_id: int | None
    channel: str
    target: str
    language: str
    text_id: int | None
    attempt: int
    address_hmac: bytes | None
    expires_at: datetime
    priority: int
    not_before: datetime


_HELD: Final = _Row._fields


def claim(channel: str, *, demonstration: bool, limit: int, token: UUID, now: datetime) -> list[Claimed]:
    """Take up to `limit` due deliveries of a channel for whoever goes by `token`, the most urgent first.

    One urgency after the other, so that the index leads to what is due: within one it is ordered by
    time, and a million messages that wait for the morning are not walked over.
    """
    with transaction.atomic():
        held: list[_Row] = []
        urgency = _next(channel, demonstration, above=-1)
        while urgency is not None and len(held) < limit:
            held += _take(channel, demonstration, urgency, limit - len(held), token, now)
            if len(held) < limit:
                urgency = _next(channel, demonstration, above=urgency)
    return _with_people(held, token)


def _next(channel: str, demonstration: bool, *, above: int) -> int | None:
    """The most urgent priority below this urgency that anything in the queue has."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT priority FROM {_TABLE} WHERE {_QUEUE} AND priority > %s ORDER BY priority LIMIT 1",
            [channel, demonstration, State.QUEUED, above],
        )
        found = cursor.fetchone()
        return None if found is None else int(found[0])


def _take(
    channel: str, demonstration: bool, priority: int, limit: int, token: UUID, now: datetime
) -> list[_Row]:
    at, lease = database.stored(Delivery, "not_before", now), database.ahead(settings.LEASE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH next AS MATERIALIZED (SELECT id AS held FROM {_TABLE} WHERE {_QUEUE} AND priority = %s"
            " AND not_before <= %s AND expires_at > %s ORDER BY not_before, id"
            f" LIMIT %s{database.skip_locked()})"
            f" UPDATE {_TABLE} SET state = %s, lease_token = %s, lease_until = {lease.sql}"
            f" FROM next WHERE id = held RETURNING {', '.join(_HELD)}",
            [
                *(channel, demonstration, State.QUEUED, priority, at, at, limit),
                *(State.CLAIMED, database.stored(Delivery, "lease_token", token), *lease.parameters),
            ],
        )
        taken = [_Row(*row) for row in database.converted(Delivery, _HELD, cursor.fetchall())]
    return sorted(taken, key=lambda row: (row.not_before, row.id))


def _with_people(rows: Sequence[_Row], token: UUID) -> list[Claimed]:
    """Read by keys alone: joined, the planner may choose to read all the bank's customers for each claim."""
    customers = [row.customer_id for row in rows if row.customer_id is not None]
    people = {
        pk: (name, time_zone)
        for pk, name, time_zone in Customer.objects.filter(pk__in=customers).values_list(
            "id", "name", "time_zone"
        )
    }
    contacts = {
        customer: (bytes(sealed), bytes(fingerprint))
        for customer, sealed, fingerprint in Contact.objects.filter(
            customer_id__in=customers, channel=rows[0].channel if rows else ""
        ).values_list("customer_id", "address", "address_hmac")
    }
    return [
        Claimed(
            id=row.id,
            public_id=row.public_id,
            notice_id=row.notice_id,
            customer_id=row.customer_id,
            channel=row.channel,
            target=row.target,
            language=row.language,
            text_id=row.text_id or 0,
            attempt=row.attempt + 1,
            address_hmac=None if row.address_hmac is None else bytes(row.address_hmac),
            expires_at=row.expires_at,
            priority=row.priority,
            token=token,
            person=Person(*people[row.customer_id], *contacts.get(row.customer_id, (None, None)))
            if row.customer_id in people
            else None,
        )
        for row in rows
    ]


def as_held(row: Delivery) -> Claimed:
    """A row as it was when its last attempt was made, to ask about it; there is no lease to write under."""
    (held,) = _with_people([_Row(*(getattr(row, name) for name in _HELD))], row.public_id)
    return dataclasses.replace(held, attempt=row.attempt)


def release(held: Sequence[Claimed], *, not_before: datetime | None = None, reason: str = "") -> None:
    """Give claimed deliveries back to the queue, at once or for later."""
    if not held:
        return
    changes: dict[str, Any] = {"state": State.QUEUED, "lease_token": None, "lease_until": None}
    if not_before is not None:
        changes |= {"not_before": not_before, "reason": reason}
    _held(held).update(**changes)


def give_up(held: Claimed, state: State, reason: str, *, now: datetime) -> None:
    """End a claimed delivery that cannot be composed; the others of its batch go on."""
    _held([held]).update(
        state=state,
        reason=reason[:200],
        settled_at=now,
        lease_token=None,
        lease_until=None,
    )


def _held(rows: Sequence[Claimed]) -> QuerySet[Delivery]:
    """Those of the rows that are still held by their token."""
    return Delivery.objects.filter(
        pk__in=[row.id for row in rows], lease_token=rows[0].token, state=State.CLAIMED
    )
