"""Real processes for the fault tests: Celery workers, beat and a stand-in provider, to be killed.

Everything is started in a session of its own and ended by the ids that were started here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count

from notifications.links import read_receipt
from notifications.models import Delivery, State
from tests import people
from tests.servers.log import read
from tests.servers.twilio import ACCOUNT, TOKEN
from tests.test_up import free_port

LEASE_SECONDS = 3


@dataclass(frozen=True)
class Texted:
    """A message that the provider took: its own reference, the number, and our delivery."""

    sid: str
    to: str
    delivery: UUID | None


@dataclass
class Bench:
    """The processes of one test and the environment they share."""

    folder: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a Python process; its output goes to a file in the test's folder."""
        with (self.folder / f"process-{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def worker(self, name: str = "worker", *, children: int = 2) -> subprocess.Popen[bytes]:
        """A Celery worker with a pool of child processes."""
        command = ["-m", "celery", "-A", "config", "worker", "-c", str(children), "-l", "WARNING"]
        return self.start(*command, "-n", f"{name}@localhost")

    def beat(self) -> subprocess.Popen[bytes]:
        """A clock."""
        return self.start("-m", "celery", "-A", "config", "beat", "-l", "WARNING")

    def up(self) -> subprocess.Popen[bytes]:
        """Everything in one process."""
        return self.start("manage.py", "up", "--no-demo", "--port", str(free_port()))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to the process and all its children at once: nobody gets to say good-bye."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def logs(self) -> str:
        """What all processes wrote, for the message of a failing test."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def bench(folder: Path, **environment: str) -> Iterator[Bench]:
    """Processes on the test's own database and queue; all are ended with the test."""
    made = Bench(folder, {**os.environ, **_environment(), **environment})
    _empty_queue(made)
    try:
        yield made
    finally:
        for process in made.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        _empty_queue(made)


def _empty_queue(made: Bench) -> None:
    if made.environment["REDIS_URL"]:
        with redis.Redis.from_url(made.environment["REDIS_URL"]) as queue:
            queue.flushdb()


def _environment() -> dict[str, str]:
    database = connection.settings_dict
    common = {
        "SECRET_KEY": settings.SECRET_KEY,
        "ADDRESS_KEY": settings.ADDRESS_KEY,
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "MANAGE_NO_VENV": "1",
    }
    if connection.vendor == "sqlite":
        return common | {"DATABASE_URL": f"sqlite:///{database['NAME']}", "REDIS_URL": ""}
    secret = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    # a queue of this test process's own, because tests run side by side
    number = 10 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return common | {
        "DATABASE_URL": (
            f"postgres://{database['USER']}{secret}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "REDIS_URL": f"{settings.REDIS_URL.rsplit('/', 1)[0]}/{number}",
    }


def twilio(made: Bench, *, delay: float = 0.0, receipts: str = "") -> Path:
    """Start the stand-in for Twilio; the file in which it notes each request before it answers."""
    port, log = free_port(), made.folder / "twilio.jsonl"
    made.environment |= {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_BASE": f"http://127.0.0.1:{port}",
    }
    options = ["--delay", str(delay), "--receipts", receipts]
    made.start("-m", "tests.servers.twilio", "--port", str(port), "--log", str(log), *options)
    return log


def smtp(made: Bench) -> Path:
    """Start a mail server; the file in which it notes each mail before it answers."""
    port, log = free_port(), made.folder / "smtp.jsonl"
    made.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    made.start("-m", "tests.servers.smtp", "--port", str(port), "--log", str(log))
    return log


def mailed(log: Path) -> list[str]:
    """The Message-IDs of the mails that were taken so far."""
    return [entry["message_id"] for entry in read(log)] if log.exists() else []


def due_notice(customers: int) -> None:
    """A planned notice by SMS that is due now, to so many customers who are awake."""
    moment = datetime.now(UTC)
    bank = people.service()
    window = people.window(bank, starts_at=moment + timedelta(days=7), booked_at=moment)
    people.notice(window, channels=["sms"], due_at=moment)
    for number in range(customers):
        people.customer(f"c{number}", uses=[bank], phone=f"+4477009{number:05d}", time_zone=awake())


def awake() -> str:
    """A zone in which it is about noon now, so that quiet hours are out of the way."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def texted(log: Path) -> list[Texted]:
    """The messages that the stand-in has taken so far, as it noted them before it answered."""
    taken = []
    for entry in read(log) if log.exists() else []:
        if entry["method"] == "POST" and entry["status"] == 201:
            form = entry["form"]
            answer = json.loads(entry["answer"])
            delivery, _ = read_receipt(form["StatusCallback"].rstrip("/").rsplit("/", 1)[1]) or (None, 0)
            taken.append(Texted(answer["sid"], form["To"], delivery))
    return taken


def until(condition: Callable[[], bool], *, seconds: float, made: Bench) -> float:
    """Wait until it holds; how long that took. Fails with everybody's log after so many seconds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"{_standing()}\n{made.logs()[-8000:]}"
        time.sleep(0.1)
    return time.monotonic() - begun


def _standing() -> str:
    """How far the deliveries have got, for the message of a failing test."""
    rows = Delivery.objects.values_list("channel", "state", "reason").annotate(number=Count("id"))
    return "\n".join(
        f"{channel} {State(state).label}: {number} {reason}" for channel, state, reason, number in rows
    )
