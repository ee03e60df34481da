"""A test database in; one that tests which commit leave as its migrations made it, in milliseconds, out.

Django truncates every table after such a test, which makes each a new file, and then saves what migrations
had made row by row, with two statements each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import pytest
from django.core import serializers
from django.core.serializers.base import DeserializedObject
from django.db import connection, transaction


def drop_whoever_is_there() -> None:
    """A killed process may not be gone from the database when the last test is over."""
    if connection.vendor != "postgresql":
        return

    creation: Any = connection.creation

    def dropped(name: str, verbosity: int) -> None:
        with creation._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")

    creation._destroy_test_db = dropped


@contextmanager
def quick() -> Iterator[None]:
    """Meanwhile Django empties and fills the tables so."""
    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":  # on SQLite Django deletes already
            patch.setattr(connection.ops, "sql_flush", _deletions)
        patch.setattr(connection.creation, "deserialize_db_from_string", _Rows())
        yield


def _deletions(style: Any, tables: list[str], **_: Any) -> list[str]:
    """Like TRUNCATE they wait for whoever has a transaction open: a killed process may have left one."""
    names = [connection.ops.quote_name(table) for table in tables]
    lock = f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"
    return ["; ".join([lock, *(f"DELETE FROM {name}" for name in names)])]  # noqa: S608


class _Rows:
    """What migrations made, read once, and put where it is missing, a table at a time."""

    def __init__(self) -> None:
        self._read: dict[str, list[DeserializedObject]] = {}

    def __call__(self, data: str) -> None:
        if data not in self._read:
            self._read[data] = list(serializers.deserialize("json", data))
        rows = self._read[data]
        with transaction.atomic():
            for model, of_model in groupby(rows, lambda row: type(row.object)):
                model._base_manager.bulk_create([row.object for row in of_model], ignore_conflicts=True)
            for row in rows:
                for name, others in (row.m2m_data or {}).items():
                    getattr(row.object, name).set(others)
