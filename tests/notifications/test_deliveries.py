"""The lease: who holds a delivery, and what becomes of it when they die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from notifications import deliveries
from notifications.deliveries import ending
from notifications.models import Attempt, ChannelName, Delivery, State
from tests import people


def _claim(now: datetime, limit: int = 10) -> list[deliveries.Claimed]:
    return deliveries.claim("sms", demonstration=False, limit=limit, token=people.TOKEN, now=now)


def _states() -> list[State]:
    return [State(state) for state in Delivery.objects.order_by("id").values_list("state", flat=True)]


@pytest.mark.django_db
def test_what_is_claimed_once_is_not_claimed_again(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=3)

    first, second = _claim(now, limit=2), _claim(now)

    assert (len(first), len(second), len(_claim(now))) == (2, 1, 0)


@pytest.mark.django_db
def test_the_urgent_go_before_the_early(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, priority=21)
    (urgent,) = people.queued(notice, priority=10)

    assert [row.id for row in _claim(now, limit=1)] == [urgent.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options",
    [
        {"not_before": people.NOW + timedelta(seconds=1)},
        {"expires_at": people.NOW},
        {"demonstration": True},
        {"channel": "email"},
        {"state": State.WITHDRAWN},
    ],
)
def test_what_is_not_due_here_is_left_alone(now: datetime, options: dict[str, object]) -> None:
    people.queued(people.notice(people.window()), **options)  # type: ignore[arg-type]

    assert _claim(now) == []


@pytest.mark.django_db
def test_an_intent_counts_the_attempt_and_is_committed_before_any_call(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    held = _claim(now)

    assert deliveries.intend(held) == {held[0].id}
    row = Delivery.objects.get()
    assert (row.state, row.attempt, row.intended_at is not None) == (State.SENDING, held[0].attempt, True)


@pytest.mark.django_db
def test_a_withdrawal_between_claim_and_intent_stops_the_message(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=2)
    held = _claim(now)

    assert deliveries.withdraw([notice.pk], "The window was moved.", now=now) == 2
    assert deliveries.intend(held) == set()
    assert _states() == [State.WITHDRAWN, State.WITHDRAWN]


@pytest.mark.django_db
def test_an_opt_out_between_claim_and_intent_stops_the_message(now: datetime) -> None:
    dan, cleo = people.queued(people.notice(people.window()), number=2)
    held = _claim(now)
    people.opt_out("+447700900000", ChannelName.SMS)

    assert deliveries.intend(held) == {cleo.pk}
    dan.refresh_from_db()
    assert (dan.state, dan.attempt, dan.lease_token) == (State.SUPPRESSED, 0, None)


@pytest.mark.django_db
def test_what_is_already_with_the_provider_is_not_withdrawn(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    deliveries.intend(_claim(now))

    assert deliveries.withdraw([notice.pk], "The window was moved.", now=now) == 0
    assert _states() == [State.SENDING]


@pytest.mark.django_db
def test_a_dead_workers_claims_go_back_and_its_intents_become_unknown(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=3)
    held = _claim(now)
    deliveries.intend(held[:1])
    Delivery.objects.update(lease_until=now - timedelta(days=999))

    assert deliveries.sweep(now=now) == 3
    assert _states() == [State.UNKNOWN, State.QUEUED, State.QUEUED]
    assert list(Attempt.objects.values_list("delivery_id", "number", "outcome")) == [
        (held[0].id, 1, "lease lapsed")
    ]


@pytest.mark.django_db
def test_a_living_workers_leases_are_left_alone(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=2)
    deliveries.intend(_claim(now, limit=1))
    _claim(now)

    assert deliveries.sweep(now=now) == 0


@pytest.mark.django_db
def test_the_only_process_of_a_database_need_not_wait_for_the_leases_of_the_last(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=2)
    deliveries.intend(_claim(now, limit=1))
    _claim(now)

    assert deliveries.end_all_leases() == 2
    deliveries.sweep(now=now)
    assert _states() == [State.UNKNOWN, State.QUEUED]


@pytest.mark.django_db
def test_a_worker_that_comes_back_from_the_dead_finds_its_lease_gone(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    held = _claim(now)
    Delivery.objects.update(lease_until=now - timedelta(days=999))
    deliveries.sweep(now=now)

    assert deliveries.intend(held) == set()
    deliveries.release(held)
    deliveries.give_up(held[0], State.FAILED, "late", now=now)
    assert _states() == [State.QUEUED]


@pytest.mark.django_db
def test_too_late_to_be_true_expires_with_its_reason(now: datetime) -> None:
    people.queued(people.notice(people.window(), true_until=now + timedelta(hours=1)))

    deliveries.sweep(now=now + timedelta(hours=1))

    row = Delivery.objects.get()
    assert (row.state, row.reason) == (State.EXPIRED, "its words are no longer true")


@pytest.mark.django_db
def test_a_post_made_by_hand_is_confirmed_once(now: datetime) -> None:
    (post,) = people.queued(
        people.notice(people.window(), channels=["social"]),
        channel="social",
        provider=deliveries.BY_HAND,
    )

    assert deliveries.confirm_by_hand(post.public_id, link="https://example.com/1", now=now) is True
    assert deliveries.confirm_by_hand(post.public_id, link="https://example.com/2", now=now) is False
    post.refresh_from_db()
    assert (post.state, post.provider_ref) == (State.SENT, "https://example.com/1")


@pytest.mark.django_db
def test_the_database_refuses_a_held_row_without_a_lease(now: datetime) -> None:
    people.queued(people.notice(people.window()))

    with pytest.raises(IntegrityError):
        Delivery.objects.update(state=State.SENDING)


@pytest.mark.django_db
def test_the_database_refuses_a_second_row_for_the_same_person(now: datetime) -> None:
    notice = people.notice(people.window())
    (row,) = people.queued(notice)

    with pytest.raises(IntegrityError):
        Delivery.objects.create(
            notice=notice, customer=row.customer, channel="sms", not_before=now, expires_at=now
        )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_never_claim_the_same_row(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=60)
    seen: list[UUID] = []

    def work() -> None:
        try:
            while held := _claim(now, limit=3):
                seen.extend(row.public_id for row in held)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (len(seen), len(set(seen))) == (60, 60)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_intent_does_not_wait_for_a_withdrawal_that_waits_for_what_its_sender_settles(
    now: datetime,
) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=6)
    held = _claim(now)
    sending, next_ones = held[:3], held[3:]
    deliveries.intend(sending)
    withdrawn = threading.Thread(target=_apart, args=(deliveries.withdraw, [notice.pk], "Cancelled.", now))

    with transaction.atomic():
        ours = Delivery.objects.filter(pk__in=[row.id for row in sending]).select_for_update()
        assert len(ours) == 3
        withdrawn.start()
        _until_somebody_waits()
        assert deliveries.intend(next_ones) == set()
    withdrawn.join()

    assert _states() == [State.SENDING] * 3 + [State.WITHDRAWN] * 3
    assert set(Delivery.objects.filter(state=State.SENDING).values_list("expires_at", flat=True)) == {now}


def _apart(withdraw: Callable[..., int], notices: list[int], reason: str, now: datetime) -> None:
    try:
        withdraw(notices, reason, now=now)
    finally:
        connection.close()


def _until_somebody_waits() -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


@pytest.mark.django_db
def test_what_comes_back_from_the_provider_in_the_middle_of_a_withdrawal_is_withdrawn(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    deliveries.intend(_claim(now))
    lock = ending._lock

    def locked(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        rows = lock(rows)
        if not list(rows):  # looked among those that wait: now it is one of them
            Delivery.objects.filter(state=State.SENDING).update(state=State.QUEUED, lease_token=None)
        return rows

    monkeypatch.setattr(ending, "_lock", locked)
    assert deliveries.withdraw([notice.pk], "Cancelled.", now=now) == 1
    assert _states() == [State.WITHDRAWN]
