"""Due deliveries in; locked for this transaction, with whom they are for, or put off, out.

A claim is a row lock and nothing else: it is not written down, so whoever dies with it gives it back
with the connection, and what is not handed out after all costs no statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from maintenance.models import Customer
from notifications import sql
from notifications.delivery import transitions
from notifications.delivery.transitions import Act
from notifications.models import Contact, Delivery, State, WaitsFor

_TABLE: Final = Delivery._meta.db_table
_QUEUE: Final = "channel = %s AND demonstration = %s AND state = %s"
_LEAST_URGENT: Final = 32_768
"""More than any priority: a small integer holds them."""
_OF_DELIVERY: Final = (
    "id",
    "public_id",
    "notice_id",
    "customer_id",
    "channel",
    "target",
    "language",
    "text_id",
    "attempt",
    "address_hmac",
    "expires_at",
    "priority",
    "not_before",
)
_PEOPLE: Final = (
    f"SELECT {', '.join(f'next.{name}' for name in _OF_DELIVERY)},"
    " person.name, person.time_zone, contact.address, contact.address_hmac FROM next"
    f" LEFT JOIN {Customer._meta.db_table} person ON person.id = next.customer_id"
    f" LEFT JOIN {Contact._meta.db_table} contact"
    " ON contact.customer_id = next.customer_id AND contact.channel = next.channel"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a delivery is for, as they stood when it was claimed. `sealed` is None without an address."""

    name: str
    time_zone: str
    sealed: bytes | None
    address_hmac: bytes | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this transaction's own. `attempt` is the one about to be made."""

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
    not_before: datetime
    token: UUID
    """Of the lease under which it is held once it is intended."""
    person: Person | None
    """None for a broadcast, and where the customer is gone."""


def claimed_deliveries(
    channel: str,
    *,
    demonstration: bool,
    limit: int,
    token: UUID,
    now: datetime,
    after: Claimed | None = None,
) -> list[Claimed]:
    """Take up to `limit` due deliveries of a channel for as long as the transaction lasts, the urgent first.

    One urgency after the other, so that the index leads to what is due: within one it is ordered by
    time, and a million messages that wait for the morning are not walked over. What others hold at
    this moment is left to them. Raises TransactionManagementError outside of a transaction.

    `after` is one that was claimed before, and with it all that stood before it: unless something more
    urgent has come, what stands behind it is taken, as long as there is any. While some report reads an
    older state of the table, the index leads over all that has left the queue since: not for every claim.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a claim lasts as long as its transaction: there is none")
    queue = _Queue(channel, demonstration, token)
    if after and _next(queue, above=-1, below=after.priority) is None:
        held = _due(queue, after.priority, limit, now, after)
        if held:
            return held
    held = []
    urgency = _next(queue, above=-1)
    while urgency is not None and len(held) < limit:
        held += _due(queue, urgency, limit - len(held), now)
        if len(held) < limit:
            urgency = _next(queue, above=urgency)
    return held


def _next(queue: _Queue, *, above: int, below: int = _LEAST_URGENT) -> int | None:
    """The most urgent priority between two, both excluded, that anything in the queue has."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT priority FROM {_TABLE} WHERE {_QUEUE} AND priority > %s AND priority < %s"
            " ORDER BY priority LIMIT 1",
            [queue.channel, queue.demonstration, State.QUEUED, above, below],
        )
        found = cursor.fetchone()
        return None if found is None else int(found[0])


@dataclass(frozen=True, slots=True)
class _Queue:
    """Whose queue is claimed from, and under which token."""

    channel: str
    demonstration: bool
    token: UUID


def _due(
    queue: _Queue, priority: int, limit: int, now: datetime, after: Claimed | None = None
) -> list[Claimed]:
    """Those of one priority, locked."""
    at = sql.stored_value(Delivery, "not_before", now)
    behind, place = "", []
    if after:
        behind = " AND (not_before, id) > (%s, %s)"
        place = [sql.stored_value(Delivery, "not_before", after.not_before), after.id]
    # the rows are locked before they are joined: the planner must not read all customers for a few of them
    return _read(
        f"WITH next AS MATERIALIZED (SELECT * FROM {_TABLE} WHERE {_QUEUE} AND priority = %s"
        f" AND not_before <= %s AND expires_at > %s{behind} ORDER BY not_before, id"
        f" LIMIT %s{sql.skip_locked()}) {_PEOPLE} ORDER BY next.not_before, next.id",
        [queue.channel, queue.demonstration, State.QUEUED, priority, at, at, *place, limit],
        queue.token,
    )


def as_claimed(row: Delivery) -> Claimed:
    """A row as it was when its last attempt was made, to ask about it; nothing is locked."""
    (found,) = _read(
        f"WITH next AS (SELECT * FROM {_TABLE} WHERE id = %s) {_PEOPLE}", [row.pk], row.public_id
    )
    return dataclasses.replace(found, attempt=row.attempt)


def _read(statement: str, parameters: Sequence[Any], token: UUID) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    return [_Row(*row).claimed(token) for row in sql.converted(Delivery, _OF_DELIVERY, found)]


class _Row(NamedTuple):
    """What is read of a delivery, and of whom it is for."""

    id: int
    public_id: UUID
    notice_id: int
    customer_id: int | None
    channel: str
    target: str
    language: str
    text_id: int | None
    attempt: int
    """Those made before."""
    address_hmac: bytes | None
    expires_at: datetime
    priority: int
    not_before: datetime
    name: str | None
    time_zone: str | None
    sealed: bytes | None
    hmac_in_use: bytes | None

    def claimed(self, token: UUID) -> Claimed:
        """Held under this token, with the attempt that is about to be made."""
        person = None
        if self.name is not None:
            person = Person(self.name, self.time_zone or "", self.sealed, self.hmac_in_use)
        return Claimed(*self[:7], self.text_id or 0, self.attempt + 1, *self[9:13], token, person)


def put_off(held: Sequence[Claimed], *, not_before: datetime, waits_for: WaitsFor, reason: str) -> None:
    """Leave claimed deliveries in the queue for later, for a reason that is ours and no provider's code."""
    if held:
        later = {"not_before": not_before, "waits_for": waits_for, "reason": reason, "code": ""}
        transitions.move(_those(held), Act.PUT_OFF, State.QUEUED, State.QUEUED, **later)


def give_up(held: Claimed, state: State, reason: str, *, now: datetime, code: str = "") -> None:
    """End a claimed delivery that cannot be composed; the others of its batch go on."""
    end = {"reason": reason[:200], "code": code, "settled_at": now}
    transitions.move(_those([held]), Act.GIVE_UP, State.QUEUED, state, **end)


def readdress(held: Claimed, address_hmac: bytes | None) -> None:
    """Note which address a claimed delivery goes to, where that has changed since it was prepared."""
    _those([held]).filter(state=State.QUEUED).update(address_hmac=address_hmac)


def _those(rows: Sequence[Claimed]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=[row.id for row in rows])
