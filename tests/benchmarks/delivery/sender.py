"""A notice to so many customers in; sent by Celery workers as a bank runs them, and what that took, out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import redis
from django.db import connection

from notifications.models import Delivery, Notice, State
from tests.benchmarks.delivery import bank, processes, wording
from tests.benchmarks.delivery.measured import Measured, cpu_of_postgresql
from tests.benchmarks.delivery.provider import Server

_OPEN: Final = (State.QUEUED, State.SENDING)
_WARM: Final = 1_000
"""Customers who are told first, so that libraries are loaded and connections made before time is taken."""
PREPARED_PER_SECOND: Final = 20_000
"""Fewer than are: what is due must be prepared before it is."""


@dataclass(frozen=True)
class Fleet:
    """A clock, a worker for what it says, and workers that send."""

    started: tuple[processes.Started, ...]

    @property
    def workers(self) -> tuple[processes.Started, ...]:
        """All but the clock."""
        return self.started[1:]

    def check(self) -> None:
        """Raises RuntimeError with what it said where one of them has died."""
        for one in self.started:
            if not one.alive():
                raise RuntimeError(one.said()[-4_000:])


@dataclass(frozen=True)
class Setup:
    """How many workers of how many processes send by one channel to one server, in what words."""

    server: Server
    channel: str = "sms"
    workers: int = 1
    children: int = 2
    texts: tuple[str, str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def senders(self) -> int:
        """Processes that send."""
        return self.workers * self.children


def texting(server: Server, *, workers: int = 1, children: int = 2) -> Setup:
    """SMS through Twilio."""
    return Setup(server, workers=workers, children=children, environment=_twilio(server))


def mailing(server: Server) -> Setup:
    """Mails over SMTP."""
    environment = {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}
    return Setup(server, "email", texts=wording.MAIL, environment=environment)


def batching(server: Server) -> Setup:
    """Mails through Mailgun."""
    environment = {
        "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
        "IN_FLIGHT": '{"email": 1000}',  # two calls of 500
        "ANYMAIL_MAILGUN_API_KEY": "key",
        "ANYMAIL_MAILGUN_SENDER_DOMAIN": "localhost",
        "ANYMAIL_MAILGUN_API_URL": f"http://127.0.0.1:{server.port}/v3",
    }
    return Setup(server, "email", texts=wording.BATCHED, environment=environment)


def _twilio(server: Server) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+15005550006",
        "TWILIO_API_BASE": f"http://127.0.0.1:{server.port}",
    }


@contextmanager
def fleet(setup: Setup) -> Iterator[Fleet]:
    """The workers and the clock, warmed up by a small notice of the same sort."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as queue:
        queue.flushdb()
    setup.server.forget()
    warm = bank.notice(bank.service(_WARM), setup.channel, due_in=0, texts=setup.texts)
    bank.prepare(warm)
    celery = ("-m", "celery", "-A", "config")
    worker = (*celery, "worker", "-l", "WARNING")
    commands = [
        (*celery, "beat", "-l", "WARNING"),
        (*worker, "-c", "1", "-Q", "lull", "-n", "hands@localhost"),
        *(
            (*worker, "-c", str(setup.children), "-Q", f"lull.{setup.channel}", "-n", f"sender{n}@localhost")
            for n in range(setup.workers)
        ),
    ]
    started = tuple(processes.start(*command, environment=setup.environment) for command in commands)
    with processes.running(*started):
        made = Fleet(started)
        settle([warm], made, seconds=60)
        yield made


def send(setup: Setup, customers: int, *, delay: float = 0.0) -> Measured:
    """A notice to so many customers, prepared before it is due, sent by a fleet of its own."""
    bank.forget()
    with fleet(setup) as made:
        setup.server.forget(delay=delay)
        notice = bank.notice(
            bank.service(customers),
            setup.channel,
            due_in=2 + customers / PREPARED_PER_SECOND,
            texts=setup.texts,
        )
        prepared_in = bank.prepare(notice)
        due_in = (notice.due_at - datetime.now(UTC)).total_seconds()
        assert due_in > 0, f"it took {prepared_in:.0f} s to prepare what was due before"
        time.sleep(max(0.0, due_in - 0.2))
        return measure([notice], setup, made)


def measure(notices: list[Notice], setup: Setup, made: Fleet) -> Measured:
    """Wait until they are out; from the first settled delivery to the last, and what all of it used."""
    begun = time.monotonic()
    before = processes.cpu(*made.workers), processes.cpu(setup.server.started), cpu_of_postgresql()
    with processes.Peak().of(*made.workers) as peak:
        settle(notices, made, seconds=3_600)
    waited = time.monotonic() - begun
    counted = setup.server.counted()
    sent, first, last = _sent(notices)
    return Measured(
        sent,
        (last - first).total_seconds(),
        cpu=processes.cpu(*made.workers) - before[0],
        server=processes.cpu(setup.server.started) - before[1],
        postgresql=cpu_of_postgresql() - before[2],
        memory=peak.pss,
        doubled=counted.messages - counted.distinct,
        notes={
            "from due": sent / waited,
            "at the server": counted.messages / max(counted.seconds, 0.001),
            "rss": peak.rss,
            "not sent": _count(notices) - sent - _silent(notices),
        },
    )


def settle(notices: list[Notice], made: Fleet, *, seconds: float) -> None:
    """Wait until nothing of them is on its way."""
    until = time.monotonic() + seconds
    rows = Delivery.objects.filter(notice__in=notices, state__in=_OPEN)
    while rows.exists():
        made.check()
        if time.monotonic() > until:
            said = "\n".join(one.said()[-2_000:] for one in made.started)
            raise RuntimeError(f"{rows.count()} deliveries are still on their way.\n{said}")
        time.sleep(0.2)


def _sent(notices: list[Notice]) -> tuple[int, datetime, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), min(sent_at), max(sent_at) FROM {Delivery._meta.db_table}"
            " WHERE notice_id = ANY(%s) AND state = %s",
            [[notice.pk for notice in notices], int(State.SENT)],
        )
        count, first, last = cursor.fetchone()
        return int(count), first, last


def _count(notices: list[Notice]) -> int:
    return Delivery.objects.filter(notice__in=notices).count()


def _silent(notices: list[Notice]) -> int:
    silent = (State.SUPPRESSED, State.NO_ADDRESS)
    return Delivery.objects.filter(notice__in=notices, state__in=silent).count()
