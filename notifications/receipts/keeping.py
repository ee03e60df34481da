"""A provider's word in; kept as it came out. Nothing is done about it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from notifications.models import Receipt, State, Suppression

_FIELDS: Final = tuple(field for field in Receipt._meta.concrete_fields if not field.primary_key)
_KEEP: Final = (
    f"INSERT INTO {Receipt._meta.db_table} ({', '.join(str(field.column) for field in _FIELDS)})"
    f" VALUES ({', '.join(['%s'] * len(_FIELDS))}) ON CONFLICT DO NOTHING"
)


def record(
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
    raw: Mapping[str, Any] | None = None,
) -> bool:
    """Keep a receipt for later work, in one statement. False where the same event was kept before."""
    kept = Receipt(
        provider=provider,
        event_key=event_key[:200],
        delivery_public_id=delivery,
        attempt=attempt,
        state=state,
        provider_ref=provider_ref[:120],
        code=code[:40],
        suppress=suppress,
        raw=raw or {},
        received_at=now,
    )
    values = [field.get_db_prep_save(getattr(kept, field.attname), connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return bool(cursor.rowcount == 1)


def keep(words: Iterable[Receipt]) -> None:
    """The same for many that were asked for; what was kept before stays as it is."""
    Receipt.objects.bulk_create(words, ignore_conflicts=True, batch_size=1_000)
