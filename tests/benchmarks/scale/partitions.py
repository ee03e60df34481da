"""The table of deliveries with a partition per notice, under the code as it is; what changes, as lines, out.

The table stands in a schema that is looked into first, with the same columns, indexes and triggers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Final
from uuid import uuid4

import psycopg
from django.db import connection, transaction

from notifications.channels import direct_names
from notifications.delivery import queue
from notifications.delivery.settlement import Settled, settle
from notifications.models import Delivery, Notice, State
from tests.benchmarks.delivery import bank
from tests.benchmarks.scale import life
from tests.benchmarks.scale.life import TABLE, run

_SCHEMA: Final = "parted"
_WHOLE: Final = f"public.{TABLE}"
_PARTED: Final = f"{_SCHEMA}.{TABLE}"
_CHANNEL: Final = direct_names()[0]
_OLD: Final = 10
"""Deliveries in each partition whose notice is over."""
_CLAIMS: Final = 20
_SIDE_BY_SIDE: Final = 16
_WAITING: Final = (
    f"channel = '{_CHANNEL}' AND NOT demonstration AND state = {State.QUEUED:d} AND priority = 21"
    " AND not_before <= now() AND expires_at > now()"
)
_NEXT: Final = f"SELECT id AS held FROM {TABLE} WHERE {_WAITING}"
_ORDER: Final = " ORDER BY not_before, id LIMIT 64 FOR UPDATE SKIP LOCKED"


def compare(customers: int, numbers: Sequence[int]) -> Iterator[str]:
    """A line for each number of partitions, the table as it is being the first; then what an end costs."""
    yield f"\n## partitions by notice: {customers:,} deliveries of a live one, the others settled\n"
    yield (
        "| partitions | prepared/s | claim | intend | settle | of a claim: planning | locks | at once"
        " | claim by notice |"
    )
    yield "| --- " * 9 + "|"
    yield _line("none", customers)
    for number in numbers:
        with _parted(number):
            yield _line(f"{number:,}", customers)
    yield ""
    yield _ended("DELETE, then VACUUM", customers, _delete)
    with _parted(1):
        yield _ended("DETACH CONCURRENTLY, then DROP", customers, _detach)


def _line(name: str, customers: int) -> str:
    rate = customers / bank.prepare(notice := _notice(customers))
    run(f"VACUUM ANALYZE {TABLE}")
    milliseconds = " | ".join(f"{value * 1e3:.1f} ms" for value in _cycle())
    planning = _planning()
    with transaction.atomic():
        run(_NEXT + _ORDER)
        ((locks,),) = run("SELECT COUNT(*) FROM pg_locks WHERE pid = pg_backend_pid()")
    alone = median(_took(lambda: _claim_of(notice)) for _ in range(_CLAIMS))
    life.check([notice])
    return (
        f"| {name} | {rate:,.0f} | {milliseconds} | {planning:.1f} ms | {locks:,} | {_at_once()}"
        f" | {alone * 1e3:.1f} ms |"
    )


def _notice(customers: int) -> Notice:
    made = bank.notice(bank.service(customers), _CHANNEL, due_in=0)
    if _is_parted():
        _add(made.pk)
    return made


def _cycle() -> list[float]:
    """Seconds of a claim, of its intent and of its settlement; medians."""
    taken: list[tuple[float, float, float]] = []
    for _ in range(_CLAIMS):
        now, marks = datetime.now(UTC), [time.monotonic()]
        with transaction.atomic():
            held = queue.claimed_deliveries(_CHANNEL, demonstration=False, limit=64, token=uuid4(), now=now)
            marks.append(time.monotonic())
            queue.intended_ids(held, {row.id: (bytes(32), 1) for row in held})
        marks.append(time.monotonic())
        assert settle([Settled(row, life.accepted(row)) for row in held], now=now) == len(held) > 0
        marks.append(time.monotonic())
        first, second, third = (after - before for before, after in pairwise(marks))
        taken.append((first, second, third))
    return [median(each) for each in zip(*taken, strict=True)]


def _planning() -> float:
    """Milliseconds in which the claim's SELECT is planned, once the catalogue is in memory."""
    plans = [run(f"EXPLAIN (SUMMARY, FORMAT JSON) {_NEXT}{_ORDER}") for _ in range(5)]
    return median(float(plan[0][0][0]["Planning Time"]) for plan in plans)


def _claim_of(notice: Notice) -> None:
    """A claim that names the notice, so that the planner sees one partition."""
    with transaction.atomic():
        run(f"{_NEXT} AND notice_id = {notice.pk}{_ORDER}")


