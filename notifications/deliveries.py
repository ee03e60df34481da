"""Queued deliveries in; claimed, intended, released, withdrawn or swept ones out.

    queued -> claimed -> sending -> sent -> delivered | failed

with `unknown`, `suppressed`, `expired`, `withdrawn` and `no address` beside it. Whoever holds a
row holds it by a lease: a token and an end, judged by the database's clock. Each move out of
`claimed` or `sending` is fenced by that token, so a process that was thought dead and comes back
changes nothing. `sending` is committed before the provider is called, so after a crash it is
known which messages are in doubt.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from notifications import database
from notifications.models import Attempt, Delivery, State, Suppression

RANK: Final = {State.UNKNOWN: 1, State.SENT: 2, State.FAILED: 3, State.DELIVERED: 4}
"""Within one attempt the rank may only rise, which makes receipts commutative."""

BY_HAND: Final = "by hand"
"""Provider of a delivery that waits in the queue for a person to post and confirm it."""

_TABLE: Final = Delivery._meta.db_table


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
    token: UUID


def claim(channel: str, *, demonstration: bool, limit: int, now: datetime) -> list[Claimed]:
    """Take up to `limit` due deliveries of a channel for this process, the most urgent first."""
    token, until = (
        uuid.uuid4(),
        database.clock() + timedelta(seconds=settings.LEASE_SECONDS),
    )
    with transaction.atomic():
        found = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(
                channel=channel,
                demonstration=demonstration,
                state=State.QUEUED,
                not_before__lte=now,
                expires_at__gt=now,
            )
            .order_by("priority", "not_before", "id")[:limit]
        )
        Delivery.objects.filter(pk__in=[row.pk for row in found]).update(
            state=State.CLAIMED, lease_token=token, lease_until=until
        )
    return [as_held(row, attempt=row.attempt + 1, token=token) for row in found]


def as_held(row: Delivery, *, attempt: int, token: UUID) -> Claimed:
    """A row as plain values, for an attempt and under a lease."""
    return Claimed(
        id=row.pk,
        public_id=row.public_id,
        notice_id=row.notice_id,
        customer_id=row.customer_id,
        channel=row.channel,
        target=row.target,
        language=row.language,
        text_id=row.text_id or 0,
        attempt=attempt,
        address_hmac=None if row.address_hmac is None else bytes(row.address_hmac),
        expires_at=row.expires_at,
        token=token,
    )


def intend(held: Sequence[Claimed]) -> set[int]:
    """Commit that these are about to be handed to the provider; the ids that are still ours.

    What was withdrawn, opted out of or taken away meanwhile does not come back and must not be sent.
    """
    if not held:
        return set()
    ids, token, clock = [row.id for row in held], held[0].token, database.clock()
    with transaction.atomic():
        mine = Delivery.objects.filter(pk__in=ids, lease_token=token, state=State.CLAIMED)
        refused = Suppression.objects.filter(
            channel=OuterRef("channel"), address_hmac=OuterRef("address_hmac")
        )
        mine.filter(Exists(refused)).update(
            state=State.SUPPRESSED,
            reason="opted out meanwhile",
            lease_token=None,
            lease_until=None,
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {_TABLE} SET state = %s, rank = 0, attempt = attempt + 1, intended_at = %s,"
                f" lease_until = %s, reason = '' WHERE id IN ({', '.join(['%s'] * len(ids))})"
                " AND lease_token = %s AND state = %s RETURNING id",
                [
                    State.SENDING,
                    database.stored(Delivery, "intended_at", clock),
                    database.stored(
                        Delivery,
                        "lease_until",
                        clock + timedelta(seconds=settings.LEASE_SECONDS),
                    ),
                    *ids,
                    database.stored(Delivery, "lease_token", token),
                    State.CLAIMED,
                ],
            )
            return {row[0] for row in cursor.fetchall()}


def release(held: Sequence[Claimed], *, not_before: datetime | None = None, reason: str = "") -> None:
    """Give claimed deliveries back to the queue, at once or for later."""
    changes: dict[str, Any] = {
        "state": State.QUEUED,
        "lease_token": None,
        "lease_until": None,
    }
    if not_before is not None:
        changes |= {"not_before": not_before, "reason": reason}
    for row in held:
        Delivery.objects.filter(pk=row.id, lease_token=row.token, state=State.CLAIMED).update(**changes)


def give_up(held: Claimed, state: State, reason: str, *, now: datetime) -> None:
    """End a claimed delivery that cannot be composed; the others of its batch go on."""
    Delivery.objects.filter(pk=held.id, lease_token=held.token, state=State.CLAIMED).update(
        state=state,
        reason=reason[:200],
        settled_at=now,
        lease_token=None,
        lease_until=None,
    )


def withdraw(notices: Sequence[int], reason: str, *, now: datetime) -> int:
    """Take back what has not been handed to a provider, claimed rows included; how many.

    What is with a provider at this moment is true no longer: should it come back, it is not sent again.
    """
    rows = Delivery.objects.filter(notice_id__in=notices)
    with transaction.atomic():
        taken = rows.filter(state__in=(State.QUEUED, State.CLAIMED)).update(
            state=State.WITHDRAWN, reason=reason[:200], lease_token=None, lease_until=None
        )
        rows.filter(state__in=(State.SENDING, State.UNKNOWN), expires_at__gt=now).update(expires_at=now)
    return taken


def sweep(*, now: datetime) -> int:
    """Settle what nobody holds any more; how many rows moved. Safe to run anywhere, any number of times.

    The window is open (`<=`), so a sweep that did not run for an hour misses nothing.
    """
    clock = database.clock()
    with transaction.atomic():
        lapsed = Delivery.objects.filter(lease_until__lte=clock)
        moved = lapsed.filter(state=State.CLAIMED).update(
            state=State.QUEUED, lease_token=None, lease_until=None
        )
        doubtful = list(
            lapsed.filter(state=State.SENDING)
            .select_for_update(skip_locked=True)
            .values_list("pk", "attempt")
        )
        moved += Delivery.objects.filter(pk__in=[pk for pk, _ in doubtful]).update(
            state=State.UNKNOWN,
            rank=RANK[State.UNKNOWN],
            reason="the process that was sending it died",
            lease_token=None,
            lease_until=None,
        )
        Attempt.objects.bulk_create(
            [
                Attempt(delivery_id=pk, number=attempt, at=now, outcome="lease lapsed")
                for pk, attempt in doubtful
            ]
        )
    moved += (
        Delivery.objects.filter(state=State.QUEUED, expires_at__lte=now)
        .exclude(provider=BY_HAND)
        .update(state=State.EXPIRED, reason="its words are no longer true", settled_at=now)
    )
    moved += Delivery.objects.filter(state=State.QUEUED, expires_at__lte=now, provider=BY_HAND).update(
        state=State.EXPIRED, reason="nobody posted it in time", settled_at=now
    )
    return moved


def end_all_leases() -> int:
    """For the one process that holds an embedded database: whoever held anything before it is dead."""
    return Delivery.objects.filter(state__in=(State.CLAIMED, State.SENDING)).update(
        lease_until=database.clock()
    )


def confirm_by_hand(public_id: UUID, *, link: str, now: datetime) -> bool:
    """A person has posted it: note where. False when it was not waiting to be posted."""
    return bool(
        Delivery.objects.filter(public_id=public_id, provider=BY_HAND, state=State.QUEUED).update(
            state=State.SENT,
            rank=RANK[State.SENT],
            attempt=F("attempt") + 1,
            provider_ref=link[:120],
            sent_at=now,
            reason="",
        )
    )


def suppress(channel: str, address_hmac: bytes, reason: Suppression.Reason, *, now: datetime) -> None:
    """Never use this address on this channel again, whoever else shares it."""
    Suppression.objects.get_or_create(
        channel=channel,
        address_hmac=address_hmac,
        defaults={"reason": reason, "since": now},
    )
