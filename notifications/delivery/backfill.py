"""Deliveries that an earlier version has written in; with what they wait for as a state or a column, out.

It said so in words: the reason of what is held for a person began with `held`, what a person must post was
queued under a provider of that name, and the reason of what sleeps was that it sleeps. Nobody else may read
those. A small index holds the rows that are not read yet, so that it costs nothing once there are none.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from notifications.delivery import transitions
from notifications.delivery.transitions import Act
from notifications.models import Delivery, State, WaitsFor

_SLICE: Final = 5_000
"""Rows of one transaction."""
_TURN_SECONDS: Final = 30.0
"""How long one run begins with more of them; the next one goes on."""

_HELD: Final = "held"
_BY_HAND: Final = "by hand"
_QUIET_HOURS: Final = "quiet hours of the customer"
_OUR_FAULT: Final = ("the fault was not the customer's", "the address cannot be read")


class _Row(NamedTuple):
    id: int
    state: int
    customer: int | None
    provider: str
    reason: str
    not_before: datetime


def read_earlier_rows(*, now: datetime) -> int:
    """Read those that nobody holds at this moment; how many. Safe anywhere, any number of times."""
    read, last, stop = 0, 0, time.monotonic() + _TURN_SECONDS
    while time.monotonic() < stop:
        with transaction.atomic():
            some = _unread().filter(pk__gt=last).values_list(*_Row._fields)[:_SLICE]
            rows = [_Row(*row) for row in some]
            _say(rows, now=now)
        read += len(rows)
        if len(rows) < _SLICE:
            break
        last = rows[-1].id  # not again over what the index has of those that were read, until it is vacuumed
    return read


def _unread() -> QuerySet[Delivery]:
    """By their index. What is being sent says what it waits for when it is settled."""
    rows = Delivery.objects.filter(waits_for__isnull=True, state__lt=State.SENT)
    return rows.exclude(state=State.SENDING).order_by("pk").select_for_update(skip_locked=True)


def _say(rows: list[_Row], *, now: datetime) -> None:
    same: defaultdict[tuple[State, State, WaitsFor], list[int]] = defaultdict(list)
    for row in rows:
        same[State(row.state), *_meant(row, now)].append(row.id)
    for (before, after, waits_for), ids in same.items():
        those = Delivery.objects.filter(pk__in=ids)
        transitions.move(those, Act.BACKFILL, before, after, waits_for=waits_for)


def _meant(row: _Row, now: datetime) -> tuple[State, WaitsFor]:
    """The state and what it waits for that the words of a row stood for."""
    if row.state == State.UNKNOWN:
        return State.HELD if row.reason.startswith(_HELD) else State.UNKNOWN, WaitsFor.NOTHING
    if row.provider == _BY_HAND:
        return State.BY_HAND, WaitsFor.NOTHING
    if row.not_before <= now:
        return State.QUEUED, WaitsFor.NOTHING
    if row.reason == _QUIET_HOURS or (not row.reason and row.customer):
        return State.QUEUED, WaitsFor.MORNING
    return State.QUEUED, WaitsFor.SENDER if row.reason.startswith(_OUR_FAULT) else WaitsFor.RETRY
