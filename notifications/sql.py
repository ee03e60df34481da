"""What differs between PostgreSQL and SQLite, and nothing else."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import InterfaceError, OperationalError, connection, models
from django.db.models.expressions import Col, Combinable
from django.db.models.functions import Now

Result = TypeVar("Result")

_LOOK_AGAIN: Final = 0.2
"""Seconds between two tries to reach a database that is away."""


_locks: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)
"""Of an embedded database, which has one process."""


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters in order. All names in it are ours, all values parameters."""

    sql: str
    parameters: Sequence[Any]


def database_now() -> datetime:
    """The time by which leases are judged: the database's own, so that workers' clocks may differ.

    SQLite is on the machine of its only process; there the machine's clock is the database's.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            at: datetime = cursor.fetchone()[0]
            return at
    return datetime.now(UTC)


_UUID: Final = (
    "encode(set_byte(overlay(uuid_send(gen_random_uuid())"
    " PLACING substring(int8send(CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)) FROM 3)"
    " FROM 1 FOR 6), 6, 112 + CAST(floor(random() * 16) AS integer)), 'hex')::uuid"
)


def new_uuid() -> str:
    """SQL for a UUID as Django stores it: its own type on PostgreSQL, 32 hex digits on SQLite.

    On PostgreSQL one that begins with the time (version 7, RFC 9562): rows that are made together stand
    together in the index, and to write them again a million times touches few of its pages.
    """
    return _UUID if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"


def stored_value(model: type[models.Model], field: str, value: Any) -> Any:
    """A value as this database keeps it in that field, for statements written by hand."""
    return model._meta.get_field(field).get_db_prep_save(value, connection)  # type: ignore[union-attr]


def now_there() -> Combinable:
    """That time as part of a statement, the same throughout it."""
    if connection.vendor == "postgresql":
        return Now()
    return models.Value(database_now(), output_field=models.DateTimeField())


def now_in_sql() -> Sql:
    """The same for statements written by hand."""
    if connection.vendor == "postgresql":
        return Sql("STATEMENT_TIMESTAMP()", ())
    return Sql("%s", (connection.ops.adapt_datetimefield_value(database_now()),))


def seconds_between(since: str, until: str) -> str:
    """SQL for how many seconds lie between two times; negative where the second is the earlier one."""
    if connection.vendor == "postgresql":
        return f"CAST(EXTRACT(EPOCH FROM {until} - {since}) AS double precision)"
    return f"((julianday({until}) - julianday({since})) * 86400.0)"


def least_of(*values: str) -> str:
    """SQL for the smallest of several values."""
    return f"{'LEAST' if connection.vendor == 'postgresql' else 'MIN'}({', '.join(values)})"


def greatest(*values: str) -> str:
    """SQL for the largest of several values."""
    return f"{'GREATEST' if connection.vendor == 'postgresql' else 'MAX'}({', '.join(values)})"


def when_back(work: Callable[[], Result], seconds: float) -> Result:
    """Do it; where the database is away, once it is back. Raises what it raised when the time is up.

    For work that may be done twice: whether a commit that was not answered was made is not known.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= until:
                raise
            connection.close()
            time.sleep(_LOOK_AGAIN)


def time_ahead(seconds: float) -> Sql:
    """That clock's time so many seconds from now, for statements written by hand."""
    if connection.vendor == "postgresql":
        return Sql("clock_timestamp() + %s * interval '1 second'", [seconds])
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Sql("%s", [connection.ops.adapt_datetimefield_value(at)])


def end_stalled(seconds: float) -> None:
    """End a transaction of this connection that nothing was asked of for so long, and the connection.

    For a process that may be stopped in the middle of one, and others wait for the rows it has locked.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, false)", [f"{seconds}s"]
            )


def skip_locked() -> str:
    """The end of a SELECT that takes rows nobody else holds. SQLite has one writer at a time."""
    return " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""


def in_order(ids: Sequence[int]) -> Sql:
    """The condition and lock with which a SELECT holds those of these rows that also meet what stands before.

    They are locked one after the other by their id: whoever moves many rows takes them in this order, so
    that no two wait for each other for ever.
    """
    mine = among("id", ids)
    lock = " ORDER BY id FOR UPDATE" if connection.vendor == "postgresql" else ""
    return Sql(mine.sql + lock, mine.parameters)


def among(column: str, values: Sequence[Any], kind: str = "bigint") -> Sql:
    """The condition that a column is one of these, of a PostgreSQL type.

    An index on it is used, however little the planner knows. As one parameter, because to write a mark for
    each value takes longer than to find the rows.
    """
    if connection.vendor == "postgresql":
        return Sql(f"{column} = ANY(%s::{kind}[])", [list(values)])
    return Sql(f"{column} IN ({', '.join(['%s'] * len(values))})", list(values))


def rows_of_values(columns: Mapping[str, str], values: Sequence[Sequence[Any]]) -> Sql:
    """A SELECT of these values under the names and PostgreSQL types of `columns`, one row for each.

    On PostgreSQL what all rows have in common is said once, and the rest is one parameter of JSON: an
    array for each column, or a parameter for each value, takes longer to write than the rows to store.
    """
    if connection.vendor != "postgresql":
        marks = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(values))
        numbered = ", ".join(f"column{n} AS {name}" for n, name in enumerate(columns, 1))
        return Sql(
            f"SELECT {numbered} FROM (VALUES {marks})", [_plain(value) for row in values for value in row]
        )
    places = {name: place for place, name in enumerate(columns)}
    own = [name for name, place in places.items() if not place or len({row[place] for row in values}) > 1]
    read, shared = [], []
    for name, kind in columns.items():
        if name in own:
            read.append(f"decode({name}, 'hex') AS {name}" if kind == "bytea" else name)
        else:
            read.append(f"CAST(%s AS {kind}) AS {name}")
            shared.append(values[0][places[name]])
    sent = ", ".join(f"{name} {'text' if columns[name] == 'bytea' else columns[name]}" for name in own)
    document = json.dumps([{name: row[places[name]] for name in own} for row in values], default=_json)
    return Sql(f"SELECT {', '.join(read)} FROM json_to_recordset(%s) AS sent({sent})", [*shared, document])


def _json(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()


def _plain(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def converted(
    model: type[models.Model], names: Sequence[str], found: Sequence[tuple[Any, ...]]
) -> Sequence[tuple[Any, ...]]:
    """Rows of these columns, read by hand, as Django would have read them."""
    columns = [Col(model._meta.db_table, model._meta.get_field(name)) for name in names]  # type: ignore[arg-type]
    steps = [
        (place, column, convert)
        for place, column in enumerate(columns)
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.output_field.get_db_converters(connection),
        )
    ]
    if not steps:
        return found
    rows = [list(row) for row in found]
    for place, column, convert in steps:
        for row in rows:
            row[place] = convert(row[place], column, connection)
    return [tuple(row) for row in rows]


@contextlib.contextmanager
def alone_at(work: str) -> Iterator[bool]:
    """Whether nobody else is at this work now; while it lasts nobody else begins it.

    Whoever dies over it gives it back with the connection.
    """
    if connection.vendor != "postgresql":
        lock = _locks[work]
        if not lock.acquire(blocking=False):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
        return
    key = zlib.crc32(work.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
