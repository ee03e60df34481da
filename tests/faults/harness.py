"""A database and a queue in; processes on them, stand-ins for providers, and what those have taken, out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import Count

from notifications.links import read_receipt
from notifications.models import Delivery, State
from tests import people
from tests.faults.processes import Bench
from tests.servers.log import read
from tests.servers.twilio import ACCOUNT, TOKEN
from tests.test_up import free_port

LEASE_SECONDS = 3


@dataclass(frozen=True)
class Texted:
    """A message that the provider took: its own reference, the number, our delivery, and when."""

    sid: str
    to: str
    delivery: UUID | None
    attempt: int = 0
    at: float = 0.0
    body: str = ""


@contextlib.contextmanager
def bench(folder: Path, **environment: str) -> Iterator[Bench]:
    """Processes on the test's own database and queue; all are ended with the test."""
    made = Bench(folder, {**os.environ, **_environment(), **environment})
    _empty_queue(made)
    try:
        yield made
    finally:
        made.end()
        _empty_queue(made)


def _empty_queue(made: Bench) -> None:
    if made.environment["REDIS_URL"]:
        with (
            redis.Redis.from_url(made.environment["REDIS_URL"]) as queue,
            contextlib.suppress(redis.RedisError),
        ):
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
    options = ["--delay", str(delay), "--receipts", receipts, "--behave", str(log.with_suffix(".behave"))]
    made.start("-m", "tests.servers.twilio", "--port", str(port), "--log", str(log), *options)
    return log


def smtp(made: Bench) -> Path:
    """Start a mail server; the file in which it notes each mail before it answers."""
    port, log = free_port(), made.folder / "smtp.jsonl"
    made.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    options = ["--port", str(port), "--log", str(log), "--behave", str(log.with_suffix(".behave"))]
    made.start("-m", "tests.servers.smtp", *options)
    return log


def esp(made: Bench) -> Path:
    """Start a mail service in Postmark's form; the file in which it notes each call before it answers."""
    port, log = free_port(), made.folder / "esp.jsonl"
    made.environment |= {
        "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend",
        "ANYMAIL_POSTMARK_SERVER_TOKEN": "a token",
        "ANYMAIL_POSTMARK_API_URL": f"http://127.0.0.1:{port}/",
    }
    options = ["--port", str(port), "--log", str(log), "--behave", str(log.with_suffix(".behave"))]
    made.start("-m", "tests.servers.esp", *options)
    return log


def mailed(log: Path) -> list[str]:
    """The Message-IDs of the mails that were taken so far."""
    return [entry["message_id"] for entry in entries(log) if entry["taken"]]


def entries(log: Path) -> list[dict[str, Any]]:
    """What a stand-in has noted so far."""
    return read(log) if log.exists() else []


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
    for entry in entries(log):
        if "sid" in entry:
            form = entry["form"]
            token = form["StatusCallback"].rstrip("/").rsplit("/", 1)[1]
            delivery, attempt = read_receipt(token) or (None, 0)
            taken.append(Texted(entry["sid"], form["To"], delivery, attempt, entry["at"], form["Body"]))
    return taken


def until(condition: Callable[[], bool], *, seconds: float, made: Bench) -> float:
    """Wait until it holds; how long that took. Fails with everybody's log after so many seconds."""
    begun = time.monotonic()
    while not _holds(condition):
        assert time.monotonic() - begun < seconds, f"{_standing()}\n{made.logs()[-12000:]}"
        time.sleep(0.1)
    return time.monotonic() - begun


def _holds(condition: Callable[[], bool]) -> bool:
    """A database that is away answers nothing; it is asked again on a new connection."""
    try:
        return condition()
    except OperationalError:
        connection.close()
        return False


def _standing() -> str:
    """How far the deliveries have got, for the message of a failing test."""
    rows = Delivery.objects.values_list("channel", "state", "reason").annotate(number=Count("id"))
    return "\n".join(
        f"{channel} {State(state).label}: {number} {reason}" for channel, state, reason, number in rows
    )
