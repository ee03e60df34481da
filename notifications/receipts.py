"""A provider's word in; kept as it came, and its delivery moved on, out.

Receipts come twice, late, early and out of order. Within one attempt the rank may only rise; a
later attempt outranks an earlier one; the same event is kept once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce

from notifications.deliveries import RANK, suppress
from notifications.models import Delivery, Receipt, State, Suppression

_PATIENCE: Final = timedelta(days=3)
"""How long a receipt may wait for its delivery: the row may not be committed yet, never this long."""

_BATCH: Final = 1_000


def record(
    *,
    provider: str,
    event_key: str,
    delivery: UUID,
    attempt: int,
    state: State,
    now: datetime,
    provider_ref: str = "",
    code: str = "",
    suppress: Suppression.Reason | str = "",
    raw: dict[str, Any] | None = None,
) -> bool:
    """Keep a receipt for later work. False where the same event was kept before."""
    _, fresh = Receipt.objects.get_or_create(
        provider=provider,
        event_key=event_key[:200],
        defaults={
            "delivery_public_id": delivery,
            "attempt": attempt,
            "state": state,
            "provider_ref": provider_ref[:120],
            "code": code[:40],
            "suppress": suppress,
            "raw": raw or {},
            "received_at": now,
        },
    )
    return fresh


def work(*, now: datetime) -> int:
    """Move the deliveries of the receipts that wait; how many receipts were worked on.

    Each in a transaction of its own: one that held several deliveries would wait for a sender that
    holds them in another order. Those that wait for their delivery do not hold up the others.
    """
    done, last = 0, 0
    while batch := list(
        Receipt.objects.filter(processed_at__isnull=True, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:_BATCH]
    ):
        last = batch[-1]
        done += sum(_work_on(pk, now=now) for pk in batch)
    return done


def _work_on(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        receipt = (
            Receipt.objects.select_for_update(skip_locked=True)
            .filter(pk=pk, processed_at__isnull=True)
            .first()
        )
        result = _apply(receipt, now=now) if receipt else ""
        if receipt and result:
            receipt.processed_at, receipt.result = now, result
            receipt.save(update_fields=["processed_at", "result"])
        return bool(result)


def _apply(receipt: Receipt, *, now: datetime) -> str:
    """What the receipt did, or nothing where it must wait for its delivery."""
    delivery = (
        Delivery.objects.filter(public_id=receipt.delivery_public_id)
        .values("pk", "attempt", "channel", "address_hmac")
        .first()
    )
    if delivery is None or receipt.attempt > delivery["attempt"]:
        return "no such delivery" if receipt.received_at <= now - _PATIENCE else ""
    if receipt.suppress and delivery["address_hmac"]:
        suppress(
            delivery["channel"],
            bytes(delivery["address_hmac"]),
            Suppression.Reason(receipt.suppress),
            now=now,
        )
    if receipt.attempt < delivery["attempt"]:
        return "of an earlier attempt"
    state = State(receipt.state)
    changes: dict[str, Any] = {
        "state": state,
        "rank": RANK[state],
        "reason": receipt.code if state == State.FAILED else "",
        "lease_token": None,
        "lease_until": None,
        "sent_at": F("sent_at")
        if state == State.FAILED
        else Coalesce("sent_at", Value(now, DateTimeField())),
        "settled_at": now if state in (State.DELIVERED, State.FAILED) else F("settled_at"),
    }
    if receipt.provider_ref:
        changes |= {"provider": receipt.provider, "provider_ref": receipt.provider_ref}
    moved = Delivery.objects.filter(pk=delivery["pk"], attempt=receipt.attempt, rank__lt=RANK[state]).update(
        **changes
    )
    return "moved" if moved else "nothing new"
