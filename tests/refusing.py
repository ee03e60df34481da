"""A database that is away, or takes nothing: the real one, which is not reached, or may not be written."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from django.db import connection


@contextlib.contextmanager
def away() -> Iterator[None]:
    """Nothing listens where the database was. Only in tests that commit: the connection is given up."""
    place = "PORT" if connection.vendor == "postgresql" else "NAME"
    kept = connection.settings_dict[place]
    connection.close()
    connection.settings_dict[place] = _closed_port() if place == "PORT" else "/nowhere/lull.sqlite3"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict[place] = kept


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """Whoever comes to PostgreSQL from now on may only read; who is connected goes on as before."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    _run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        yield
    finally:
        _run("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        _run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        connection.close()


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
