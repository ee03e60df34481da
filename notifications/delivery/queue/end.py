"""Deliveries that nobody will send or nobody holds any more in; in the state that is true of them out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Concat, Substr

from notifications import sql
from notifications.channels import direct_names
from notifications.delivery import transitions
from notifications.delivery.transitions import RANK, Act
from notifications.models import (
    IN_DOUBT,
    Attempt,
    AttemptOutcome,
    Delivery,
    Notice,
    State,
    Tally,
)

_WAITING: Final = (State.QUEUED, State.BY_HAND)
"""Not handed to any provider, so that they can still be taken back."""

_REASON: Final = 200
"""Characters of a reason that are kept."""

_SWEPT: Final = 5_000
"""Rows of one transaction: a sweep that finds a million must not hold them all."""

_TURN_SECONDS: Final = 30.0
"""How long one sweep begins with more of them; the next one goes on."""


def withdraw_deliveries(notices: Sequence[int], reason: str, *, now: datetime) -> int:
    """Take back what has not been handed to a provider; how many.

    What is with a provider at this moment is true no longer: should it come back, it is not sent again.
    """
    rows = Delivery.objects.filter(notice_id__in=notices)
    with transaction.atomic():
        # before its rows, as whoever puts rows back takes them: nothing of it comes back from now on
        Notice.objects.filter(pk__in=notices, withdrawn=False).update(
            withdrawn=True,
            ended_at=Coalesce("ended_at", Value(now)),  # an expired one had ended before
        )
        taken = _take_back(rows, reason)
        _lock(rows.filter(state__in=(State.SENDING, *IN_DOUBT), expires_at__gt=now)).update(expires_at=now)
        # a million take seconds: what came back from the provider between the two
        taken += _take_back(rows, reason)
    return taken


def _take_back(rows: QuerySet[Delivery], reason: str) -> int:
    return sum(
        transitions.move(
            _lock(rows.filter(state=state)), Act.WITHDRAW, state, State.WITHDRAWN, reason=reason[:200]
        )
        for state in _WAITING
    )


def _lock(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """The same rows, held: taken in the order of their ids, as a sender takes those it settles."""
    for _ in rows.order_by("pk").select_for_update().values_list("pk").iterator():
        pass
    return rows


def sweep_deliveries(*, now: datetime) -> int:
    """Settle what nobody holds any more; how many rows moved. Safe to run anywhere, any number of times.

    The window is open (`<=`), so a sweep that did not run for an hour misses nothing.
    """
    with transaction.atomic():
        doubtful = _free(Delivery.objects.filter(state=State.SENDING, lease_until__lte=sql.database_now()))
        Attempt.objects.bulk_create(
            [
                Attempt(delivery_id=pk, number=attempt, at=now, outcome=AttemptOutcome.LEASE_LAPSED)
                for pk, attempt in doubtful.values_list("pk", "attempt")
            ]
        )
        moved = transitions.move(
            doubtful,
            Act.LAPSE,
            State.SENDING,
            State.UNKNOWN,
            rank=RANK[State.UNKNOWN],
            reason="the process that was sending it died",
            lease_token=None,
            lease_until=None,
        )
    return moved + _expire(now)


def _free(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those of the rows that no other process holds at this moment, locked; the next sweep takes more."""
    found = rows.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True)
    return Delivery.objects.filter(pk__in=list(found[:_SWEPT]))


def _expire(now: datetime) -> int:
    """End what is queued and true no longer.

    A delivery is true as long as its notice is, so those of the notices that are not are looked at, and
    not a queue of millions.
    """
    queued = Tally.objects.filter(state__in=_WAITING).values("notice").annotate(left=Sum("deliveries"))
    over = Q(true_until__lte=now) | Q(withdrawn=True)
    notices = Notice.objects.filter(over, pk__in=queued.filter(left__gt=0).values("notice"))
    moved = 0
    stop = time.monotonic() + _TURN_SECONDS
    for notice in notices.values_list("pk", flat=True):
        late = Delivery.objects.filter(notice=notice, expires_at__lte=now)
        posts = late.filter(customer=None)
        moved += _ended(posts, State.QUEUED, _too_late(), now)
        moved += _ended(posts, State.BY_HAND, "nobody posted it in time", now)
        for part in chain.from_iterable(_parts(late, channel) for channel in direct_names()):
            if time.monotonic() >= stop:
                return moved
            moved += _ended(part, State.QUEUED, _too_late(), now)
    return moved


def _parts(late: QuerySet[Delivery], channel: str) -> Iterator[QuerySet[Delivery]]:
    """The rows of a channel by ranges of its customers, for which there is an index, one after the other.

    Of a slow sender a million may be left: what was ended stays so, whatever becomes of the run.
    """
    rows = late.filter(channel=channel, customer__isnull=False, state=State.QUEUED)
    while True:
        ends = list(rows.order_by("customer").values_list("customer", flat=True)[_SWEPT - 1 : _SWEPT])
        yield rows.filter(customer__lte=ends[0]) if ends else rows
        if not ends:
            return
        rows = rows.filter(customer__gt=ends[0])


def _ended(rows: QuerySet[Delivery], state: State, reason: Case | str, now: datetime) -> int:
    """Those that wait there are true no longer, in a transaction of its own; how many rows."""
    with transaction.atomic():
        late = _lock(rows.filter(state=state))
        return transitions.move(late, Act.EXPIRE, state, State.EXPIRED, reason=reason, settled_at=now)


def _too_late() -> Case:
    """What kept it from being sent is part of the reason, where a provider refused it."""
    before = Value(f"{transitions.NO_LONGER_TRUE}; before: ")
    refused = Substr(Concat(before, F("reason")), 1, _REASON)
    return Case(When(~Q(code="") & ~Q(reason=""), then=refused), default=Value(transitions.NO_LONGER_TRUE))


def end_all_leases() -> int:
    """For the one process that holds an embedded database: whoever held anything before it is dead."""
    return Delivery.objects.filter(state=State.SENDING).update(lease_until=sql.database_now())


def confirm_by_hand(public_id: UUID, *, link: str, now: datetime) -> bool:
    """A person has posted it: note where. False when it was not waiting to be posted."""
    post = Delivery.objects.filter(public_id=public_id)
    sent = {"rank": RANK[State.SENT], "attempt": F("attempt") + 1, "provider_ref": link[:120], "reason": ""}
    return bool(transitions.move(post, Act.CONFIRM, State.BY_HAND, State.SENT, sent_at=now, **sent))
