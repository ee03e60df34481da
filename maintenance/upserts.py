"""Rows in; the rows written, many to a statement, on PostgreSQL and on SQLite, out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

Value = str | int | float | bytes | bool | datetime | None

# measured; one row a statement takes two to four times as long
_AT_ONCE: Final = {"postgresql": 2_000, "sqlite": 100}


def upsert(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Value, ...]], on_conflict: str
) -> int:
    """Insert the rows' values into these columns of the model's table, ON CONFLICT `on_conflict`.

    How many were inserted or updated: not those that the conflict's WHERE passes over.

    `on_conflict` is SQL of the caller's own, never from outside. No two rows may conflict with each
    other: PostgreSQL refuses to update a row twice in one statement.
    """
    into = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
    step = _AT_ONCE[connection.vendor]
    written = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            source, values = (
                _unnest(model, columns, some) if connection.vendor == "postgresql" else _values(some)
            )
            cursor.execute(f"{into} {source} ON CONFLICT {on_conflict}", values)
            written += cursor.rowcount
    return written


def _unnest(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Value, ...]]
) -> tuple[str, list[Any]]:
    """One array for each column: a placeholder for each value would be most of the work."""
    types = [model._meta.get_field(column).db_type(connection) for column in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    source = f"SELECT * FROM unnest({arrays})"  # noqa: S608  # nothing in it but types of columns
    return source, [list(column) for column in zip(*rows, strict=True)]


def _values(rows: Sequence[tuple[Value, ...]]) -> tuple[str, list[Any]]:
    row = f"({', '.join(['%s'] * len(rows[0]))})"
    return f"VALUES {', '.join([row] * len(rows))}", [value for values in rows for value in values]
