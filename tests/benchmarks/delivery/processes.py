"""A command in; a process in a session of its own, its CPU seconds and its memory, out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

ROOT: Final = Path(__file__).resolve().parents[3]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MEGABYTE: Final = 1024
"""Kilobytes, in which the kernel counts."""
_GRACE: Final = 10.0


@dataclass
class Started:
    """A process and all its children, which share its session."""

    process: subprocess.Popen[bytes]
    log: IO[bytes] = field(repr=False)

    def alive(self) -> bool:
        """Whether the first of them still runs; a dead one stays, with its CPU seconds, until `end`."""
        if self.process.returncode is not None:
            return False
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def said(self) -> str:
        """What they wrote."""
        # read without moving the place at which they write, which is theirs and ours
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode(errors="replace")

    def line(self) -> str:
        """The first line they write, once it is there."""
        while "\n" not in self.said():
            if not self.alive():
                raise RuntimeError(self.said())
            threading.Event().wait(0.02)
        return self.said().split("\n", 1)[0]

    def end(self, *, gently: bool = False) -> None:
        """End them all; a worker that is asked gently closes what it has open."""
        if gently and self.alive():
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_GRACE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def start(*command: str, environment: Mapping[str, str] | None = None) -> Started:
    """Start Python with these arguments at the root of the checkout."""
    log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Started(process, log)


@contextlib.contextmanager
def running(*started: Started) -> Iterator[None]:
    """End all of them with the block."""
    try:
        yield
    finally:
        for one in started:
            one.end()


def cpu(*started: Started) -> float:
    """Seconds that these processes and their children have used so far, the dead ones included."""
    sessions = {one.process.pid for one in started}
    return sum(one.cpu for one in _all() if one.session in sessions)


def cpu_of_server(backend: int) -> float:
    """The same of a whole PostgreSQL, told by one of its backends: its other guests are counted in."""
    found = list(_all())
    postmaster = next(one.parent for one in found if one.pid == backend)
    return sum(one.cpu for one in found if postmaster in (one.pid, one.parent))


@dataclass(frozen=True)
class _Process:
    """One line of the kernel's table; `cpu` is with that of its dead children."""

    pid: int
    parent: int
    session: int
    cpu: float


def _all() -> Iterator[_Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(f"/proc/{entry.name}/stat")):
            fields = stat.rpartition(")")[2].split()
            used = sum(map(int, fields[11:15])) / _TICKS
            yield _Process(int(entry.name), int(fields[1]), int(fields[3]), used)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # it ended meanwhile
        return ""


@dataclass
class Peak:
    """The most memory that one process of some has held, in MB: its proportional share, and all it mapped."""

    pss: float = 0.0
    rss: float = 0.0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    def of(self, *started: Started, every: float = 1.0) -> Self:
        """Look every so many seconds, for as long as the block lasts."""
        sessions = {one.process.pid for one in started}

        def watch() -> None:
            while not self._over.wait(every):
                for one in _all():
                    if one.session in sessions:
                        self._look(one.pid)

        self._watch = threading.Thread(target=watch, daemon=True)
        return self

    def __enter__(self) -> Self:
        if self._watch:
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._watch:
            self._watch.join()

    def _look(self, pid: int) -> None:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            name, _, rest = line.partition(":")
            if name == "Pss":
                self.pss = max(self.pss, int(rest.split()[0]) / _MEGABYTE)
            elif name == "Rss":
                self.rss = max(self.rss, int(rest.split()[0]) / _MEGABYTE)
