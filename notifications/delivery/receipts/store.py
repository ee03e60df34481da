"""A provider's word in; kept as it came out. Nothing is done about it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import connection

from notifications.channels.providers import cleaned
from notifications.models import Receipt, State, Suppression

_FIELDS: Final = tuple(field for field in Receipt._meta.concrete_fields if not field.primary_key)
_KEEP: Final = (
    f"INSERT INTO {Receipt._meta.db_table} ({', '.join(str(field.column) for field in _FIELDS)})"
    f" VALUES ({', '.join(['%s'] * len(_FIELDS))}) ON CONFLICT DO NOTHING"
)


def receipt_of(
    *,
    provider: str,
    event_key: str,
    delivery: UUID,
    attempt: int,
    state: State,
    now: datetime,
    provider_ref: str = "",
    code: str = "",
    suppress: Suppression.Reason | str = "",
    raw: Mapping[str, str] | None = None,
) -> Receipt:
    """A provider's word as it can be kept, however long it is and whatever characters it has."""
    return Receipt(
        provider=cleaned(provider)[:20],
        event_key=cleaned(event_key)[:200],
        delivery_public_id=delivery,
        attempt=attempt,
        state=state,
        provider_ref=cleaned(provider_ref)[:120],
        code=cleaned(code)[:40],
        suppress=suppress,
        raw={name: cleaned(value) for name, value in (raw or {}).items()},
        received_at=now,
    )


def keep_receipt(kept: Receipt) -> bool:
    """Keep a receipt for later work, in one statement. False where the same event was kept before."""
    values = [field.get_db_prep_save(getattr(kept, field.attname), connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return bool(cursor.rowcount == 1)


def keep_receipts(words: Iterable[Receipt]) -> None:
    """The same for many, all or none; what was kept before stays as it is.

    In the order of the unique key: of two requests with the same events one waits for the other, and none
    for ever.
    """
    Receipt.objects.bulk_create(
        sorted(words, key=attrgetter("provider", "event_key")),
        ignore_conflicts=True,
    )
