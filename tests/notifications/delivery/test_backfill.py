"""What an earlier version said in words is read once, in slices, and costs nothing afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from notifications.delivery import backfill, reconciliation
from notifications.models import Attempt, Delivery, State, Tally, WaitsFor
from tests import people

HELD = "held: not known to have arrived; a person decides"
LATER = people.NOW + timedelta(hours=9)
CASES: list[tuple[dict[str, Any], State, WaitsFor]] = [
    ({"state": State.UNKNOWN, "reason": HELD, "rank": 1}, State.HELD, WaitsFor.NOTHING),
    ({"state": State.UNKNOWN, "reason": "timeout", "rank": 1}, State.UNKNOWN, WaitsFor.NOTHING),
    ({"provider": "by hand", "customer": None}, State.BY_HAND, WaitsFor.NOTHING),
    ({"not_before": LATER}, State.QUEUED, WaitsFor.MORNING),
    ({"not_before": LATER, "reason": "quiet hours of the customer"}, State.QUEUED, WaitsFor.MORNING),
    ({"not_before": LATER, "reason": "503 busy"}, State.QUEUED, WaitsFor.RETRY),
    (
        {"not_before": LATER, "reason": "the fault was not the customer's; before: 20003"},
        State.QUEUED,
        WaitsFor.SENDER,
    ),
    ({}, State.QUEUED, WaitsFor.NOTHING),
]


def _as_before(**options: Any) -> Delivery:
    """Written before there was the column."""
    return people.queued(people.notice(people.window()), **{"waits_for": None, **options})[0]


def _stands(row: Delivery) -> tuple[State, WaitsFor | None]:
    found = Delivery.objects.get(pk=row.pk)
    return State(found.state), None if found.waits_for is None else WaitsFor(found.waits_for)


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "state", "waits_for"), CASES)
def test_what_was_said_in_words_is_read(
    now: datetime, said: dict[str, Any], state: State, waits_for: WaitsFor
) -> None:
    row = _as_before(**said)

    assert backfill.read_earlier_rows(now=now) == 1
    assert _stands(row) == (state, waits_for)


@pytest.mark.django_db
def test_it_is_read_in_slices_and_once(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_SLICE", 2)
    people.queued(people.notice(people.window()), number=5, waits_for=None)

    assert backfill.read_earlier_rows(now=now) == 5
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert backfill.read_earlier_rows(now=now) == 0
    assert len([query for query in asked if "notifications_delivery" in query["sql"]]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.EXPIRED, State.SENDING])
def test_what_waits_for_nobody_is_not_looked_at(now: datetime, state: State) -> None:
    row = _as_before(state=state, lease_token=people.TOKEN)

    assert backfill.read_earlier_rows(now=now) == 0
    assert _stands(row) == (state, None)


@pytest.mark.django_db
def test_what_has_not_been_read_yet_is_not_asked_about(now: datetime) -> None:
    """It may be held for a person, in the way of before."""
    row = _as_before(state=State.UNKNOWN, reason=HELD, rank=1, attempt=1, intended_at=people.NOW)

    assert reconciliation.reconcile(now=now) == 0
    assert _stands(row) == (State.UNKNOWN, None)
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_the_counters_follow(now: datetime) -> None:
    for said, _, _ in CASES[:4]:
        _as_before(**said)
    backfill.read_earlier_rows(now=now)

    counted = Tally.objects.values_list("state").annotate(number=Sum("deliveries")).exclude(number=0)
    assert dict(counted) == {State.HELD: 1, State.UNKNOWN: 1, State.BY_HAND: 1, State.QUEUED: 1}


@pytest.mark.django_db
@pytest.mark.parametrize("ids", ["read", "unread"])
def test_looking_for_them_uses_their_own_index(now: datetime, ids: str) -> None:
    """With nothing left it costs what an empty index costs, however many deliveries there are."""
    people.queued(people.notice(people.window()), number=3, waits_for=None if ids == "unread" else 0)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = backfill._unread()[:10].explain()
    assert "delivery_of_before" in plan


@pytest.mark.django_db
def test_the_database_takes_no_end_of_a_try_that_is_none() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(delivery_id=1, number=1, at=people.NOW, outcome="went wrong")


@pytest.fixture
def _all_migrations_are_made_again() -> Iterator[None]:
    yield
    _migrate("")


def _migrate(name: str) -> None:
    call_command("migrate", "notifications", *filter(None, [name]), verbosity=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_all_migrations_are_made_again")
def test_rows_of_before_are_read_after_the_migration_and_told_in_words_on_the_way_back(now: datetime) -> None:
    rows = [_as_before(**said) for said, _, _ in CASES]
    held, by_hand = rows[0], rows[2]
    _migrate("0008")
    _migrate("")
    backfill.read_earlier_rows(now=now)
    assert [_stands(row) for row in rows] == [case[1:] for case in CASES]

    _migrate("0008")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, reason, provider, not_before = expires_at FROM notifications_delivery"
            " WHERE id IN (%s, %s) ORDER BY id",
            [held.pk, by_hand.pk],
        )
        assert cursor.fetchall() == [(State.UNKNOWN, HELD, "", False), (State.QUEUED, "", "by hand", True)]
