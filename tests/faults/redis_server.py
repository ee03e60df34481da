"""A Redis of the fault tests' own: to be wiped, paused, killed and started again."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Final

import redis

_PATIENCE_SECONDS: Final = 15


class Redis:
    """One server that keeps nothing on disk."""

    def __init__(self, port: int, folder: Path) -> None:
        """`start` starts it; `folder` is where it stands."""
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and come back when it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._server = subprocess.Popen(
            [*command, "--appendonly", "no"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < until, "Redis does not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return bool(self.line().ping())
        except redis.RedisError:
            return False

    def line(self) -> redis.Redis:
        """A client of its own."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def kill(self) -> None:
        """SIGKILL: what was in it is gone."""
        if self._server:
            self._server.kill()
            self._server.wait()

    def wipe(self) -> None:
        """FLUSHALL."""
        with self.line() as line:
            line.flushall()

    def pause(self, seconds: float) -> None:
        """It takes commands and answers none of them for so long."""
        with self.line() as line:
            line.execute_command("CLIENT", "PAUSE", int(seconds * 1000), "ALL")
