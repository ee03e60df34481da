"""The counters say what there is, whatever moves and whoever moves it."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from pytest_django.fixtures import Settings

from maintenance.models import NoticeKind
from notifications.channels.types import Outcome, Verdict
from notifications.delivery import queue, receipts, settlement
from notifications.delivery.queue import Claimed
from notifications.models import Delivery, Notice, State, Tally, WaitsFor
from notifications.planning import preparation
from notifications.reporting import progress
from tests import people

_KEY = ("notice_id", "channel", "state", "outbox", "minute_at")


def _counted() -> dict[tuple[object, ...], tuple[int, int]]:
    """By the counters: notice, channel, state, outbox, minute -> deliveries, segments."""
    sums = Tally.objects.values_list(*_KEY).annotate(rows=Sum("deliveries"), pieces=Sum("segments"))
    return {tuple(key): (rows, pieces) for *key, rows, pieces in sums if (rows, pieces) != (0, 0)}


def _true() -> dict[tuple[object, ...], tuple[int, int]]:
    """The same by looking at every delivery."""
    found: dict[tuple[object, ...], tuple[int, int]] = {}
    for row in Delivery.objects.all():
        at = row.not_before if row.state == State.QUEUED else row.sent_at
        minute = at and at.replace(second=0, microsecond=0)
        key = (row.notice_id, row.channel, row.state, row.provider == "outbox", minute)
        rows, pieces = found.get(key, (0, 0))
        found[key] = rows + 1, pieces + row.segments
    return found


def _apart(work: Callable[[], object]) -> None:
    """In a thread, with a connection that ends with the work."""
    try:
        work()
    finally:
        connection.close()


class _Walk:
    """Moves at random, of every kind there is."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.chance, self.now = random.Random(seed), now
        self.claimed: list[Claimed] = []
        self.intended: list[Claimed] = []

    def step(self) -> None:
        moves: list[Callable[[], object]] = [
            *(
                self._prepare,
                self._claim,
                self._claim,
                self._intend,
                self._intend,
                self._settle,
                self._settle,
            ),
            *(
                self._put_off,
                self._give_up,
                self._receipts,
                self._sweep,
                self._withdraw,
                progress.fold_tallies,
            ),
        ]
        self.chance.choice(moves)()

    def _prepare(self) -> None:
        waiting = Notice.objects.filter(status__in=(Notice.Status.PLANNED, Notice.Status.PREPARING))
        for pk in waiting.order_by("pk").values_list("pk", flat=True)[:1]:
            preparation.prepare(pk, now=self.now)

    def _claim(self) -> None:
        channel = self.chance.choice(("sms", "email", "inapp"))
        limit = self.chance.randint(1, 7)
        token = uuid.UUID(int=self.chance.getrandbits(128))
        with transaction.atomic():
            self.claimed = queue.claimed_deliveries(
                channel, demonstration=False, limit=limit, token=token, now=self.now
            )

    def _intend(self) -> None:
        said = {held.id: (b"", self.chance.randint(1, 3)) for held in self.claimed}
        mine = queue.intended_ids(self.claimed, said)
        self.intended += [held for held in self.claimed if held.id in mine]
        self.claimed = []

    def _settle(self) -> None:
        results = []
        for held in self.intended:
            outcome = Outcome(
                held.public_id,
                held.attempt,
                self.chance.choice(list(Verdict)),
                self.chance.choice(("outbox", "twilio")),
                provider_ref=str(held.id),
            )
            results.append(settlement.Settled(held, outcome))
        settlement.settle(results, now=self.now)
        self.intended = []

    def _put_off(self) -> None:
        queue.put_off(self.claimed, not_before=self.now, waits_for=WaitsFor.MORNING, reason="asleep")
        self.claimed = []

    def _give_up(self) -> None:
        for held in self.claimed[:1]:
            queue.give_up(held, State.FAILED, "no words", now=self.now)

    def _receipts(self) -> None:
        for row in Delivery.objects.filter(state__in=(State.SENT, State.UNKNOWN)).order_by("pk")[:5]:
            state = self.chance.choice((State.SENT, State.DELIVERED, State.FAILED))
            receipts.keep_receipt(
                receipts.ProviderEvent(
                    provider="twilio",
                    event_key=f"{row.pk}:{state}",
                    delivery=row.public_id,
                    attempt=row.attempt,
                    state=state,
                    received_at=self.now,
                ).receipt()
            )
        receipts.apply_receipts(now=self.now)

    def _sweep(self) -> None:
        Delivery.objects.filter(lease_until__isnull=False).update(lease_until=self.now - timedelta(days=900))
        queue.sweep_deliveries(now=self.now)
        self.now += timedelta(minutes=self.chance.choice((0, 1, 60)))

    def _withdraw(self) -> None:
        if self.chance.random() < 0.2:
            [pk] = Notice.objects.order_by("?").values_list("pk", flat=True)[:1]
            queue.withdraw_deliveries([pk], "moved", now=self.now)


def _crowd() -> None:
    bank = people.service()
    for n in range(12):
        people.customer(
            f"c{n}",
            uses=[bank],
            phone=f"+4477009000{n:02}" if n % 5 else "",
            email=f"c{n}@example.com" if n % 3 else "",
            language="ar" if n % 2 else "en",
        )
    window = people.window(bank)
    people.notice(window, channels=["sms", "email", "inapp"])
    people.notice(window, NoticeKind.REMINDER, channels=["sms"])


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_after_every_move_the_counters_are_what_there_is(
    seed: int, now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SLICE", 5)
    _crowd()
    walk = _Walk(seed, now)
    for _ in range(60):
        walk.step()
        assert _counted() == _true()
    assert Delivery.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_several_at_once_and_two_that_sum_up_lose_no_count(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SLICE", 5)
    _crowd()

    def move(seed: int) -> None:
        walk = _Walk(seed, now)
        for _ in range(60):
            with contextlib.suppress(OperationalError):  # a deadlock undoes the move and its count alike
                walk.step()

    def sum_up(_: int) -> None:
        for _ in range(60):
            progress.fold_tallies()

    with ThreadPoolExecutor(5) as threads:
        work = [threads.submit(_apart, partial(move, seed)) for seed in range(3)]
        work += [threads.submit(_apart, partial(sum_up, n)) for n in range(2)]
        for done in work:
            done.result()
    assert _counted() == _true()
    assert Delivery.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_count_that_is_committed_while_others_are_summed_up_stays(now: datetime) -> None:
    """The sum holds only the rows that were locked for it."""
    notice = people.notice(people.window())
    rows = people.queued(notice, number=6)

    def send() -> None:
        Delivery.objects.filter(pk=rows[0].pk).update(state=State.SENT)

    with transaction.atomic():
        progress.fold_tallies()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_apart, send).result()
            thread.submit(_apart, progress.fold_tallies).result()
    progress.fold_tallies()

    assert {(one.state, one.people) for one in progress.progress_of([notice.pk])} == {
        (State.QUEUED, 5),
        (State.SENT, 1),
    }
    assert Tally.objects.count() == 2


@pytest.mark.django_db
def test_a_state_that_nothing_is_in_any_more_is_not_spoken_of(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=2)
    Delivery.objects.update(state=State.SENT)

    assert [(one.state, one.people) for one in progress.progress_of([notice.pk])] == [(State.SENT, 2)]


@pytest.mark.django_db
def test_after_all_migrations_the_deliveries_are_still_counted() -> None:
    """SQLite drops a table's triggers when a migration remakes it."""
    table = "notifications_delivery"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        assert {name for (name,) in cursor.fetchall()} >= {"delivery_made", "delivery_moved"}
