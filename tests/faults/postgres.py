"""A PostgreSQL of the fault tests' own: to be stopped, killed and started again on the same data."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.faults import processes

_PATIENCE_SECONDS: Final = 30
_OPTIONS: Final = ("fsync=on", "shared_buffers=64MB", "max_connections=200", "listen_addresses=127.0.0.1")
TEMPLATE: Final = "template_of_the_bank"
BANK: Final = "bank"
_CLOCKS: Final = ("clock_timestamp", "statement_timestamp")


def binaries() -> Path | None:
    """Where the server's programs are: Debian keeps them out of the PATH. None where there are none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class Postgres:
    """One server, its data in a folder of its own; the databases in it are named above."""

    def __init__(self, port: int) -> None:
        """Make the cluster; `start` starts it."""
        home = binaries()
        assert home is not None, "no PostgreSQL server on this machine"
        self.port = port
        self._home = home
        # the server refuses to run as root, and its user cannot enter a folder of root's
        self._user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="lull-faults-"))
        if self._user:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._server: subprocess.Popen[bytes] | None = None
        command = [
            "initdb",
            "--no-sync",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]
        self._run([*command, "-D", str(self._folder / "data")]).wait(_PATIENCE_SECONDS)

    def _run(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [str(self._home / command[0]), *command[1:]],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
            )

    def start(self, *options: str) -> None:
        """Start, and come back when it answers; after a kill that takes a recovery."""
        given = [word for option in (*_OPTIONS, *options) for word in ("-c", option)]
        place = ["-D", str(self._folder / "data"), "-p", str(self.port), "-k", str(self._folder)]
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            if self._server is None or self._server.poll() is not None:
                # the shared memory of a killed server may outlive it by a moment
                self._server = self._run(["postgres", *place, *given])
            try:
                self.ask("SELECT 1", database="postgres")
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self._folder / "postgres.log").read_text()[-2000:]
                time.sleep(0.05)
            else:
                return

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends every connection and is clean; SIGQUIT leaves a recovery to the next start."""
        if self._server:
            self._server.send_signal(number)
            self._server.wait(_PATIENCE_SECONDS)

    def kill(self) -> None:
        """SIGKILL to the server and all its children, as when the machine dies."""
        if self._server:
            for pid in (self._server.pid, *processes.children(self._server.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._server.wait(_PATIENCE_SECONDS)

    def remove(self) -> None:
        """Stop for good, and leave nothing."""
        if self._server and self._server.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, sql: str, *parameters: Any, database: str = BANK) -> list[tuple[Any, ...]]:
        """Run one statement by itself; its rows, where it has any."""
        with self.line(database) as line, line.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def line(self, database: str = BANK, *, autocommit: bool = True) -> Iterator[psycopg.Connection[Any]]:
        """A connection beside Django's own, for locks and for looking on."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname=database,
            autocommit=autocommit,
            connect_timeout=5,
        ) as line:
            yield line

    @contextmanager
    def held(self, sql: str, *parameters: Any) -> Iterator[None]:
        """The locks of a statement, until the end of the block; what it wrote is taken back then."""
        with self.line(autocommit=False) as line:
            line.execute(sql, parameters or None)
            try:
                yield
            finally:
                with suppress(psycopg.OperationalError):
                    line.rollback()

    def set_clock(self, ahead: timedelta) -> None:
        """From the next connection on the bank's database takes it for so much later than it is."""
        self.ask("CREATE SCHEMA IF NOT EXISTS moved")
        for name in _CLOCKS:
            self.ask(
                f"CREATE OR REPLACE FUNCTION moved.{name}() RETURNS timestamptz STABLE"
                f" RETURN pg_catalog.{name}() + interval '{ahead.total_seconds()} seconds'"
            )
        # where the catalogue is not named it is searched first
        self.ask(f"ALTER DATABASE {BANK} SET search_path = moved, pg_catalog, public")

    def waiting(self) -> list[int]:
        """The connections that wait for a lock."""
        return [pid for (pid,) in self.ask("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")]

    def hang_up(self, pids: Sequence[int]) -> None:
        """End these connections: a server does not see that a client was killed while it waits for a lock."""
        for pid in pids:
            self.ask("SELECT pg_terminate_backend(%s, 5000)", pid)

    def fresh(self) -> None:
        """An empty bank, whoever was connected to the last one."""
        self.ask(f"DROP DATABASE IF EXISTS {BANK} WITH (FORCE)", database="postgres")
        self.ask(f"CREATE DATABASE {BANK} TEMPLATE {TEMPLATE}", database="postgres")

    def url(self, database: str = BANK) -> str:
        """As DATABASE_URL wants it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"
