"""A folder in; the whole service in one process, until Ctrl-C or SIGTERM, out.

The worker and the clock are threads beside the web server, because their queue is this process's memory.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import signal
import socket
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from celery import beat, current_app, signals
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from maintenance.models import Service
from notifications import demonstration, sql
from notifications.delivery import backfill, queue
from notifications.management import exits
from notifications.operations import heartbeats

HOST = "127.0.0.1"  # this laptop only: what faces a network has a proxy and its own processes
SILENT_SECONDS = 2
TASK_THREADS = 4
PATIENCE = timedelta(
    seconds=10
)  # for what is under way at the end; whatever it leaves is found by its leases


class Command(BaseCommand):
    """Lock, migrate, fill, announce, serve, stop."""

    help = "Run everything in one process: web pages, worker and clock."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and whether to fill an empty database."""
        parser.add_argument("--port", type=int, default=8000, help="where to listen (8000)")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, port: int, no_demo: bool, **options: Any) -> None:
        """Prepare, then serve until told to stop."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)
        with _only_one(), _listening(port) as listener:
            port = listener.getsockname()[1]
            if settings.BASE_URL == settings.LOCAL_URL:  # nobody set it: links must lead to this port
                settings.BASE_URL = f"http://{HOST}:{port}"
            with self._speaking_if_slow("Preparing the database ..."):
                call_command("migrate", verbosity=0, interactive=False)
                backfill.read_earlier_rows(now=sql.database_now())
            if settings.EMBEDDED:  # whose lock is ours: nobody else is sending
                queue.end_all_leases()
            people = [] if no_demo else self._demonstrate()
            words = self._announcement(
                f"http://{HOST}:{port}", people
            )  # composed while there is no event loop yet
            _serve(listener, lambda: self._say(words))
        self._say("Stopped.")

    def _say(self, words: str = "") -> None:
        self.stdout.write(words)
        self.stdout.flush()  # ready when read from a pipe, too

    @contextlib.contextmanager
    def _speaking_if_slow(self, words: str) -> Iterator[None]:
        timer = threading.Timer(SILENT_SECONDS, self._say, [words])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _demonstrate(self) -> list[tuple[str, str]]:
        if Service.objects.exists():
            return list(
                demonstration.reissue(now=timezone.now())
            )  # whoever lost the printed ones reads new ones
        self._say("Building a demonstration bank ...")
        built = demonstration.build(now=timezone.now(), progress=lambda words: self._say(f"  {words}"))
        return list(built.people)

    def _announcement(self, here: str, people: list[tuple[str, str]]) -> str:
        strong, faint = self.style.MIGRATE_HEADING, self.style.HTTP_NOT_MODIFIED
        rows = [
            ("Status page", strong(f"{here}/")),
            ("Calendar feed", strong(f"{here}/calendar.ics")),
            ("Admin", strong(here + reverse("admin:index"))),
        ]
        with contextlib.suppress(NoReverseMatch):
            rows.append(("Outbox", strong(here + reverse("admin:notifications_delivery_outbox"))))
        if people:
            rows.append(("", ""))
            width = max(len(name) for name, _ in people)
            signs = [f"{name:<{width}}  {password}" for name, password in people]
            rows += zip(["Sign in as", *[""] * len(people)], signs, strict=False)
            rows.append(("", faint("one-time passwords, good for 24 hours")))
        elif not get_user_model().objects.exists():
            rows += [
                ("", ""),
                ("Sign in", "make the first user: python3 manage.py createsuperuser"),
            ]
        table = "\n".join(f"  {name:<15}{value}".rstrip() for name, value in rows)
        title = self.style.SUCCESS(f"Lull for {settings.BANK_NAME}")
        return f"\n  {title}\n\n{table}\n\n  {faint(f'{_data()}. Ctrl-C stops everything.')}\n"


def _data() -> str:
    name = Path(settings.DATABASES["default"]["NAME"])
    if not settings.EMBEDDED:
        return f"Data in PostgreSQL, database {name}"
    return f"Data in {name.relative_to(settings.ROOT) if name.is_relative_to(settings.ROOT) else name}"


def _leave(*_: object) -> None:
    sys.exit(0)


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two processes on one SQLite file would share its rows but not their queue."""
    if not settings.EMBEDDED:
        yield
        return
    with settings.DATABASES["default"]["NAME"].with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(
                f"Lull is already up on this data ({_data()[8:]}): stop it, or set another DATABASE_URL."
            )
        yield


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            sys.exit(
                f"Port {port} is taken: stop what listens there, or choose another with --port {port + 1}."
            )
        yield listener


class _Server(uvicorn.Server):
    """uvicorn, which says when it answers and stops when a thread beside it has died."""

    def __init__(self, threads: list[threading.Thread], started: Callable[[], None]) -> None:
        """Keep what to watch and what to call."""
        super().__init__(
            uvicorn.Config(
                "config.asgi:application",
                lifespan="off",  # Django has none
                log_config=None,
                access_log=False,
                proxy_headers=False,  # whom to believe is said by TRUSTED_PROXIES alone
                timeout_graceful_shutdown=2,
            )
        )
        self._threads, self._started = threads, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the addresses only now that they answer."""
        await super().startup(sockets)
        self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """From now on it is a matter of seconds, whatever a page or a job does."""
        if not self.should_exit:
            exits.exit_within(PATIENCE)
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Leave when asked to, or when customers would no longer be told."""
        return await super().on_tick(counter) or not all(thread.is_alive() for thread in self._threads)


def _serve(listener: socket.socket, started: Callable[[], None]) -> None:
    worker = current_app.WorkController(
        pool="threads",
        concurrency=TASK_THREADS,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    clock = beat.Service(current_app, scheduler_cls=current_app.conf.beat_scheduler)
    threads = [
        threading.Thread(target=work, name=name, daemon=True)
        for name, work in (("worker", worker.start), ("clock", clock.start))
    ]
    server = _Server(threads, started)
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn puts its own in their place while it runs, and raises the signal once more when it has ended
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    heartbeats.keep_beating([f"{heartbeats.SERVING}{channel}" for channel in settings.CHANNELS])
    for thread in threads:
        thread.start()
    server.run([listener])
    alive = all(thread.is_alive() for thread in threads)
    if not alive:
        exits.exit_within(PATIENCE, code=1)
    clock.stop()
    signals.worker_shutting_down.send(sender=worker)  # senders take no more
    worker.stop()  # waits for what its threads are doing
    for thread in threads:
        thread.join()
    if not alive:
        sys.exit("The worker or the clock has died; the log above says why.")
