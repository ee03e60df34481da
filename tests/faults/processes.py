"""Processes to be killed: Celery workers, clocks, web servers and stand-ins, each in a session of its own.

They are ended by the ids that were started here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from tests.test_up import free_port

Process = subprocess.Popen[bytes]


@dataclass
class Bench:
    """The processes of one test and the environment they share."""

    folder: Path
    environment: dict[str, str]
    running: list[Process] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> Process:
        """Start a Python process; its output goes to a file in the test's folder."""
        with (self.folder / f"process-{len(self.running):02d}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.ROOT,
                env={**self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def worker(
        self, name: str = "worker", *, children: int = 2, queues: str = "", **environment: str
    ) -> Process:
        """A Celery worker with a pool of child processes, for all queues where none are named."""
        command = ["-m", "celery", "-A", "config", "worker", "-c", str(children), "-l", "WARNING"]
        command += ["-Q", queues] if queues else []
        # nobody is asked at the start who else is there: that takes a second
        return self.start(*command, "--without-mingle", "-n", f"{name}@localhost", **environment)

    def beat(self) -> Process:
        """A clock."""
        return self.start("-m", "celery", "-A", "config", "beat", "-l", "WARNING")

    def quick_beat(self) -> Process:
        """A clock whose long pauses are a second."""
        return self.start("-m", "celery", "-A", "tests.faults.quick", "beat", "-l", "WARNING")

    def clocked(self, name: str, ahead: timedelta) -> tuple[Process, Process]:
        """A worker whose time is so far ahead, and a clock like it: wake-ups expire by the taker's time."""
        command = ["-m", "tests.faults.clocked", str(ahead.total_seconds()), "-A"]
        beat = self.start(*command, "tests.faults.quick", "beat")
        options = ["-c", "1", "-l", "WARNING", "--without-mingle", "-n", f"{name}@localhost"]
        return self.start(*command, "config", "worker", *options), beat

    def up(self) -> Process:
        """Everything in one process."""
        return self.start("manage.py", "up", "--no-demo", "--port", str(free_port()))

    def web(self, port: int) -> Process:
        """The pages and the door for receipts, as in production."""
        place = ["-b", f"127.0.0.1:{port}", "--threads", "8", "--log-level", "error"]
        return self.start("-m", "gunicorn", "config.wsgi", *place)

    def kill(self, process: Process) -> None:
        """SIGKILL to the process and all its children at once: nobody gets to say good-bye."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def freeze(self, process: Process) -> None:
        """SIGSTOP to the process and all its children."""
        os.killpg(process.pid, signal.SIGSTOP)

    def thaw(self, process: Process) -> None:
        """SIGCONT to them."""
        os.killpg(process.pid, signal.SIGCONT)

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in self.running:
            self.kill(process)

    def logs(self) -> str:
        """What all processes wrote, for the message of a failing test."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    with contextlib.suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
