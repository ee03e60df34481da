"""The probes: alive while the process is, ready while nothing needs a person, who may see the figures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from notifications.models import Heartbeat
from notifications.operations import alerts
from notifications.operations.heartbeats import CLOCK
from notifications.operations.schedule import JOBS
from notifications.planning import notices
from tests import people, refusing
from tests.notifications.pulse import all_is_well, beats

pytestmark = pytest.mark.django_db


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready_while_nothing_is_left_to_do(client: Client, now: datetime) -> None:
    people.window()
    notices.plan_notices(now=now)

    with time_machine.travel(now, tick=False):
        all_is_well()
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("what", ["a change nobody planned", "a notice nobody prepared"])
def test_what_the_clock_left_undone_is_said_at_once(client: Client, now: datetime, what: str) -> None:
    window = people.window()
    if what == "a notice nobody prepared":
        notices.plan_notices(now=now)
        people.notice(window, due_at=now)

    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        all_is_well()
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content[:11]) == (503, b"Notices are")


def test_a_dead_clock_is_said(client: Client) -> None:
    all_is_well()
    beats(CLOCK, age=timedelta(minutes=5))
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.content.startswith(b"The clock has not ticked for 5 min.")


def test_open_alarms_are_said_each_in_a_sentence(client: Client, now: datetime) -> None:
    all_is_well()
    beats(*(job.name for job in JOBS), age=timedelta(minutes=5))
    alerts.update_alarms(now=now)

    assert client.get("/readyz").content.startswith(b"No worker has done anything for 5 min.")


def test_from_outside_only_that_something_is_wrong_is_said() -> None:
    answer = Client(headers={"X-Forwarded-For": "203.0.113.9"}).get("/readyz")

    assert answer.status_code == 503
    assert b"clock" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_said_and_nothing_else(client: Client) -> None:
    with refusing.away():
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").content == b"The database does not answer.\n"
        assert client.get("/metrics").status_code == 503


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_nothing_new_is_said_and_nobody_else_is_blamed(client: Client) -> None:
    """Nobody can leave a heartbeat, which says nothing of the clock, of the workers or of Redis."""
    all_is_well()
    beats("tick", age=timedelta(minutes=5))
    alerts.update_alarms(now=people.NOW)
    beats(CLOCK, age=timedelta(minutes=5))
    with refusing.read_only():
        answer = client.get("/readyz").content.decode()
    assert answer.startswith(
        "The database refuses new connections, or what is written (cannot execute INSERT"
    )
    assert (len(answer.splitlines()), "Redis" in answer, "celery" in answer) == (1, False, False)


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_of_the_question_whether_it_takes_heartbeats(client: Client) -> None:
    client.get("/readyz")
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("address", "header", "status"),
    [
        ("127.0.0.1", "", 200),
        ("10.2.3.4", "", 200),
        ("fd00::1", "", 200),
        ("8.8.8.8", "", 403),
        ("", "", 403),  # a socket, at whose other end the proxy is
        ("127.0.0.1", "X-Forwarded-For", 403),
        ("10.2.3.4", "X-Forwarded-Proto", 403),
    ],
)
def test_without_a_token_the_figures_are_for_the_inside(address: str, header: str, status: int) -> None:
    headers = {header: "203.0.113.9"} if header else {}
    answer = Client(headers=headers).get("/metrics", REMOTE_ADDR=address)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("authorization", "status"), [("Bearer right", 200), ("Bearer wrong", 403), ("right", 403), ("", 403)]
)
def test_with_a_token_it_alone_counts(
    monkeypatch: pytest.MonkeyPatch, authorization: str, status: int
) -> None:
    monkeypatch.setattr(settings, "METRICS_TOKEN", "right")
    client = Client(headers={"Authorization": authorization, "X-Forwarded-For": "203.0.113.9"})

    assert client.get("/metrics").status_code == status
