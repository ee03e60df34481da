"""What the two databases are made to do alike."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from django.db import OperationalError, connection

from notifications import sql
from notifications.models import Delivery
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)


def _elsewhere(work: str) -> bool:
    """Whether somebody on another connection would have the work for itself."""
    answers: list[bool] = []

    def ask() -> None:
        with sql.alone_at(work) as mine:
            answers.append(mine)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


def test_nobody_begins_a_work_that_another_is_at_and_anybody_does_afterwards() -> None:
    with sql.alone_at("poll") as mine:
        assert (mine, _elsewhere("poll"), _elsewhere("reconcile")) == (True, False, True)

    assert _elsewhere("poll")


def test_a_work_that_fails_is_free_again() -> None:
    with pytest.raises(ValueError, match="no idea"), sql.alone_at("poll"):
        raise ValueError("no idea")

    assert _elsewhere("poll")


def test_rows_read_by_hand_are_what_django_reads() -> None:
    row = people.queued(people.notice(people.window()))[0]
    names = ("public_id", "not_before", "address_hmac", "attempt")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {Delivery._meta.db_table}")  # noqa: S608
        ((public_id, not_before, hmac, attempt),) = sql.converted(Delivery, names, cursor.fetchall())

    assert (public_id, not_before, bytes(hmac), attempt) == (
        row.public_id,
        row.not_before,
        bytes(row.address_hmac or b""),
        0,
    )
    assert isinstance(public_id, UUID)


def test_values_arrive_as_they_were_given_whatever_they_are() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    columns = {"id": "bigint", "words": "text", "hash": "bytea", "at": "timestamptz"}
    values = [(1, 'it\'s "said" – ليلى %s \\', b"\x00\xff", at), (2, None, None, None)]
    given = sql.rows_of_values(columns, values)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, words, hash FROM ({given.sql}) AS v ORDER BY id", given.parameters)  # noqa: S608
        found = [(pk, words, None if octets is None else bytes(octets)) for pk, words, octets in cursor]
        cursor.execute(
            f"SELECT COUNT(*) FROM ({given.sql}) AS v WHERE at = %s",  # noqa: S608
            [*given.parameters, sql.stored_value(Delivery, "not_before", at)],
        )
        assert cursor.fetchone()[0] == 1

    assert found == [row[:3] for row in values]


def test_work_is_done_once_the_database_is_back() -> None:
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("the server closed the connection unexpectedly")
        return "done"

    assert (sql.when_back(work, 5.0), len(tries)) == ("done", 3)


def test_a_database_that_stays_away_is_an_error() -> None:
    def work() -> None:
        raise OperationalError("no route to host")

    with pytest.raises(OperationalError, match="no route to host"):
        sql.when_back(work, 0.3)


@pytest.mark.postgresql
def test_uuids_made_one_after_the_other_stand_so_in_an_index_and_no_two_are_the_same() -> None:
    made: list[UUID] = []
    begun = int(time.time() * 1000)
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {sql.new_uuid()} FROM generate_series(1, 1000)")  # noqa: S608
            made += [row[0] for row in cursor]
        time.sleep(0.002)

    assert len(set(made)) == 3_000
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    times = [one.int >> 80 for one in made]
    assert times == sorted(times)
    assert begun <= times[0] <= times[-1] <= time.time() * 1000
