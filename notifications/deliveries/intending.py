"""Claimed deliveries in; those on record as about to be handed to the provider out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from django.conf import settings
from django.db import connection, transaction

from notifications import database
from notifications.deliveries.claiming import Claimed
from notifications.models import Delivery, State, Suppression

_TABLE: Final = Delivery._meta.db_table
_SUPPRESSION: Final = Suppression._meta.db_table

Said: TypeAlias = tuple[bytes, int]
"""The SHA-256 of a message's words, and its segments."""

_SAID: Final = {"id": "bigint", "text_hash": "bytea", "segments": "integer"}


def intend(claimed: Sequence[Claimed], said: Mapping[int, Said] | None = None) -> set[int]:
    """Mark that these are about to be handed to the provider, saying so; the ids of those that may be.

    It counts once the caller's transaction, in which they were claimed, is committed. Who has opted out
    meanwhile does not come back and must not be written to.
    """
    if not claimed:
        return set()
    out = _opted_out(claimed)
    clock, lease = database.ahead(0), database.ahead(settings.LEASE_SECONDS)
    words = {} if said is None else said
    given = database.rows(_SAID, [(row.id, *words.get(row.id, (None, None))) for row in claimed])
    mine = _still_queued([row.id for row in claimed if row.id not in out])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH mine AS MATERIALIZED ({mine.sql}), given AS MATERIALIZED ({given.sql})"
            f" UPDATE {_TABLE} SET state = %s, rank = 0, attempt = attempt + 1, reason = '',"
            f" lease_token = %s, lease_until = {lease.sql}, intended_at = {clock.sql},"
            f" text_hash = COALESCE(given.text_hash, {_TABLE}.text_hash),"
            f" segments = COALESCE(given.segments, {_TABLE}.segments)"
            f" FROM mine JOIN given ON given.id = mine.id WHERE {_TABLE}.id = mine.id RETURNING {_TABLE}.id",
            [
                *(*mine.parameters, *given.parameters, State.SENDING),
                database.stored(Delivery, "lease_token", claimed[0].token),
                *(*lease.parameters, *clock.parameters),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _opted_out(claimed: Sequence[Claimed]) -> set[int]:
    """The ids of those whose address was suppressed meanwhile; they end here.

    Asked by itself: as a condition of the intent, the planner may read all suppressions for each row.
    """
    addresses = database.among(
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
        Delivery.objects.filter(pk__in=out, state=State.QUEUED).update(
            state=State.SUPPRESSED, reason="opted out meanwhile"
        )
    return out


def _still_queued(ids: Sequence[int]) -> database.Sql:
    rows = database.among("id", ids)
    # a sum, because the planner takes a small partial index by state for better than the primary key
    return database.Sql(
        f"SELECT id FROM {_TABLE} WHERE state + 0 = {State.QUEUED:d} AND {rows.sql}", rows.parameters
    )


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
