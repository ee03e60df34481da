"""Held deliveries in; those on record as about to be handed to the provider out."""

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


def intend(held: Sequence[Claimed], said: Mapping[int, Said] | None = None) -> set[int]:
    """Mark that these are about to be handed to the provider, saying so; the ids that are still ours.

    It counts once the caller's transaction is committed. What was withdrawn, opted out of or taken away
    meanwhile does not come back and must not be sent. Neither is what somebody holds at this moment: the
    caller may hold what they wait for. If they leave it alone, it is free when its lease ends.
    """
    if not held:
        return set()
    ids = sorted(row.id for row in held)
    clock, lease = database.ahead(0), database.ahead(settings.LEASE_SECONDS)
    words = {} if said is None else said
    given = database.rows(_SAID, [(pk, *words.get(pk, (None, None))) for pk in ids])
    rows = database.in_order(ids, waiting=False)
    # a sum, because the planner takes a small partial index by state for better than the primary key
    mine = f"SELECT id FROM {_TABLE} WHERE lease_token = %s AND state + 0 = %s AND {rows.sql}"
    fence = [database.stored(Delivery, "lease_token", held[0].token), State.CLAIMED, *rows.parameters]
    opted_out = (
        f"EXISTS (SELECT 1 FROM {_SUPPRESSION} s WHERE s.channel = {_TABLE}.channel"
        f" AND s.address_hmac = {_TABLE}.address_hmac)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH mine AS MATERIALIZED ({mine}), given AS MATERIALIZED ({given.sql})"
            f" UPDATE {_TABLE} SET state = %s, rank = 0, attempt = attempt + 1, reason = '',"
            f" intended_at = {clock.sql}, lease_until = {lease.sql},"
            f" text_hash = COALESCE(given.text_hash, {_TABLE}.text_hash),"
            f" segments = COALESCE(given.segments, {_TABLE}.segments)"
            f" FROM mine JOIN given ON given.id = mine.id"
            f" WHERE {_TABLE}.id = mine.id AND NOT {opted_out} RETURNING {_TABLE}.id",
            [*fence, *given.parameters, State.SENDING, *clock.parameters, *lease.parameters],
        )
        ours = {row[0] for row in cursor.fetchall()}
        if len(ours) < len(ids):
            cursor.execute(
                f"WITH mine AS MATERIALIZED ({mine}) UPDATE {_TABLE} SET state = %s,"
                " reason = 'opted out meanwhile', lease_token = NULL, lease_until = NULL"
                f" FROM mine WHERE {_TABLE}.id = mine.id AND {opted_out}",
                [*fence, State.SUPPRESSED],
            )
    return ours


def intended(held: Sequence[Claimed], said: Mapping[int, Said] | None = None) -> set[int]:
    """As `intend`, in a transaction of its own, where one that may have been committed was not answered.

    None of these was handed out yet, so those that stand as being sent under this token are ours too.
    """
    done = Delivery.objects.filter(
        pk__in=[row.id for row in held],
        lease_token=held[0].token,
        state=State.SENDING,
    )
    with transaction.atomic():
        return set(done.values_list("pk", flat=True)) | intend(held, said)
