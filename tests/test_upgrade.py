"""A database of an earlier version, in the midst of a notice, in; migrated, read and sent to its end, out.

`half_sent_notice.sql` is a dump of the embedded database of that version: an announcement by SMS and by a
post, prepared for 16 of 20 invented customers, with a delivery in every state that was hidden in words.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from notifications.models import IN_DOUBT, AttemptOutcome, State, WaitsFor
from tests.faults import harness
from tests.faults.processes import Bench

pytestmark = pytest.mark.process

OLD = Path(__file__).with_name("data") / "half_sent_notice.sql"
BEFORE = {"cleo", "erin", "finn", "gwen", "kate", "liam", "maya"}
"""Handed to the provider by the earlier version, whatever became of it."""
WAITING = {"hugo", "iris", "noah"}
SUPPRESSED = {"dan"}
DUE = {"jack", "olive", "paul", "quinn", "rosa"}
NOT_PREPARED = {"sven", "tara", "uma", "vera"}

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The old database, whose customers are awake now, and processes that know nothing of this test's own."""
    database = tmp_path / "lull.sqlite3"
    with closing(sqlite3.connect(database)) as old:
        old.executescript(OLD.read_text())
        old.execute("UPDATE maintenance_customer SET time_zone = ?", [harness.awake()])
        old.commit()
    made = Bench(
        tmp_path,
        {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{database}",
            "REDIS_URL": "",
            "SECRET_KEY": "s" * 50,
            "ADDRESS_KEY": "a" * 50,
            "SOCIAL_URLS": "byhand://facebook",
            "MANAGE_NO_VENV": "1",
        },
    )
    yield made
    made.end()


@pytest.fixture
def ask(bench: Bench) -> Ask:
    """Look into that database, from beside it."""

    def answered(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(bench.folder / "lull.sqlite3", timeout=30)) as found:
            return found.execute(sql, parameters).fetchall()

    return answered


_STANDS = """
SELECT COALESCE(c.external_id, d.target), d.state, d.waits_for FROM notifications_delivery d
LEFT JOIN maintenance_customer c ON c.id = d.customer_id
"""


def _stands(ask: Ask) -> dict[object, tuple[object, object]]:
    return {who: (state, waits_for) for who, state, waits_for in ask(_STANDS)}


def _manage(bench: Bench, *command: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.ROOT,
        env={**bench.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        check=True,
        capture_output=True,
    )


_SWEEP = "from notifications.operations import jobs; jobs.sweep()"


def test_what_was_said_in_words_is_a_state_after_one_sweep(bench: Bench, ask: Ask) -> None:
    _manage(bench, "migrate", "--verbosity=0")
    _manage(bench, "shell", "-c", _SWEEP)

    stands = _stands(ask)
    assert stands["maya"] == (State.HELD, WaitsFor.NOTHING)
    assert stands["by hand:facebook"] == (State.BY_HAND, WaitsFor.NOTHING)
    assert stands["hugo"] == stands["noah"] == (State.QUEUED, WaitsFor.MORNING)
    assert stands["iris"] == (State.QUEUED, WaitsFor.RETRY)
    assert {stands[who] for who in DUE} == {(State.QUEUED, WaitsFor.NOTHING)}
    assert stands["kate"] == (State.UNKNOWN, WaitsFor.NOTHING)
    assert [stands[who][0] for who in ("cleo", "gwen", "dan")] == [
        State.SENT,
        State.FAILED,
        State.SUPPRESSED,
    ]


def test_the_counters_are_what_there_is_after_the_sweep(bench: Bench, ask: Ask) -> None:
    _manage(bench, "migrate", "--verbosity=0")
    _manage(bench, "shell", "-c", _SWEEP)

    counted = ask(
        "SELECT state, SUM(deliveries) FROM notifications_tally GROUP BY state HAVING SUM(deliveries)"
    )
    assert dict(counted) == Counter(state for state, _ in _stands(ask).values())


def test_every_old_try_ends_in_one_of_the_ways_there_are(bench: Bench, ask: Ask) -> None:
    _manage(bench, "migrate", "--verbosity=0")

    ends: dict[str, str] = dict(ask("SELECT detail, outcome FROM notifications_attempt"))
    assert ends["SM1"] == AttemptOutcome.FOUND
    assert ends["resent by policy of : an old word"] == AttemptOutcome.UNKNOWN
    assert set(ends.values()) <= set(AttemptOutcome)


def test_the_next_version_goes_on_sending_to_the_rest_and_nothing_twice(bench: Bench, ask: Ask) -> None:
    log = harness.twilio(bench)
    bench.up()
    rest = DUE | NOT_PREPARED

    def all_told() -> bool:
        number = Counter(state for state, _ in _stands(ask).values())
        return number[State.SENT] == 3 + len(rest) and not number[State.SENDING]

    harness.until(lambda: bool(ask(_MIGRATED)) and all_told(), seconds=60, made=bench)
    stands = _stands(ask)
    numbers: dict[str, int] = dict(ask("SELECT external_id, id FROM maintenance_customer"))
    taken = Counter(message.to for message in harness.texted(log))
    assert taken == {f"+4477009000{numbers[who] - 1:02d}": 1 for who in rest}
    assert {who for who, (state, _) in stands.items() if state in IN_DOUBT} == {"kate", "liam", "maya"}
    assert {who for who, (state, _) in stands.items() if state == State.QUEUED} == WAITING
    assert stands["by hand:facebook"][0] == State.BY_HAND
    assert set(stands) == BEFORE | WAITING | SUPPRESSED | rest | {"by hand:facebook"}


_MIGRATED = "SELECT 1 FROM django_migrations WHERE name LIKE '0011_states%'"
