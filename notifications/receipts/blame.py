"""Deliveries of which a provider reports that they failed in; whose fault it is, noted, out.

A suspended account or an unregistered number is told only after the message was taken. Then the sender rests,
an operator is called, and what failed is put back by the next sweep (deliveries.put_back). Words that the
networks filter rest the sender too, once many people did not get them; they stay failed, for to send the same
words again is for a person to decide.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.conf import settings

from notifications import pacing
from notifications.channels import open_channel
from notifications.contract import Channel
from notifications.models import Delivery, State
from notifications.pacing import Refused, Sender


class Failed(NamedTuple):
    """One delivery that failed, and under which code."""

    id: int
    attempt: int
    code: str
    customer: int | None
    notice: int
    channel: str
    provider: str


def note(failed: Iterable[Failed]) -> None:
    """As part of the caller's transaction. A provider that is no longer in the settings has no sender."""
    by_channel: defaultdict[str, list[Failed]] = defaultdict(list)
    for row in failed:
        by_channel[row.channel].append(row)
    for channel, rows in by_channel.items():
        if channel not in settings.CHANNELS:
            continue
        with contextlib.closing(open_channel(channel, 1, demonstration=False)) as wire:
            who = pacing.sender(channel, provider=wire.provider, name=wire.sender)
            _note(who, wire, [row for row in rows if row.provider == wire.provider])


def _note(who: Sender, wire: Channel, rows: Sequence[Failed]) -> None:
    pacing.note_reported(
        who,
        [
            Refused(row.id, row.customer, row.attempt, row.code, "")
            for row in rows
            if row.customer is not None and wire.blames_us(row.code)
        ],
    )
    for notice, channel, code in {
        (row.notice, row.channel, row.code) for row in rows if wire.blames_text(row.code)
    }:
        same = Delivery.objects.filter(notice=notice, channel=channel, code=code, state=State.FAILED)
        most = settings.REFUSALS_IN_A_ROW
        if len(same.values_list("pk", flat=True)[:most]) >= most:
            pacing.rest_as_told(who, f"{code}: the networks do not let these words through")
