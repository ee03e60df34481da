"""Claimed deliveries in; those on record as about to be handed to the provider out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from django.conf import settings
from django.db import connection, transaction

from notifications import sql
from notifications.delivery import transitions
from notifications.delivery.queue.claim import Claimed
from notifications.delivery.transitions import Act, Step, Terms
from notifications.models import Delivery, State, Suppression
from notifications.sql import Sql

_SUPPRESSION: Final = Suppression._meta.db_table

Said: TypeAlias = tuple[bytes, int]
"""The SHA-256 of a message's words, and its segments."""


def intended_ids(claimed: Sequence[Claimed], said: Mapping[int, Said] | None = None) -> set[int]:
    """Mark that these are about to be handed to the provider, saying so; the ids of those that may be.

    It counts once the caller's transaction, in which they were claimed, is committed. Who has opted out
    meanwhile does not come back and must not be written to.
    """
    if not claimed:
        return set()
    out = _opted_out(claimed)
    words = {} if said is None else said
    steps = []
    for row in claimed:
        text_hash, segments = words.get(row.id, (None, None))
        if row.id not in out:
            steps.append(
                Step(row.id, State.SENDING, rank=0, reason="", text_hash=text_hash, segments=segments)
            )
    terms = Terms(sets=_lease(claimed[0]), locked=True)
    return transitions.move_each(Act.INTEND, steps, terms)


def _lease(first: Claimed) -> dict[str, Sql]:
    """What makes a claimed row its holder's: all of them are held under one token."""
    return {
        "attempt": Sql(f"{Delivery._meta.db_table}.attempt + 1", ()),
        "lease_token": Sql("%s", [sql.stored_value(Delivery, "lease_token", first.token)]),
        "lease_until": sql.time_ahead(settings.LEASE_SECONDS),
        "intended_at": sql.time_ahead(0),
    }


def _opted_out(claimed: Sequence[Claimed]) -> set[int]:
    """The ids of those whose address was suppressed meanwhile; they end here.

    Asked by itself: as a condition of the intent, the planner may read all suppressions for each row.
    """
    addresses = sql.among(
        "address_hmac", [row.address_hmac for row in claimed if row.address_hmac is not None], "bytea"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT address_hmac FROM {_SUPPRESSION} WHERE channel = %s AND {addresses.sql}",
            [claimed[0].channel, *addresses.parameters],
        )
        found = {bytes(row[0]) for row in cursor.fetchall()}
    out = {row.id for row in claimed if row.address_hmac in found}
    if out:
        those = Delivery.objects.filter(pk__in=out)
        transitions.move(those, Act.REFUSE, State.QUEUED, State.SUPPRESSED, reason="opted out meanwhile")
    return out


def intended(claimed: Sequence[Claimed]) -> set[int]:
    """The ids of those whose intent is on record, where its commit was not answered.

    Nobody but this process has an intent under this token, and it has handed none of these out yet.
    """
    mine = {row.id: (row.token, row.attempt, State.SENDING) for row in claimed}
    rows = Delivery.objects.filter(pk__in=mine).order_by("pk")
    with transaction.atomic():
        # waits for a commit that is still under way
        found = rows.select_for_update().values_list("pk", "lease_token", "attempt", "state")
        return {pk for pk, *stands in found if mine[pk] == tuple(stands)}
