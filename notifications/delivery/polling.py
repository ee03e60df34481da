"""Deliveries sent long ago and not heard of since in; what their provider says on being asked, out.

Receipts are quick and may be lost: an endpoint that is down for a minute loses them for good. So
whoever has not heard after POLL_AFTER_SECONDS asks. What the provider says is kept as a receipt,
under the key that the lost one would have had, and moves its delivery by the same rules.

Where a run stands is worked out from what is still `sent`: each delivery asked about has its next
turn in `not_before`, later each time. So any number of processes may poll, and none must remember.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from notifications.channels import UNREADABLE, open_channel
from notifications.channels.types import Channel, Fate, Report, Unreachable
from notifications.delivery import receipts
from notifications.models import Delivery, Receipt, State, Suppression, Tally

log = logging.getLogger(__name__)

_PATIENCE: Final = timedelta(days=3)
"""Whoever has not been heard of by then will not be: some networks never confirm anything."""

_REST: Final = timedelta(minutes=1)
"""Until a provider that could not be asked is asked again."""

_BATCH: Final = 2_000
"""Deliveries of one question: those sent one after the other lie on few pages of the provider's list."""

_TURN_SECONDS: Final = 30
"""How long one run asks; the next one goes on."""

_LIST: Final = 500

_STATES: Final = {Fate.DELIVERED: State.DELIVERED, Fate.FAILED: State.FAILED}


class _Waiting(NamedTuple):
    """A delivery that nobody reported on."""

    id: int
    public_id: UUID
    attempt: int
    provider_ref: str
    sent_at: datetime


def poll(*, now: datetime) -> int:
    """Ask what became of those not heard of; how many the provider knew the end of."""
    found = sum(_channel(channel, now=now) for channel in settings.CHANNELS)
    if found:
        receipts.apply_receipts(now=now)
    return found


def _channel(channel: str, *, now: datetime) -> int:
    notices = _notices(channel, now=now)
    if not notices:
        return 0
    found = 0
    try:
        opened = open_channel(channel, 1, demonstration=False)
    except UNREADABLE as error:
        log.warning("%s cannot be asked what became of its messages: %s", channel, error)
        return 0
    with contextlib.closing(opened) as wire:
        if not _can_be_asked(wire, now=now):
            return 0
        stop = time.monotonic() + _TURN_SECONDS
        while time.monotonic() < stop:
            batch = _claim(notices, channel, wire.provider, now=now)
            words: list[Receipt] = []
            try:
                words.extend(_asked(wire, batch, stop, now=now))
            except Unreachable as error:
                log.info("%s cannot be asked what became of its messages: %s", wire.provider, error)
                told = {word.delivery_public_id for word in words}
                _turn([row for row in batch if row.public_id not in told], now + _REST)
                break
            finally:
                receipts.keep_receipts(words)
                found += len(words)
            if len(batch) < _BATCH:
                break
    return found


def _can_be_asked(wire: Channel, *, now: datetime) -> bool:
    try:
        wire.report((), now, now)
    except LookupError:
        return False
    return wire.has_receipts


def _notices(channel: str, *, now: datetime) -> list[int]:
    """Those of which something was sent and is not known to have arrived."""
    return list(
        Tally.objects.filter(
            channel=channel, state=State.SENT, outbox=False, notice__true_until__gte=now - _PATIENCE
        )
        .values("notice")
        .annotate(sent=Sum("deliveries"))
        .filter(sent__gt=0)
        .order_by("notice")
        .values_list("notice", flat=True)
    )


def _claim(notices: Sequence[int], channel: str, provider: str, *, now: datetime) -> list[_Waiting]:
    """The oldest of those whose turn it is, which they then have had."""
    with transaction.atomic():
        found = (
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(
                notice__in=notices,
                channel=channel,
                demonstration=False,
                state=State.SENT,
                provider=provider,
                sent_at__gte=now - _PATIENCE,
                sent_at__lte=now - timedelta(seconds=settings.POLL_AFTER_SECONDS),
                not_before__lte=now,
            )
            .exclude(provider_ref="")
            .order_by("sent_at")
            .values_list(*_Waiting._fields)
        )
        batch = [_Waiting(*row) for row in found[:_BATCH]]
        if batch:
            # asked again when the youngest of them is twice as old
            _turn(batch, now + (now - batch[-1].sent_at))
    return batch


def _turn(rows: Sequence[_Waiting], at: datetime) -> None:
    for start in range(0, len(rows), _LIST):
        ids = [row.id for row in rows[start : start + _LIST]]
        Delivery.objects.filter(pk__in=ids, state=State.SENT).update(not_before=at)


def _asked(wire: Channel, batch: Sequence[_Waiting], stop: float, *, now: datetime) -> Iterator[Receipt]:
    """What the provider knows the end of. It may have sent a message long after it took it.

    Raises Unreachable where it has not told of all by `stop`, as time.monotonic() has it.
    """
    if not batch:
        return
    rows = {row.provider_ref: row for row in batch}
    since, newest = batch[0].sent_at, batch[-1].sent_at
    for report in wire.report(rows, since, newest + (now - newest) / 2):
        row, state = rows.get(report.provider_ref), _STATES.get(report.fate)
        if row is not None and state is not None:
            yield Receipt(
                provider=wire.provider,
                event_key=f"{report.provider_ref}:{report.status}",
                delivery_public_id=row.public_id,
                attempt=row.attempt,
                provider_ref=report.provider_ref,
                state=state,
                code=report.code[:40],
                suppress=_suppression(report),
                raw={"asked": True, "status": report.status},
                received_at=now,
            )
        if time.monotonic() >= stop:
            raise Unreachable("it answers too slowly for one run")


def _suppression(report: Report) -> str:
    if report.opted_out:
        return Suppression.Reason.OPT_OUT
    return Suppression.Reason.BOUNCE if report.bad_address else ""
