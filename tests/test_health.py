"""The probes: alive while the process is, ready while the work is done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from notifications import notices
from tests import people

pytestmark = pytest.mark.django_db


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready_while_nothing_is_left_to_do(client: Client, now: datetime) -> None:
    people.window()
    notices.plan(now=now)

    with time_machine.travel(now, tick=False):
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("what", ["a change nobody planned", "a notice nobody prepared"])
def test_a_clock_that_stands_still_is_told_apart(client: Client, now: datetime, what: str) -> None:
    window = people.window()
    if what == "a notice nobody prepared":
        notices.plan(now=now)
        people.notice(window, due_at=now)

    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content[:5]) == (503, b"clock")
