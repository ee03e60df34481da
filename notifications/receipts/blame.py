"""Deliveries of which a provider reports that they failed in; whose fault it is, noted, out.

A suspended account or an unregistered number is told only after the message was taken. Then the sender rests,
an operator is called, and what failed is put back by the next sweep (deliveries.put_back).
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

from notifications import pacing
from notifications.channels import open_channel
from notifications.pacing import Refused


class Failed(NamedTuple):
    """One delivery that failed, and under which code."""

    id: int
    customer: int | None
    attempt: int
    channel: str
    provider: str
    code: str


def note(failed: Iterable[Failed]) -> None:
    """As part of the caller's transaction. A provider that is no longer in the settings has no sender."""
    by_channel: defaultdict[str, list[Failed]] = defaultdict(list)
    for row in failed:
        by_channel[row.channel].append(row)
    for channel, rows in by_channel.items():
        if channel not in settings.CHANNELS:
            continue
        with contextlib.closing(open_channel(channel, 1, demonstration=False)) as wire:
            ours = [
                Refused(row.id, row.customer, row.attempt, row.code, "")
                for row in rows
                if row.customer is not None and row.provider == wire.provider and wire.blames_us(row.code)
            ]
            who = pacing.sender(channel, provider=wire.provider, name=wire.sender)
        pacing.note_reported(who, ours)
