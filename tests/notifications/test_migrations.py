"""What an earlier version has written is understood by the next, and the way back is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations import RunPython
from django.db.models import Field, Sum

from maintenance.models import Window
from notifications.models import Attempt, AttemptOutcome, Bucket, Delivery, Notice, State, Tally
from notifications.operations.queries import backlog
from notifications.reporting import progress
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)

_CLAIMED = 1


@pytest.fixture(autouse=True)
def _all_migrations_are_made_again() -> Iterator[None]:
    """Each test makes its rows first: the models are those of now, and the tables soon are not."""
    yield
    _migrate("")


class _Killed(RunPython):
    """Whoever migrates is stopped here."""

    atomic = False

    def __init__(self) -> None:
        super().__init__(RunPython.noop)

    def database_forwards(self, *given: Any) -> None:
        raise KeyboardInterrupt


def _migrate(name: str) -> None:
    call_command("migrate", "notifications", *filter(None, [name]), verbosity=0)


def _claim_as_before() -> int:
    return Delivery.objects.update(state=_CLAIMED, lease_token=people.TOKEN)


def _counted() -> dict[State, int]:
    always = {"due_after": people.NOW - timedelta(days=99), "now": people.NOW + timedelta(days=99)}
    return {one.state: one.deliveries for one in backlog.state_counts(**always) if one.deliveries}


def test_what_an_earlier_version_had_claimed_goes_back_to_the_queue() -> None:
    people.queued(people.notice(people.window()), number=3)
    _migrate("0003")
    assert _claim_as_before() == 3

    _migrate("")

    rows = Delivery.objects.values_list("state", "lease_token", "lease_until")
    assert set(rows) == {(State.QUEUED, None, None)}


def test_deliveries_are_counted_as_they_stand_after_claims_ceased_to_be_written_down() -> None:
    people.queued(people.notice(people.window()), number=3)
    _migrate("0003")
    _claim_as_before()

    _migrate("")
    progress.fold_tallies()
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(state=State.WITHDRAWN)

    assert _counted() == {State.QUEUED: 2, State.WITHDRAWN: 1}


@pytest.mark.postgresql
def test_a_worker_of_an_earlier_version_cannot_claim_what_nobody_would_free() -> None:
    people.queued(people.notice(people.window()))

    with pytest.raises(IntegrityError, match="delivery_lease_while_sending"):
        _claim_as_before()


def test_the_database_guards_a_lease_before_and_after() -> None:
    people.queued(people.notice(people.window()))
    for name in ("", "0003", ""):
        _migrate(name)
        with pytest.raises(IntegrityError):
            Delivery.objects.update(state=State.SENDING)


def test_what_was_sent_before_is_counted_by_the_minute_in_which_it_went_out() -> None:
    notice = people.notice(people.window())
    people.queued(notice, number=2, state=State.SENT, sent_at=people.NOW + timedelta(seconds=59))
    people.queued(notice, not_before=people.NOW + timedelta(hours=1))
    _migrate("0004")

    _migrate("")
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(state=State.DELIVERED)

    left = Tally.objects.values_list("state", "minute_at").annotate(number=Sum("deliveries"))
    assert set(left.filter(number__gt=0)) == {
        (State.SENT, people.NOW, 1),
        (State.DELIVERED, people.NOW, 1),
        (State.QUEUED, people.NOW + timedelta(hours=1), 1),
    }
    assert not left.filter(number__lt=0).exists()


def test_after_the_way_back_deliveries_are_counted_as_before() -> None:
    rows = people.queued(people.notice(people.window()), number=3)
    Delivery.objects.filter(pk=rows[0].pk).update(not_before=people.NOW + timedelta(hours=1))

    _migrate("0004")
    Delivery.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(state=State.WITHDRAWN)

    assert _counted() == {State.QUEUED: 1, State.WITHDRAWN: 2}


def test_what_ended_as_withdrawn_by_its_status_alone_says_so() -> None:
    notice = people.notice(people.window(), status=Notice.Status.WITHDRAWN)
    Notice.objects.update(withdrawn=False)
    stands = people.notice(people.window())
    _migrate("0006")

    _migrate("")

    assert set(Notice.objects.values_list("pk", "withdrawn")) == {(notice.pk, True), (stands.pk, False)}


def test_what_was_cut_to_its_column_is_said_whole() -> None:
    _migrate("0004")
    Attempt.objects.create(delivery_id=1, number=1, at=people.NOW, outcome="found at the provide")

    _migrate("")

    assert Attempt.objects.get().outcome in set(AttemptOutcome)


@pytest.mark.parametrize(
    "column",
    [
        Bucket._meta.get_field("refused"),
        Delivery._meta.get_field("code"),
        Notice._meta.get_field("withdrawn"),
        Window._meta.get_field("short_notice"),
    ],
    ids=str,
)
def test_a_process_of_the_version_before_need_not_know_a_new_column(column: Field[Any, Any]) -> None:
    with connection.cursor() as cursor:
        table = connection.introspection.get_table_description(cursor, column.model._meta.db_table)
    (found,) = [described for described in table if described.name == column.column]
    assert found.default is not None


@pytest.mark.parametrize("place", range(1, 8))
def test_a_migration_that_was_killed_in_the_middle_is_made_again(
    monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """It is not in one transaction, so what it has done before stays done."""
    _migrate("0010")
    states = import_module("notifications.migrations.0011_states_for_who_waits")
    done = states.Migration.operations[:place]
    with monkeypatch.context() as killed:
        killed.setattr(states.Migration, "operations", [*done, _Killed()])
        with pytest.raises(KeyboardInterrupt):
            _migrate("")

    _migrate("")

    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, Delivery._meta.db_table)
    assert {"delivery_held", "delivery_by_hand", "delivery_of_before"} <= set(there)
