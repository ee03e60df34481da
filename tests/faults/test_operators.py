"""Operators hear of dead workers and of what stands still, from whichever process is the clock."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from notifications.models import IN_DOUBT, Alarm, Delivery, Receipt, State
from notifications.operations import heartbeats
from tests.faults import harness, scene
from tests.servers.log import read

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]

SILENT_SECONDS = 6
SHORT = {"SILENT_SECONDS": str(SILENT_SECONDS), "OPERATOR_EMAILS": "olga@bank.example"}


@pytest.fixture(autouse=True)
def _short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SILENT_SECONDS", SILENT_SECONDS)


def subjects(log: Path) -> list[str]:
    """What operators were told, without the bank's name before it."""
    told = read(log) if log.exists() else []
    return [str(entry["subject"]).partition(": ")[2] for entry in told if entry["taken"]]


def alive(*names: str) -> bool:
    """Whether each of them has moved lately."""
    pulses = heartbeats.last_beats()
    return all(name in pulses and pulses[name].age < heartbeats.silence_limit() for name in names)


@pytest.mark.postgresql
@pytest.mark.redis
def test_killed_workers_and_their_return_are_told_once_by_two_clocks(tmp_path: Path, client: Client) -> None:
    with harness.bench(tmp_path, **SHORT) as bench:
        log = harness.smtp(bench)
        clocks = [bench.beat(), bench.beat()]
        worker = bench.worker()
        harness.until(lambda: alive("clock", "tick"), seconds=60, made=bench)
        harness.until(lambda: client.get("/readyz").status_code == 200, seconds=60, made=bench)

        bench.kill(worker)
        killed = time.monotonic()
        harness.until(lambda: len(subjects(log)) == 1, seconds=60, made=bench)
        told = time.monotonic() - killed
        assert subjects(log)[0].startswith("No worker has done anything")
        assert b"No worker" in client.get("/readyz").content

        bench.worker()
        harness.until(lambda: len(subjects(log)) == 2, seconds=60, made=bench)
        assert subjects(log)[1].startswith("over: No worker")
        assert client.get("/readyz").status_code == 200

        for clock in clocks:
            bench.kill(clock)
        harness.until(lambda: client.get("/readyz").status_code == 503, seconds=60, made=bench)
        assert client.get("/readyz").content.startswith(b"The clock has not ticked")
        assert len(subjects(log)) == 2
    print(  # noqa: T201  # the figure of the run, for `pytest -s`
        f"\nworkers killed: the operator had the mail after {told:.1f} s,"
        f" with silences of {SILENT_SECONDS} s instead of 30"
    )


@pytest.mark.postgresql
@pytest.mark.redis
def test_a_worker_that_is_deaf_is_named_and_only_when_it_is_gone_another_is_asked_for(tmp_path: Path) -> None:
    with harness.bench(tmp_path, **SHORT) as bench:
        bench.beat()
        bench.worker("hands", children=1, queues="lull")
        sender = bench.worker("sender", children=1, queues="lull.email")
        harness.until(lambda: alive("tick", "serve email"), seconds=60, made=bench)
        os.kill(sender.pid, signal.SIGSTOP)  # it hears its queue no more; the process it started lives
        scene.notice(5, "email", prepared=True)
        harness.until(lambda: "there is 1 process" in _said(), seconds=60, made=bench)
        assert "Start one" not in _said()

        bench.kill(sender)
        harness.until(lambda: "Start one" in _said(), seconds=60, made=bench)
        assert "no running worker serves this channel" in _said()


def _said() -> str:
    """What the alarm of the email channel says, while there is one."""
    return "".join(Alarm.objects.filter(what="sender email", ended_at=None).values_list("words", flat=True))


@pytest.mark.postgresql
@pytest.mark.redis
def test_a_mail_server_that_hangs_stops_no_tick(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        road = f"smtp://127.0.0.1:{deaf.getsockname()[1]}"
        with harness.bench(tmp_path, **SHORT, OPERATOR_EMAIL_URL=road) as bench:
            bench.beat()
            deaf.settimeout(60)
            line, _ = deaf.accept()  # no worker: the clock wants to tell
            with line:
                assert Alarm.objects.filter(what="worker", told_at=None).exists()
                hung = time.monotonic()
                while time.monotonic() - hung < 1.5 * SILENT_SECONDS:
                    assert alive("clock")
                    time.sleep(0.2)


@pytest.mark.parametrize("clock", ["up", "dispatch"])
def test_every_clock_tells(tmp_path: Path, clock: str) -> None:
    Receipt.objects.create(
        provider="twilio",
        event_key="of a delivery that is gone",
        delivery_public_id=uuid4(),
        attempt=1,
        state=State.DELIVERED,
        received_at=datetime.now(UTC) - timedelta(hours=1),
    )
    with harness.bench(tmp_path, **SHORT) as bench:
        log = harness.smtp(bench)
        if clock == "up":
            bench.up()
        else:
            bench.start("manage.py", "dispatch")
        harness.until(lambda: bool(subjects(log)), seconds=60, made=bench)

        assert subjects(log)[0].startswith("Receipts wait")
        assert alive("clock", "tick")


CUSTOMERS = 300


def count(*states: State) -> int:
    return Delivery.objects.filter(state__in=states).count()


def test_dispatch_ends_after_what_is_under_way_and_two_of_them_double_nothing(tmp_path: Path) -> None:
    harness.due_notice(CUSTOMERS)
    with harness.bench(tmp_path, RATES='{"sms": 0}', LEASE_SECONDS="60") as bench:
        log = harness.twilio(bench, delay=0.5)
        first, second = (bench.start("manage.py", "dispatch", "--channel", "sms") for _ in range(2))
        harness.until(lambda: len(harness.texted(log)) >= 10, seconds=60, made=bench)
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in (first, second)] == [0, 0], bench.logs()
        taken = harness.texted(log)
        assert count(State.SENDING, *IN_DOUBT) == 0
        assert count(State.SENT) == len(taken) < CUSTOMERS

        bench.start("manage.py", "dispatch")
        harness.until(lambda: count(State.SENT) == CUSTOMERS, seconds=60, made=bench)

    assert set(Counter(message.to for message in harness.texted(log)).values()) == {1}
    assert len(harness.texted(log)) == CUSTOMERS
