"""A notice in; prepared, claimed, intended, settled and heard of by the code that does it; its bytes out."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection, transaction

from notifications.channels import direct_names
from notifications.channels.types import Outcome, Verdict
from notifications.delivery import queue, receipts
from notifications.delivery.queue import Claimed
from notifications.delivery.settlement import Settled, settle
from notifications.models import Attempt, Delivery, Notice, Receipt, State, Tally
from notifications.reporting import progress
from tests.benchmarks.delivery import bank
from tests.benchmarks.delivery.measured import cpu_of_postgresql

TABLE: Final = Delivery._meta.db_table
_CLAIM: Final = 64
"""What a process has in flight, and so what it claims, intends and settles at once."""
_PARTS: Final = 10
_HASH: Final = bytes(32)


@dataclass(frozen=True)
class Way:
    """How the table is kept."""

    fillfactor: int = 100
    vacuumed: bool = False


@dataclass(frozen=True)
class Size:
    """Bytes of the table of deliveries."""

    parts: Mapping[str, int]

    @property
    def whole(self) -> int:
        """With all its indexes."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Wal:
    """Bytes written ahead, and how many images of whole pages are among them."""

    written: int
    images: int

    def __add__(self, more: Wal) -> Wal:
        return Wal(self.written + more.written, self.images + more.images)

    def __sub__(self, before: Wal) -> Wal:
        return Wal(self.written - before.written, self.images - before.images)


@dataclass
class Life:
    """What a notice came to."""

    deliveries: int
    prepared: Size
    prepare_seconds: float
    settled: Size = field(default_factory=lambda: Size({}))
    wal: defaultdict[str, Wal] = field(default_factory=lambda: defaultdict(lambda: Wal(0, 0)))
    updates: int = 0
    hot: int = 0
    receipts: int = 0
    tallies: int = 0
    vacuum_seconds: float = 0.0
    last_vacuum_seconds: float = 0.0
    send_seconds: float = 0.0
    prepare_cpu: float = 0.0
    send_cpu: float = 0.0
    hear_cpu: float = 0.0
    """PostgreSQL's CPU seconds."""


def live(customers: int, way: Way) -> Life:
    """A notice on each direct channel to so many customers, from preparation to the last receipt."""
    forget()
    run(f"ALTER TABLE {TABLE} SET (fillfactor = {way.fillfactor})")
    run("CHECKPOINT")
    before, begun, used = wal(), time.monotonic(), cpu_of_postgresql()
    notices = make(customers)
    taken, used = time.monotonic() - begun, cpu_of_postgresql() - used
    lived = Life(Delivery.objects.count(), size(), taken, prepare_cpu=used)
    lived.wal["preparing"] = wal() - before
    run(f"VACUUM ANALYZE {TABLE}")  # as after any great INSERT
    moved, left = _updates(), True
    while left:
        run("CHECKPOINT")
        before, begun, used = wal(), time.monotonic(), cpu_of_postgresql()
        left = bool(send_some(lived.deliveries // _PARTS))
        lived.send_seconds += time.monotonic() - begun
        lived.send_cpu += cpu_of_postgresql() - used
        lived.wal["sending"] += wal() - before
        before, used = wal(), cpu_of_postgresql()
        hear()
        lived.hear_cpu += cpu_of_postgresql() - used
        lived.wal["hearing"] += wal() - before
        lived.tallies = max(lived.tallies, Tally.objects.count())
        progress.fold_tallies()
        if way.vacuumed:
            before = wal()
            lived.vacuum_seconds += _vacuum()
            lived.wal["vacuuming"] += wal() - before
    lived.settled = size()
    lived.last_vacuum_seconds = _vacuum()
    lived.vacuum_seconds += lived.last_vacuum_seconds
    lived.updates, lived.hot = (after - was for after, was in zip(_updates(), moved, strict=True))
    lived.receipts = int(run(f"SELECT pg_total_relation_size('{Receipt._meta.db_table}')")[0][0])
    check(notices)
    return lived


def forget() -> None:
    """Begin on empty tables."""
    bank.forget()
    run(f"TRUNCATE {Receipt._meta.db_table}, {Attempt._meta.db_table}")


def make(customers: int) -> list[Notice]:
    """Prepared notices, one on each direct channel."""
    service = bank.service(customers)
    made = [bank.notice(service, channel, due_in=0) for channel in direct_names()]
    for one in made:
        bank.prepare(one)
    return made


def send_some(messages: int) -> int:
    """Claim, intend and settle so many, as senders do; how many there were."""
    done = 0
    while done < messages:
        held = [row for channel in direct_names() for row in claim(channel)]
        if not held:
            break
        done += len(held)
    return done


def claim(channel: str) -> list[Claimed]:
    """A window of messages, sent."""
    now = datetime.now(UTC)
    with transaction.atomic():
        held = queue.claimed_deliveries(channel, demonstration=False, limit=_CLAIM, token=uuid4(), now=now)
        queue.intended_ids(held, {row.id: (_HASH, 1) for row in held})
    settle([Settled(row, accepted(row)) for row in held], now=now)
    return held


def accepted(row: Claimed) -> Outcome:
    """As Twilio answers."""
    reference = f"SM{row.public_id.hex}"
    return Outcome(row.public_id, row.attempt, Verdict.ACCEPTED, "twilio", reference)


def hear() -> None:
    """The receipts of all that is sent, worked on."""
    now = datetime.now(UTC)
    sent = Delivery.objects.filter(state=State.SENT).values_list("public_id", "provider_ref")
    rows = list(sent)
    for start in range(0, len(rows), _CLAIM):
        receipts.keep_receipts([_receipt(*row, now=now) for row in rows[start : start + _CLAIM]])
    while receipts.apply_receipts(now=now):
        pass


def _receipt(public_id: UUID, reference: str, *, now: datetime) -> Receipt:
    return Receipt(
        provider="twilio",
        event_key=f"{reference}:delivered",
        delivery_public_id=public_id,
        attempt=1,
        provider_ref=reference,
        state=State.DELIVERED,
        raw={"MessageSid": reference, "MessageStatus": "delivered"},
        received_at=now,
    )


def check(notices: Sequence[Notice]) -> None:
    """The counters that triggers write must be what is there."""
    counted = sum(row.people for row in progress.progress_of([notice.pk for notice in notices]))
    there = Delivery.objects.filter(notice__in=notices).count()
    assert counted == there, f"{counted} counted, {there} there"


def size() -> Size:
    """Of the heap and of each index."""
    indexes = run(
        "SELECT relname, pg_relation_size(indexrelid) FROM pg_index JOIN pg_class ON oid = indexrelid"
        f" WHERE indrelid = '{TABLE}'::regclass ORDER BY 2 DESC"
    )
    (heap,) = run(f"SELECT pg_table_size('{TABLE}')")
    return Size({"heap": heap[0], **{name.removeprefix("delivery_"): bytes_ for name, bytes_ in indexes}})


def run(sql: str) -> list[tuple[Any, ...]]:
    """One statement by itself; its rows, where it has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def _vacuum() -> float:
    begun = time.monotonic()
    run(f"VACUUM {TABLE}")
    return time.monotonic() - begun


def wal() -> Wal:
    """What this server has written until now."""
    run("SELECT pg_stat_force_next_flush()")
    (row,) = run("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, wal_fpi FROM pg_stat_wal")
    return Wal(int(row[0]), int(row[1]))


def _updates() -> tuple[int, int]:
    (row,) = run(
        f"SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = '{TABLE}'::regclass"
    )
    return int(row[0]), int(row[1])
