"""Deliveries of which a provider reports that they failed in; whose fault it is, noted, out.

A suspended account or an unregistered number is told only after the message was taken. Then the sender rests,
an operator is called, and what failed is put back by the next sweep (queue.put_back). Under all other
codes, but for those of the customer's own address, is a net: what many share, and many of those heard of,
rests the sender too. They stay failed: what reached a network may have arrived, so that it is for a person
to send them again.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import starmap
from typing import Final, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Sum

from notifications import sql
from notifications.channels import open_channel
from notifications.channels.types import Channel
from notifications.delivery import rate_limits
from notifications.delivery.rate_limits import RefusedMessage, Sender
from notifications.models import Delivery, ReportedRest, State, Tally

_log = logging.getLogger(__name__)

_SHARE: Final = 0.2
"""Of what was heard of a notice on a channel: networks always refuse some, and that is nobody's fault."""
_AGAIN: Final = timedelta(hours=1)
"""What goes on failing rests the sender no sooner once more: its messages are taken, it cannot be tried."""


class Failed(NamedTuple):
    """One delivery that failed, and under which code."""

    id: int
    attempt: int
    code: str
    customer: int | None
    notice: int
    channel: str
    provider: str


def note_blame(failed: Iterable[Failed]) -> None:
    """As part of the caller's transaction. A provider that is no longer in the settings has no sender."""
    by_channel: defaultdict[str, list[Failed]] = defaultdict(list)
    for row in failed:
        by_channel[row.channel].append(row)
    for channel, rows in sorted(by_channel.items()):
        if channel not in settings.CHANNELS:
            continue
        try:
            opened = open_channel(channel, 1, demonstration=False)
        except (ImproperlyConfigured, ImportError) as error:
            # nobody can send by it either; the receipts of the others do not wait for it
            _warn_once(channel, str(error))
            continue
        with contextlib.closing(opened) as wire:
            who = rate_limits.sender(channel, provider=wire.provider, name=wire.sender)
            _note(who, wire, [row for row in rows if row.provider == wire.provider])


@functools.cache
def _warn_once(channel: str, words: str) -> None:
    _log.error("%s cannot be opened, so no failure is laid at its sender's door: %s", channel, words)


def _note(who: Sender, wire: Channel, rows: Sequence[Failed]) -> None:
    # locked before the sender, in one order everywhere, so that no two wait for each other
    shared = sorted(
        {
            (row.notice, row.channel, row.code)
            for row in rows
            if not (wire.blames_us(row.code) or wire.blames_recipient(row.code))
        }
    )
    ours = [one.code for one in starmap(_Shared, shared) if one.is_ours() and one.is_new()]
    rate_limits.note_reported(
        who,
        [
            RefusedMessage(row.id, row.customer, row.attempt, row.code, "")
            for row in rows
            if row.customer is not None and wire.blames_us(row.code)
        ],
    )
    if ours:
        codes = ", ".join(sorted({code or "no code" for code in ours}))
        rate_limits.rest_as_told(who, f"{codes}: a fifth of a notice or more failed for it; see Failed")


class _Shared(NamedTuple):
    """A code under which messages of one notice failed on one channel."""

    notice: int
    channel: str
    code: str

    def is_ours(self) -> bool:
        """Whether so many people share it; each has one message of a notice on a channel."""
        here = {"notice": self.notice, "channel": self.channel}
        heard = Tally.objects.filter(**here, state__in=(State.DELIVERED, State.FAILED))
        number = heard.aggregate(number=Sum("deliveries", default=0))["number"]
        many = max(settings.REFUSALS_IN_A_ROW, math.ceil(number * _SHARE))
        same = Delivery.objects.filter(**here, code=self.code, state=State.FAILED, customer__isnull=False)
        return bool(same[:many].count() == many)

    def is_new(self) -> bool:
        """Whether no sender has rested for it of late; from now on one has. Who asks meanwhile waits."""
        clock = sql.database_now()
        once = ReportedRest(
            notice_id=self.notice, channel=self.channel, code=self.code, rested_at=clock - _AGAIN
        )
        ReportedRest.objects.bulk_create([once], ignore_conflicts=True)
        known = ReportedRest.objects.filter(notice=self.notice, channel=self.channel, code=self.code)
        return bool(known.filter(rested_at__lte=clock - _AGAIN).update(rested_at=clock))