def _at_once() -> str:
    """How many transactions can each hold the locks of a claim before the lock table is full."""
    settings = connection.get_connection_params()
    lines: list[psycopg.Connection[tuple[object, ...]]] = []
    try:
        for _ in range(_SIDE_BY_SIDE):
            line = psycopg.connect(
                **{name: settings[name] for name in ("dbname", "user", "host", "port")},
                options=f"-c search_path={_SCHEMA},public",
            )
            lines.append(line)
            line.execute(f"EXPLAIN {_NEXT}{_ORDER}")
    except psycopg.errors.OutOfMemory:
        return f"{len(lines) - 1}"
    else:
        return f"{_SIDE_BY_SIDE} or more"
    finally:
        for line in lines:
            line.close()


def _ended(name: str, customers: int, end: Callable[[Notice], None]) -> str:
    """What it takes to be rid of one of two notices."""
    life.forget()
    first, _ = (_notice(customers) for _ in range(2))
    for one in Notice.objects.filter(status=Notice.Status.PLANNED):
        bank.prepare(one)
    run(f"UPDATE {TABLE} SET state = {State.DELIVERED:d} WHERE state = {State.QUEUED:d}")
    run(f"VACUUM ANALYZE {TABLE}")
    run("CHECKPOINT")
    before = life.wal()
    seconds = _took(lambda: end(first))
    written = life.wal() - before
    left = Delivery.objects.filter(notice=first).count()
    assert left == 0, f"{left} are left"
    return f"{name}: {seconds:.2f} s and {written.written / 1e6:.1f} MB of WAL for {customers:,} deliveries"


def _delete(notice: Notice) -> None:
    run(f"DELETE FROM {TABLE} WHERE notice_id = {notice.pk}")
    run(f"VACUUM {TABLE}")


def _detach(notice: Notice) -> None:
    run(f"ALTER TABLE {_PARTED} DETACH PARTITION {_SCHEMA}.of_{notice.pk} CONCURRENTLY")
    run(f"DROP TABLE {_SCHEMA}.of_{notice.pk}")


@contextmanager
def _parted(number: int) -> Iterator[None]:
    """The table so parted inside the block, one of the partitions still to be made."""
    run(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
    run(f"CREATE SCHEMA {_SCHEMA}")
    run(f"SET search_path TO {_SCHEMA}, public")
    try:
        run(
            f"CREATE TABLE {_PARTED} (LIKE {_WHOLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
            " INCLUDING IDENTITY, PRIMARY KEY (id, notice_id)) PARTITION BY LIST (notice_id)"
        )
        for (statement,) in run(
            f"SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '{_WHOLE}'::regclass"
            " AND NOT indisprimary UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger"
            f" WHERE tgrelid = '{_WHOLE}'::regclass AND NOT tgisinternal"
        ):
            run(statement.replace(f" ON {_WHOLE} ", f" ON {_PARTED} "))
        for old in range(1, number):
            _add(-old)
        _settled(number - 1)
        yield
    finally:
        for (partition,) in run(
            "SELECT relname FROM pg_class JOIN pg_inherits ON oid = inhrelid"
            f" WHERE inhparent = '{_PARTED}'::regclass"
        ):
            run(f"DROP TABLE {_SCHEMA}.{partition}")  # one by one: all at once are too many locks
        run("SET search_path TO public")
        run(f"DROP SCHEMA {_SCHEMA} CASCADE")


def _add(notice: int) -> None:
    name = f"{_SCHEMA}.of_{notice}" if notice > 0 else f"{_SCHEMA}.before_{-notice}"
    run(f"CREATE TABLE {name} PARTITION OF {_PARTED} FOR VALUES IN ({notice})")


def _settled(notices: int) -> None:
    """Some delivered rows in each of the older partitions."""
    run(
        f"INSERT INTO {_PARTED} (public_id, notice_id, customer_id, channel, target, demonstration, language,"
        " segments, priority, state, rank, reason, not_before, expires_at, attempt, provider, provider_ref)"
        f" SELECT gen_random_uuid(), -notice, customer, '{_CHANNEL}', '', false, 'en', 1, 21,"
        f" {State.DELIVERED:d}, 4, '', now(), now(), 1, 'twilio', ''"
        f" FROM generate_series(1, {notices}) AS notice, generate_series(1, {_OLD}) AS customer"
    )


def _is_parted() -> bool:
    return bool(run(f"SELECT 1 FROM pg_class WHERE oid = '{TABLE}'::regclass AND relkind = 'p'"))


def _took(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
