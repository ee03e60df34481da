"""Deliveries whose fate is unknown in; found at the provider, or left to their policy, out.

Asked in this order: the receipt that names delivery and attempt (receipts.py, at any time), the
provider's own list, and after UNKNOWN_WAIT the policy of the channel. Each step is on record.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from notifications import composition, database
from notifications.channels import open_channel
from notifications.contract import Channel, Found, Unreachable
from notifications.deliveries import RANK
from notifications.models import Attempt, ChannelName, Delivery, State

log = logging.getLogger(__name__)

UNKNOWN_WAIT: Final = timedelta(seconds=settings.UNKNOWN_WAIT_SECONDS)
_RECEIPT_FIRST: Final = timedelta(seconds=settings.RECEIPT_FIRST_SECONDS)

_RESENT: Final = frozenset({ChannelName.EMAIL})
"""A second email under the same Message-ID is one message to most readers; a second SMS is two."""

_BATCH: Final = 50
"""Questions to a provider in one run."""

_AGAIN: Final = 2 * _RECEIPT_FIRST
"""How long until the same delivery is asked about again."""

_HELD: Final = "held"
"""How the reason begins of what waits for a person."""


def reconcile(*, now: datetime) -> int:
    """Ask about the unknown deliveries whose turn it is; how many are unknown no more."""
    return sum(
        _channel(channel, demonstration=demonstration, now=now)
        for channel in settings.CHANNELS
        for demonstration in (False, True)
    )


def _channel(channel: str, *, demonstration: bool, now: datetime) -> int:
    rows = list(
        Delivery.objects.filter(
            channel=channel,
            state=State.UNKNOWN,
            demonstration=demonstration,
            intended_at__lte=database.clock() - _RECEIPT_FIRST,
            not_before__lte=now,
        )
        .exclude(reason__startswith=_HELD)
        .order_by("not_before")[:_BATCH]
    )
    if not rows:
        return 0
    with contextlib.closing(open_channel(channel, 1, demonstration=demonstration)) as wire:
        return sum(_guarded(wire, row, now=now) for row in rows)


def _guarded(wire: Channel, row: Delivery, *, now: datetime) -> int:
    # its next turn first: one that cannot be settled must not keep the others from being asked about
    Delivery.objects.filter(pk=row.pk, state=State.UNKNOWN).update(not_before=now + _AGAIN)
    try:
        return _one(wire, row, now=now)
    except Exception:  # whatever it is, the others must not wait for it
        log.exception("delivery %s cannot be reconciled; it is tried again", row.public_id)
        return 0


def _one(wire: Channel, row: Delivery, *, now: datetime) -> int:
    message = composition.again(row, now=now)
    found: Found | None = None
    if message is not None and row.intended_at is not None:
        try:
            found = wire.find(message, row.intended_at)
        except Unreachable as error:
            _note(row, "could not ask", str(error), now=now)
            return 0
        except LookupError:
            found = None
    if found is not None:
        _note(row, "found at the provider", found.provider_ref, now=now)
        return _move(
            row,
            State.SENT,
            provider_ref=found.provider_ref,
            provider=wire.provider,
            sent_at=row.intended_at,
            reason="",
        )
    if row.intended_at is None or database.clock() - row.intended_at < UNKNOWN_WAIT:
        return 0
    if row.channel in _RESENT and row.expires_at > now:
        _note(row, "sent again", "not found; the policy of the channel is to send again", now=now)
        return _move(row, State.QUEUED, not_before=now, reason="sent again: not known to have arrived")
    _note(row, "held", "not found; the policy of the channel is to hold", now=now)
    Delivery.objects.filter(pk=row.pk, state=State.UNKNOWN, attempt=row.attempt).update(
        reason=f"{_HELD}: not known to have arrived; a person decides"
    )
    return 0


def release(row: Delivery, *, sent: bool, by: str, now: datetime) -> bool:
    """A person decides on an unknown delivery: it was sent, or it is to be sent again.

    False where a receipt, or another person, was quicker.
    """
    if sent:
        moved = _move(row, State.SENT, sent_at=now, reason=f"taken as sent by {by}"[:200])
    else:
        moved = _move(row, State.QUEUED, not_before=now, reason=f"sent again by {by}"[:200])
    if moved:
        _note(row, "taken as sent" if sent else "sent again", f"by {by}", now=now)
    return bool(moved)


def _move(row: Delivery, state: State, **changes: object) -> int:
    """Out of `unknown`, unless a receipt was quicker."""
    with transaction.atomic():
        return Delivery.objects.filter(pk=row.pk, state=State.UNKNOWN, attempt=row.attempt).update(
            state=state, rank=RANK.get(state, 0), **changes
        )


def _note(row: Delivery, outcome: str, detail: str, *, now: datetime) -> None:
    Attempt.objects.create(
        delivery_id=row.pk, number=row.attempt, at=now, outcome=outcome[:20], detail=detail[:300]
    )
