"""A provider's word in; kept as it came out. Nothing is done about it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import connection

from notifications.channels.providers import cleaned
from notifications.models import Receipt, State, Suppression

_FIELDS: Final = tuple(one for one in Receipt._meta.concrete_fields if not one.primary_key)
_KEEP: Final = (
    f"INSERT INTO {Receipt._meta.db_table} ({', '.join(str(one.column) for one in _FIELDS)})"
    f" VALUES ({', '.join(['%s'] * len(_FIELDS))}) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """What a provider said of one attempt of a delivery, in its own words."""

    provider: str
    event_key: str
    """The same event twice has the same key."""
    delivery: UUID
    attempt: int
    state: State
    received_at: datetime
    provider_ref: str = ""
    code: str = ""
    suppress: Suppression.Reason | str = ""
    raw: Mapping[str, str] = field(default_factory=dict)

    def receipt(self) -> Receipt:
        """As it can be kept, however long it is and whatever characters it has."""
        return Receipt(
            provider=cleaned(self.provider)[:20],
            event_key=cleaned(self.event_key)[:200],
            delivery_public_id=self.delivery,
            attempt=self.attempt,
            state=self.state,
            provider_ref=cleaned(self.provider_ref)[:120],
            code=cleaned(self.code)[:40],
            suppress=self.suppress,
            raw={name: cleaned(value) for name, value in self.raw.items()},
            received_at=self.received_at,
        )


def keep_receipt(kept: Receipt) -> bool:
    """Keep a receipt for later work, in one statement. False where the same event was kept before."""
    values = [one.get_db_prep_save(getattr(kept, one.attname), connection) for one in _FIELDS]
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
