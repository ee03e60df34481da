"""A PostgreSQL and a Redis in; a database and an environment that live for one run, out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql

_NAME: Final = f"lull_delivery_{os.getpid()}"


@contextmanager
def place(server: str, queue: str) -> Iterator[dict[str, str]]:
    """A new database at `server`, a postgres:// address without one; dropped with the block."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        durable = line.execute("SHOW synchronous_commit").fetchone()
        if durable != ("on",):
            raise SystemExit("synchronous_commit is off at this server: its figures would say nothing.")
        name = sql.Identifier(_NAME)
        line.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield {
                "DATABASE_URL": f"{server}/{_NAME}",
                "REDIS_URL": queue,
                "SECRET_KEY": "not a secret, but long enough for a signature of 256 bits",
                "ADDRESS_KEY": "not a secret either, for addresses that belong to nobody",
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "RATES": '{"sms": 0}',  # as fast as they are taken
            }
        finally:
            line.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
