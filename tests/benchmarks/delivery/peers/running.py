"""A peer's name and a number of messages in; the messages sent by it, and what that took, out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import redis
from celery import Celery
from django.db import connection

from tests.benchmarks.delivery import processes, wording
from tests.benchmarks.delivery.measured import Measured, cpu_of_postgresql
from tests.benchmarks.delivery.provider import Server

_MODULE: Final = "tests.benchmarks.delivery.peers"
_CHUNK: Final = 500
_PATIENCE: Final = 600.0
_QUEUED: Final = 2
"""post_office's number for a mail that waits."""


@dataclass(frozen=True)
class Peer:
    """A task, how many people one task is for, and the workers that run it."""

    task: str
    chunk: int = 1
    pool: tuple[str, ...] = ("-c", "2")
    workers: int = 1
    environment: tuple[tuple[str, str], ...] = ()


_TUNED: Final = (("PEER_TUNED", "1"), ("PEER_PREFETCH", "64"))
TUTORIAL: Final = Peer("text_as_in_the_tutorial")
PREFORK: Final = Peer("text_tuned", environment=_TUNED)
GEVENT: Final = Peer(
    "text_tuned",
    pool=("-P", "gevent", "-c", "128"),
    workers=2,
    environment=(("PEER_POOL", "1"), ("PEER_PREFETCH", "2")),
)
CHUNKS: Final = Peer("text_many", chunk=_CHUNK, environment=(("PEER_TUNED", "1"), ("PEER_PREFETCH", "1")))
MAILS: Final = Peer("mail_many", chunk=_CHUNK, environment=(("PEER_TUNED", "1"), ("PEER_PREFETCH", "1")))
ANYMAIL: Final = Peer(
    "mail_many",
    chunk=_CHUNK,
    environment=(*MAILS.environment, ("PEER_BACKEND", "anymail.backends.mailgun.EmailBackend")),
)


def make_tables() -> None:
    """The peers' tables, beside the product's."""
    made = processes.start(
        *("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"), environment=_environment()
    )
    with processes.running(made):
        if made.process.wait():
            raise RuntimeError(made.said())


def run(peer: Peer, server: Server, messages: int) -> Measured:
    """Queue so many messages, start the workers, and wait until every row says sent."""
    _people(messages)
    _publish(peer, messages)
    environment = _environment(server) | dict(peer.environment)
    command = ("-m", "celery", "-A", f"{_MODULE}.tasks", "worker", "-l", "WARNING", *peer.pool)
    server.forget()
    with ExitStack() as stack:
        workers = [
            processes.start(*command, "-n", f"peer{number}@localhost", environment=environment)
            for number in range(peer.workers)
        ]
        stack.enter_context(processes.running(*workers))
        with _measuring(server, messages, *workers) as finish:
            return finish(lambda: _sent() == messages)


def post_office(server: Server, messages: int) -> Measured:
    """(c) django-post_office from its own table, by its own command, in two processes."""
    plain, html = wording.MAIL
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE post_office_email CASCADE")
        cursor.execute(
            'INSERT INTO post_office_email (from_email, "to", cc, bcc, subject, message, html_message,'
            " status, priority, created, last_updated, backend_alias)"
            " SELECT 'notices@localhost', 'c' || n || '@example.com', '', '', %s, replace(%s, '{name}',"
            " 'Cleo ' || n), replace(%s, '{name}', 'Cleo ' || n), %s, 2, now(), now(), 'default'"
            " FROM generate_series(1, %s) AS n",
            [wording.SUBJECT, plain, html, _QUEUED, messages],
        )
    server.forget()
    sender = processes.start(
        *("-m", "django", "send_queued_mail", "--processes", "2", "--log-level", "0"),
        environment=_environment(server),
    )
    with processes.running(sender), _measuring(server, messages, sender) as finish:
        return finish(lambda: not sender.alive())


@contextmanager
def _measuring(
    server: Server, messages: int, *senders: processes.Started
) -> Iterator[Callable[[Callable[[], bool]], Measured]]:
    """Wait for all the messages and what must hold after them; what it took, imports and start left out."""
    at_server, at_database = processes.cpu(server.started), cpu_of_postgresql()
    server.wait(1, seconds=60, alive=senders[0])
    before = processes.cpu(*senders)
    with processes.Peak().of(*senders) as peak:

        def finish(whole: Callable[[], bool]) -> Measured:
            counted = server.wait(messages, seconds=_PATIENCE, alive=senders[0])
            until = time.monotonic() + _PATIENCE
            while not whole():
                if time.monotonic() > until:
                    raise RuntimeError(senders[0].said()[-4_000:])
                time.sleep(0.05)
            return Measured(
                messages,
                counted.seconds,
                cpu=processes.cpu(*senders) - before,
                server=processes.cpu(server.started) - at_server,
                postgresql=cpu_of_postgresql() - at_database,
                memory=peak.pss,
                doubled=counted.messages - counted.distinct,
            )

        yield finish


def _people(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE peers_person, peers_sent RESTART IDENTITY")
        cursor.execute(
            "INSERT INTO peers_person (name, phone, email) SELECT 'Cleo ' || n,"
            " '+447' || lpad(n::text, 9, '0'), 'c' || n || '@example.com' FROM generate_series(1, %s) AS n",
            [number],
        )


def _publish(peer: Peer, messages: int) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as queue:
        queue.flushdb()
    with Celery("peers", broker=os.environ["REDIS_URL"]) as app:
        for first in range(1, messages + 1, peer.chunk):
            numbers = list(range(first, min(first + peer.chunk, messages + 1)))
            app.send_task(f"{_MODULE}.tasks.{peer.task}", (numbers if peer.chunk > 1 else first,))


def _sent() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM peers_sent WHERE status = 'sent'")
        return int(cursor.fetchone()[0])


def _environment(server: Server | None = None) -> dict[str, str]:
    port = str(server.port) if server else ""
    return {
        "DJANGO_SETTINGS_MODULE": f"{_MODULE}.settings",
        "PEER_WEB_PORT": port,
        "PEER_MAIL_PORT": port,
    }
