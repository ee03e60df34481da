"""Receipts that wait in; their deliveries moved on, many in one statement, out.

Nothing here waits for anybody: a delivery that somebody holds at this moment is passed over until
the next run. So there is no order of locks to keep, and none that could deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from notifications import sql
from notifications.delivery import transitions
from notifications.delivery.receipts import blame
from notifications.delivery.transitions import RANK, Act, Step, Terms
from notifications.models import Delivery, Receipt, State, Suppression

_PATIENCE: Final = timedelta(days=3)
"""How long a receipt may wait for its delivery: the row may not be committed yet, never this long."""

_BATCH: Final = 500
_TURN: Final = 10_000
"""Receipts of one run, a second or two: whoever calls has other things to do, and comes again soon."""

_RECEIPT: Final = Receipt._meta.db_table
_DONE: Final = {"id": "bigint", "result": "text"}


class _ReceiptRow(NamedTuple):
    """A receipt as far as it moves its delivery."""

    id: int
    received_at: datetime
    provider: str
    delivery_public_id: UUID
    attempt: int
    provider_ref: str
    state: int
    code: str
    suppress: str


@dataclass(slots=True)
class _Standing:
    """Where a delivery stands while its receipts are gone through."""

    id: int
    attempt: int
    state: int
    rank: int
    reason: str
    code: str
    provider: str
    provider_ref: str
    sent_at: datetime | None
    settled_at: datetime | None
    channel: str
    customer: int | None
    notice: int
    moved: bool = False

    def hear(self, word: _ReceiptRow, *, now: datetime) -> str:
        """Move on by one receipt; what it did."""
        if word.attempt < self.attempt:
            return "of an earlier attempt"
        state = State(word.state)
        if RANK[state] <= self.rank:
            return "nothing new"
        self.state, self.rank, self.moved = state, RANK[state], True
        self.reason = self.code = word.code if state == State.FAILED else ""
        if state != State.FAILED:
            self.sent_at = self.sent_at or now
        if state in (State.DELIVERED, State.FAILED):
            self.settled_at = now
        if word.provider_ref:
            self.provider, self.provider_ref = word.provider, word.provider_ref
        return "moved"

    def step(self) -> Step:
        return Step(
            self.id,
            State(self.state),
            self.attempt,
            self.rank,
            reason=self.reason,
            code=self.code,
            provider=self.provider,
            provider_ref=self.provider_ref,
            sent_at=self.sent_at,
            settled_at=self.settled_at,
        )

    def as_failed(self) -> blame.Failed:
        of = (self.customer, self.notice, self.channel, self.provider)
        return blame.Failed(self.id, self.attempt, self.code, *of)


def apply_receipts(*, now: datetime) -> int:
    """Move the deliveries of the receipts that wait; how many receipts were worked on.

    Those that go on waiting do not hold up the others.
    """
    done, last = 0, None
    while done < _TURN and (batch := _waiting(last)):
        last = batch[-1]
        _suppress(batch, now=now)
        done += _work_on(batch, now=now)
    return done


def _waiting(after: _ReceiptRow | None) -> list[_ReceiptRow]:
    rows = Receipt.objects.filter(processed_at__isnull=True)
    if after is not None:
        rows = rows.filter(received_at__gte=after.received_at).exclude(
            received_at=after.received_at, pk__lte=after.id
        )
    found = rows.order_by("received_at", "pk").values_list(*_ReceiptRow._fields)[:_BATCH]
    return [_ReceiptRow(*row) for row in found]


def _suppress(batch: Sequence[_ReceiptRow], *, now: datetime) -> None:
    """Never use these addresses again, whoever else shares them.

    Before any row is locked, because it may have to wait for somebody who suppresses the same address.
    """
    words = [word for word in batch if word.suppress]
    if not words:
        return
    rows = Delivery.objects.filter(
        public_id__in={word.delivery_public_id for word in words}, address_hmac__isnull=False
    ).values_list("public_id", "attempt", "channel", "address_hmac")
    known = {row[0]: row for row in rows}
    found: dict[tuple[str, bytes], str] = {}
    for word in words:
        if word.delivery_public_id in known:
            _, attempt, channel, address_hmac = known[word.delivery_public_id]
            if word.attempt <= attempt:
                found.setdefault((channel, bytes(address_hmac or b"")), word.suppress)
    Suppression.objects.bulk_create(
        [
            Suppression(channel=channel, address_hmac=address_hmac, reason=reason, since=now)
            # in one order everywhere, so that no two wait for each other
            for (channel, address_hmac), reason in sorted(found.items())
        ],
        ignore_conflicts=True,
    )


def _work_on(batch: Sequence[_ReceiptRow], *, now: datetime) -> int:
    with transaction.atomic():
        ours = set(
            Receipt.objects.select_for_update(skip_locked=True)
            .filter(pk__in=[word.id for word in batch], processed_at__isnull=True)
            .values_list("pk", flat=True)
        )
        batch = [word for word in batch if word.id in ours]
        deliveries = _held({word.delivery_public_id for word in batch})
        results = _heard(batch, deliveries, now=now)
        results |= _let_go([word for word in batch if word.id not in results], now=now)
        moved = [row for row in deliveries.values() if row.moved]
        _write(moved, results, now=now)
        blame.note_blame(row.as_failed() for row in moved if row.state == State.FAILED)
    return len(results)


def _held(public_ids: Collection[UUID]) -> dict[UUID, _Standing]:
    """The deliveries that nobody else holds at this moment, locked."""
    rows = (
        Delivery.objects.select_for_update(skip_locked=True)
        .filter(public_id__in=public_ids)
        .values_list(
            *("public_id", "id", "attempt", "state", "rank", "reason", "code"),
            *("provider", "provider_ref", "sent_at", "settled_at", "channel", "customer", "notice"),
        )
    )
    return {public_id: _Standing(*standing) for public_id, *standing in rows}


def _heard(
    batch: Sequence[_ReceiptRow], deliveries: Mapping[UUID, _Standing], *, now: datetime
) -> dict[int, str]:
    """What each receipt did; those that must wait for their delivery are left out."""
    results = {}
    for word in batch:
        delivery = deliveries.get(word.delivery_public_id)
        if delivery is not None and word.attempt <= delivery.attempt:
            results[word.id] = delivery.hear(word, now=now)
    return results


def _let_go(waiting: Sequence[_ReceiptRow], *, now: datetime) -> dict[int, str]:
    """Those that have waited too long for a delivery that is not there, rather than held by somebody."""
    late = [word for word in waiting if word.received_at <= now - _PATIENCE]
    attempts: defaultdict[UUID, int] = defaultdict(lambda: -1)
    if late:
        rows = Delivery.objects.filter(public_id__in={word.delivery_public_id for word in late})
        attempts.update(rows.values_list("public_id", "attempt"))
    return {word.id: "no such delivery" for word in late if word.attempt > attempts[word.delivery_public_id]}


def _write(moved: Sequence[_Standing], results: Mapping[int, str], *, now: datetime) -> None:
    transitions.move_each(Act.RECEIPT, [row.step() for row in moved], Terms(locked=True))
    if results:
        given = sql.rows_of_values(_DONE, list(results.items()))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH given AS ({given.sql}) UPDATE {_RECEIPT} SET processed_at = %s, result = given.result"
                f" FROM given WHERE {_RECEIPT}.id = given.id",
                [*given.parameters, sql.stored_value(Receipt, "processed_at", now)],
            )
