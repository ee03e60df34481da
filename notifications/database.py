"""What differs between PostgreSQL and SQLite, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection, models


def clock() -> datetime:
    """The time by which leases are judged: the database's own, so that workers' clocks may differ.

    SQLite is on the machine of its only process; there the machine's clock is the database's.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            at: datetime = cursor.fetchone()[0]
            return at
    return datetime.now(UTC)


def new_uuid() -> str:
    """SQL for a random UUID as Django stores it: its own type on PostgreSQL, 32 hex digits on SQLite."""
    return "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"


def null(kind: str) -> str:
    """SQL for a NULL that PostgreSQL can give a type to inside a derived table."""
    return f"CAST(NULL AS {kind})" if connection.vendor == "postgresql" else "NULL"


def stored(model: type[models.Model], field: str, value: Any) -> Any:
    """A value as this database keeps it in that field, for statements written by hand."""
    return model._meta.get_field(field).get_db_prep_save(value, connection)  # type: ignore[union-attr]
