"""Servers of its own in; an empty bank, its processes and a provider to break, out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import requests
from django.conf import settings
from django.db import connection

from notifications.models import IN_DOUBT, Delivery, State
from tests.faults import checker, harness, ledger, scene
from tests.faults.postgres import TEMPLATE, Postgres
from tests.faults.processes import Bench, Process
from tests.faults.redis_server import Redis
from tests.faults.table import Figures
from tests.servers import behaviour
from tests.servers.behaviour import Behaviour
from tests.test_up import free_port

PATIENCE: Final = 120.0
"""Seconds; only a failing test waits so long, and a busy machine may need much of it."""
SHORT: Final = {
    "LEASE_SECONDS": "6",
    "UNKNOWN_WAIT_SECONDS": "6",
    "RECEIPT_FIRST_SECONDS": "1",
    "RETRY_SECONDS": "1",
    "REST_SECONDS": "2",
    "RATES": '{"sms": 0}',
}


@dataclass
class Servers:
    """The database and the queue that a whole session shares."""

    postgres: Postgres
    redis: Redis

    def end(self) -> None:
        """Stop both."""
        self.redis.kill()
        self.postgres.remove()


def started(folder: Path) -> Servers:
    """Start both, with a template that has every table and notes every move of a delivery."""
    redis, postgres = Redis(free_port(), folder), Postgres(free_port())
    redis.start()
    postgres.start()
    postgres.ask(f"CREATE DATABASE {TEMPLATE}", database="postgres")
    environment = {**os.environ, "DATABASE_URL": postgres.url(TEMPLATE), "MANAGE_NO_VENV": "1"}
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    own = {"SECRET_KEY": settings.SECRET_KEY, "ADDRESS_KEY": settings.ADDRESS_KEY}
    subprocess.run(command, cwd=settings.ROOT, env=environment | own, check=True)
    postgres.ask(ledger.TABLES, database=TEMPLATE)
    return Servers(postgres, redis)


@dataclass
class Bank:
    """One test's bank: its processes, its providers and its figures."""

    postgres: Postgres
    redis: Redis
    bench: Bench
    port: int
    texts: Path
    struck_at: float = field(default_factory=time.monotonic)
    in_flight: int = settings.DELIVERIES_IN_FLIGHT
    counted: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its logs are."""
        return self.bench.folder

    def at(self, name: str, ahead: timedelta) -> tuple[Process, Process]:
        """A worker and a clock for which it is so much later, and so it is for the database."""
        self.postgres.set_clock(ahead)
        return self.bench.clocked(name, ahead)

    def behave(self, log: Path | None = None, **ways: Any) -> None:
        """The stand-in behind a log, Twilio's where none is named, does so from now on."""
        behaviour.write((log or self.texts).with_suffix(".behave"), Behaviour(**ways))

    def texted(self) -> int:
        """How many SMS were taken so far; quicker than reading them."""
        return self._counted(b', "sid": "SM')

    def asked(self) -> int:
        """How many SMS were asked for so far, whatever became of them."""
        return self._counted(b', "method": "POST"')

    def is_full(self) -> bool:
        """Whether one process has as much in flight as it may, and the provider has all of it."""
        return self.texted() >= self.in_flight == self.count(State.SENDING)

    def _counted(self, mark: bytes) -> int:
        """How many lines of Twilio's log bear this mark; only what is new since the last time is read."""
        number, place = self.counted.get(mark, (0, 0))
        if self.texts.exists():
            with self.texts.open("rb") as file:
                file.seek(place)
                fresh = file.read()
            whole = fresh[: fresh.rfind(b"\n") + 1]
            number += whole.count(mark)
            self.counted[mark] = number, place + len(whole)
        return number

    def web(self) -> None:
        """Open the door for receipts, and come back when it is open: the provider calls but once."""
        self.bench.web(self.port)
        self.until(self._is_open)

    def _is_open(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self, *processes: Process) -> None:
        """SIGKILL, and the time until all is whole begins."""
        for process in processes:
            self.bench.kill(process)
        self.strike()

    def strike(self) -> None:
        """The time until all is whole begins now."""
        self.struck_at = time.monotonic()

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until it holds."""
        harness.until(condition, seconds=seconds, made=self.bench)

    def count(self, *states: State, **conditions: Any) -> int:
        """How many deliveries stand so."""
        return Delivery.objects.filter(state__in=states or tuple(State), **conditions).count()

    def whole(
        self,
        fault: str,
        expected: int,
        *,
        ended: Sequence[State] = (),
        by_hand: bool = False,
        seconds: float = PATIENCE,
    ) -> Figures:
        """Wait until nothing waits, is held or in doubt; the figures of the fault.

        `by_hand`: what its provider does not know is sent again by Olga, as soon as it waits for her.
        """

        def is_whole() -> bool:
            if by_hand:
                scene.release()
            return self.count() >= expected and not self.count(*checker.HELD, *IN_DOUBT)

        self.until(is_whole, seconds)
        passed = time.monotonic() - self.struck_at
        return checker.check(
            fault, self.folder, self.postgres, expected=expected, seconds=passed, ended=ended
        )


@contextlib.contextmanager
def opened(shared: Servers, folder: Path, **environment: str) -> Iterator[Bank]:
    """An empty bank with Twilio's stand-in; meanwhile this process's own database is the bank's, too."""
    shared.postgres.fresh()
    shared.redis.wipe()
    port = free_port()
    own = {"REDIS_URL": shared.redis.url, "BASE_URL": f"http://127.0.0.1:{port}", **SHORT, **environment}
    with _at(shared.postgres), harness.bench(folder, **own) as bench:
        yield Bank(shared.postgres, shared.redis, bench, port, harness.twilio(bench))


@contextlib.contextmanager
def _at(postgres: Postgres) -> Iterator[None]:
    """Django's connection leads to that server."""
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        NAME="bank", HOST="127.0.0.1", PORT=postgres.port, USER="postgres", PASSWORD=""
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)
