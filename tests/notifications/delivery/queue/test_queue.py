"""The claim and the lease: who holds a delivery, and what becomes of it when they die."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from notifications import sql
from notifications.customers.quiet_hours import QUIET_HOURS
from notifications.delivery import queue
from notifications.delivery.queue import end
from notifications.models import Attempt, Delivery, State, WaitsFor
from tests import people

_PATIENCE = 60.0
_WAITS_FOR_US = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted"
    " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)
"""Whether a session waits for a lock of ours: whoever waits elsewhere, in this database or another, does not
count. What it took before it came to wait, it has."""


def _claim(now: datetime, limit: int = 10, after: queue.Claimed | None = None) -> list[queue.Claimed]:
    return queue.claimed_deliveries(
        "sms", demonstration=False, limit=limit, token=people.TOKEN, now=now, after=after
    )


def _states() -> list[State]:
    return [State(state) for state in Delivery.objects.order_by("id").values_list("state", flat=True)]


@pytest.mark.django_db
def test_what_is_intended_is_not_claimed_again(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=3)

    first = _claim(now, limit=2)
    queue.intended_ids(first)

    assert (len(first), len(_claim(now))) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_claim_whose_transaction_is_not_committed_never_was(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=2)
    before = list(Delivery.objects.values())

    with transaction.atomic():
        queue.intended_ids(_claim(now))
        transaction.set_rollback(True)

    assert list(Delivery.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_there_is_no_claim_outside_of_a_transaction(now: datetime) -> None:
    with pytest.raises(TransactionManagementError):
        _claim(now)


@pytest.mark.django_db
def test_the_urgent_go_before_the_early(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, priority=21)
    (urgent,) = people.queued(notice, priority=10)

    assert [row.id for row in _claim(now, limit=1)] == [urgent.pk]


@pytest.mark.django_db
def test_a_claim_goes_on_behind_the_last_one_and_then_begins_at_the_head_again(now: datetime) -> None:
    rows = [row.pk for row in people.queued(people.notice(people.window()), number=5)]
    last = _claim(now, limit=2)[-1]

    further = _claim(now, limit=2, after=last)
    end = _claim(now, limit=2, after=further[-1])
    again = _claim(now, limit=2, after=end[-1])

    assert [[row.id for row in claim] for claim in (further, end, again)] == [
        rows[2:4],
        rows[4:],
        rows[:2],  # nobody has intended them
    ]


@pytest.mark.django_db
def test_what_is_more_urgent_is_claimed_before_what_stands_behind_the_last_one(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=3, priority=21)
    last = _claim(now, limit=1)[-1]
    (urgent,) = people.queued(notice, priority=10)

    assert _claim(now, limit=1, after=last)[0].id == urgent.pk


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

    assert queue.intended_ids(held) == {held[0].id}
    row = Delivery.objects.get()
    assert (row.state, row.attempt, row.intended_at is not None) == (State.SENDING, held[0].attempt, True)


@pytest.mark.django_db
def test_an_opt_out_between_claim_and_intent_stops_the_message(now: datetime) -> None:
    dan, cleo = people.queued(people.notice(people.window()), number=2)
    held = _claim(now)
    people.opt_out("+447700900000", "sms")

    assert queue.intended_ids(held) == {cleo.pk}
    dan.refresh_from_db()
    assert (dan.state, dan.attempt, dan.lease_token) == (State.SUPPRESSED, 0, None)


@pytest.mark.django_db
def test_what_is_already_with_the_provider_is_not_withdrawn(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    queue.intended_ids(_claim(now))

    assert queue.withdraw_deliveries([notice.pk], "The window was moved.", now=now) == 0
    assert _states() == [State.SENDING]


@pytest.mark.django_db
def test_a_dead_workers_intents_become_unknown_and_what_it_had_not_intended_stays_queued(
    now: datetime,
) -> None:
    people.queued(people.notice(people.window()), number=3)
    held = _claim(now)
    queue.intended_ids(held[:1])
    Delivery.objects.filter(state=State.SENDING).update(lease_until=now - timedelta(days=999))

    assert queue.sweep_deliveries(now=now) == 1
    assert _states() == [State.UNKNOWN, State.QUEUED, State.QUEUED]
    assert list(Attempt.objects.values_list("delivery_id", "number", "outcome")) == [
        (held[0].id, 1, "lease lapsed")
    ]


@pytest.mark.django_db
def test_a_living_workers_leases_are_left_alone(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    queue.intended_ids(_claim(now))

    assert queue.sweep_deliveries(now=now) == 0


@pytest.mark.django_db
def test_the_only_process_of_a_database_need_not_wait_for_the_leases_of_the_last(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=2)
    queue.intended_ids(_claim(now, limit=1))

    assert queue.end_all_leases() == 1
    queue.sweep_deliveries(now=now)
    assert _states() == [State.UNKNOWN, State.QUEUED]


@pytest.mark.django_db
def test_a_worker_that_comes_back_from_the_dead_changes_nothing_that_others_did(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    held = _claim(now)
    queue.withdraw_deliveries([notice.pk], "Cancelled.", now=now)

    assert queue.intended_ids(held) == set()
    queue.put_off(held, not_before=now, waits_for=WaitsFor.MORNING, reason="asleep")
    queue.give_up(held[0], State.FAILED, "late", now=now)
    assert _states() == [State.WITHDRAWN]


@pytest.mark.django_db
def test_a_sweep_that_is_cut_off_leaves_ended_what_it_had_ended(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow sender leaves a million: all at once they take longer than a worker that is told to end may."""
    people.queued(people.notice(people.window(), true_until=now), number=5)
    monkeypatch.setattr(end, "_SWEPT", 2)
    lock, slices = end._lock, itertools.count()

    def cut_off(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if next(slices) == 4:  # two of posts, and two of people
            raise SystemExit
        return lock(rows)

    with monkeypatch.context() as patch:
        patch.setattr(end, "_lock", cut_off)
        with pytest.raises(SystemExit):
            queue.sweep_deliveries(now=now)
    assert Delivery.objects.filter(state=State.EXPIRED).count() == 4

    assert queue.sweep_deliveries(now=now) == 1


@pytest.mark.django_db
def test_too_late_to_be_true_expires_with_its_reason(now: datetime) -> None:
    people.queued(people.notice(people.window(), true_until=now + timedelta(hours=1)))

    queue.sweep_deliveries(now=now + timedelta(hours=1))

    row = Delivery.objects.get()
    assert (row.state, row.reason) == (State.EXPIRED, "its words are no longer true")


@pytest.mark.django_db
def test_a_wait_for_the_morning_is_not_called_what_a_provider_refused(now: datetime) -> None:
    notice = people.notice(people.window(), true_until=now + timedelta(hours=9))
    people.queued(notice, code="29999", reason="29999", attempt=1)
    opening = now + timedelta(hours=8)
    queue.put_off(_claim(now), not_before=opening, waits_for=WaitsFor.MORNING, reason=QUIET_HOURS)

    assert Delivery.objects.values_list("code", "reason").get() == ("", QUIET_HOURS)
    queue.sweep_deliveries(now=notice.true_until)
    assert Delivery.objects.get().reason == "its words are no longer true"


@pytest.mark.django_db
def test_many_that_are_too_late_expire_some_at_a_time(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end, "_SWEPT", 2)
    people.queued(people.notice(people.window(), true_until=now), number=5)

    assert queue.sweep_deliveries(now=now) == 5
    assert _states() == [State.EXPIRED] * 5


@pytest.mark.django_db
def test_a_post_made_by_hand_is_confirmed_once(now: datetime) -> None:
    (post,) = people.queued(
        people.notice(people.window(), channels=["social"]),
        channel="social",
        state=State.BY_HAND,
        provider="by hand",
    )

    assert queue.confirm_by_hand(post.public_id, link="https://example.com/1", now=now) is True
    assert queue.confirm_by_hand(post.public_id, link="https://example.com/2", now=now) is False
    post.refresh_from_db()
    assert (post.state, post.provider_ref) == (State.SENT, "https://example.com/1")


def _post(**options: Any) -> Delivery:
    notice = people.notice(people.window(), channels=["social"], **options)
    return people.queued(notice, channel="social", customer=None, target="facebook", state=State.BY_HAND)[0]


@pytest.mark.django_db
def test_a_post_that_nobody_made_in_time_expires_and_says_so(now: datetime) -> None:
    _post(true_until=now)

    assert queue.sweep_deliveries(now=now) == 1
    row = Delivery.objects.get()
    assert (row.state, row.reason) == (State.EXPIRED, "nobody posted it in time")


@pytest.mark.django_db
def test_a_post_that_waits_for_a_person_is_withdrawn_with_its_notice(now: datetime) -> None:
    post = _post()

    assert queue.withdraw_deliveries([post.notice_id], "Cancelled.", now=now) == 1
    assert _states() == [State.WITHDRAWN]
    assert queue.confirm_by_hand(post.public_id, link="https://example.com/1", now=now) is False


@pytest.mark.django_db
def test_what_is_held_and_no_longer_true_is_not_sent_again(now: datetime) -> None:
    notice = people.notice(people.window())
    (row,) = people.queued(notice, state=State.HELD, attempt=1)
    queue.withdraw_deliveries([notice.pk], "Cancelled.", now=now)
    row.refresh_from_db()

    assert (row.state, row.expires_at) == (State.HELD, now)


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
            held: list[queue.Claimed] | None = None
            while held is None or held:
                with transaction.atomic():
                    held = _claim(now, limit=3)
                    queue.intended_ids(held)
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
def test_what_one_worker_has_claimed_the_next_goes_without_and_does_not_wait_for(now: datetime) -> None:
    people.queued(people.notice(people.window()), number=5)
    others: list[int] = []

    def work() -> None:
        with transaction.atomic():
            others.extend(row.id for row in _claim(now))
        connection.close()

    with transaction.atomic():
        ours = {row.id for row in _claim(now, limit=3)}
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()

    assert (len(ours), len(others), ours & set(others)) == (3, 2, set())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_sender_does_not_wait_for_a_withdrawal_that_waits_for_what_it_settles(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=6)
    with transaction.atomic():
        sending = _claim(now, limit=3)
        queue.intended_ids(sending)
    withdrawn = threading.Thread(
        target=_apart, args=(queue.withdraw_deliveries, [notice.pk], "Cancelled.", now)
    )

    with transaction.atomic():
        ours = Delivery.objects.filter(pk__in=[row.id for row in sending]).select_for_update()
        assert len(ours) == 3
        withdrawn.start()
        _until(lambda: _is(_WAITS_FOR_US))
        assert _claim(now) == []
    withdrawn.join()

    assert _states() == [State.SENDING] * 3 + [State.WITHDRAWN] * 3
    assert set(Delivery.objects.filter(state=State.SENDING).values_list("expires_at", flat=True)) == {now}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_out_a_claim_and_takes_back_what_was_not_intended(now: datetime) -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=4)
    withdrawn = threading.Thread(
        target=_apart, args=(queue.withdraw_deliveries, [notice.pk], "Cancelled.", now)
    )

    with transaction.atomic():
        held = _claim(now)
        withdrawn.start()
        _until(lambda: _is(_WAITS_FOR_US))
        queue.intended_ids(held[:1])
    withdrawn.join()

    assert _states() == [State.SENDING] + [State.WITHDRAWN] * 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_process_that_stands_still_over_its_claim_loses_it(now: datetime) -> None:
    people.queued(people.notice(people.window()))
    lost: list[DatabaseError] = []
    claimed, seen, ended = threading.Event(), threading.Event(), threading.Event()

    def stand_still() -> None:
        sql.end_stalled(1.0)
        try:
            with transaction.atomic():
                _claim(now)
                claimed.set()
                while not seen.wait(0.1):  # until then it does not stand still
                    _is("SELECT true")
                ended.wait(_PATIENCE)
        except DatabaseError as error:
            lost.append(error)
        finally:
            connection.close()

    stopped = threading.Thread(target=stand_still)
    stopped.start()
    assert claimed.wait(_PATIENCE)
    with transaction.atomic():
        assert _claim(now) == []
    seen.set()
    _until(lambda: _can_claim(now))
    ended.set()
    stopped.join()
    assert len(lost) == 1


def _can_claim(now: datetime) -> bool:
    with transaction.atomic():
        return len(_claim(now)) == 1


def _apart(withdraw: Callable[..., int], notices: list[int], reason: str, now: datetime) -> None:
    try:
        withdraw(notices, reason, now=now)
    finally:
        connection.close()


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _is(question: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_what_comes_back_from_the_provider_in_the_middle_of_a_withdrawal_is_withdrawn(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = people.notice(people.window())
    people.queued(notice)
    queue.intended_ids(_claim(now))
    lock = end._lock

    def locked(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        rows = lock(rows)
        if not list(rows):  # looked among those that wait: now it is one of them
            Delivery.objects.filter(state=State.SENDING).update(state=State.QUEUED, lease_token=None)
        return rows

    monkeypatch.setattr(end, "_lock", locked)
    assert queue.withdraw_deliveries([notice.pk], "Cancelled.", now=now) == 1
    assert _states() == [State.WITHDRAWN]
