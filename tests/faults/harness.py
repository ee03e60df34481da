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
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID

import redis
from django.conf import settings
from django.db import connection

from notifications.links import read_receipt
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

    def worker(self, *, children: int = 2) -> subprocess.Popen[bytes]:
        """A Celery worker with a pool of child processes."""
        return self.start("-m", "celery", "-A", "config", "worker", "-c", str(children), "-l", "WARNING")

    def beat(self) -> subprocess.Popen[bytes]:
        """A clock."""
        return self.start("-m", "celery", "-A", "config", "beat", "-l", "WARNING")

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
    redis.Redis.from_url(made.environment["REDIS_URL"]).flushdb()
    try:
        yield made
    finally:
        for process in made.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        redis.Redis.from_url(made.environment["REDIS_URL"]).flushdb()


def _environment() -> dict[str, str]:
    database = connection.settings_dict
    secret = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    # a queue of this test process's own, because tests run side by side
    number = 10 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return {
        "DATABASE_URL": (
            f"postgres://{database['USER']}{secret}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        ),
        "REDIS_URL": f"{settings.REDIS_URL.rsplit('/', 1)[0]}/{number}",
        "SECRET_KEY": settings.SECRET_KEY,
        "ADDRESS_KEY": settings.ADDRESS_KEY,
        "LEASE_SECONDS": str(LEASE_SECONDS),
    }


def twilio(made: Bench, *, delay: float = 0.0) -> Path:
    """Start the stand-in for Twilio; the file in which it notes each request before it answers."""
    port, log = free_port(), made.folder / "twilio.jsonl"
    made.environment |= {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_BASE": f"http://127.0.0.1:{port}",
    }
    made.start("-m", "tests.servers.twilio", "--port", str(port), "--log", str(log), "--delay", str(delay))
    return log


def texted(log: Path) -> list[Texted]:
    """The messages that the stand-in has taken so far, as it noted them before it answered."""
    taken = []
    for entry in read(log) if log.exists() else []:
        if entry["method"] == "POST" and entry["status"] == 201:
            form = parse_qs(entry["body"])
            answer = json.loads(entry["answer"])
            delivery, _ = read_receipt(form["StatusCallback"][0].rstrip("/").rsplit("/", 1)[1]) or (None, 0)
            taken.append(Texted(answer["sid"], form["To"][0], delivery))
    return taken


def until(condition: Callable[[], bool], *, seconds: float, made: Bench) -> float:
    """Wait until it holds; how long that took. Fails with everybody's log after so many seconds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, made.logs()[-8000:]
        time.sleep(0.1)
    return time.monotonic() - begun
