"""A kind of server in; the running process, and what it has counted, out."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlencode

from tests.benchmarks.delivery import processes


@dataclass(frozen=True)
class Counted:
    """What a server has taken, times by the machine's monotonic clock."""

    requests: int
    messages: int
    distinct: int
    first: float
    last: float
    watched: float | None
    marks: list[float] = field(repr=False)
    """When each further thousand was complete."""

    @property
    def seconds(self) -> float:
        """From the first message to the last."""
        return self.last - self.first

    def rate(self, after: int, upto: int) -> float:
        """Messages a second over a stretch of the run."""
        return (upto - after) / (self.marks[upto // 1_000 - 1] - self.marks[after // 1_000 - 1])


@dataclass(frozen=True)
class Server:
    """A server on two ports: one for messages, one for questions."""

    started: processes.Started
    port: int
    control: int

    def forget(self, *, delay: float = 0.0) -> None:
        """Count from nothing; answer after so many seconds."""
        self._ask(f"/forget?{urlencode({'delay': delay})}")

    def watch(self, words: str) -> None:
        """Note when the next message comes that holds these words."""
        self._ask(f"/watch?{urlencode({'words': words})}")

    def counted(self) -> Counted:
        """The figures so far."""
        return Counted(**json.loads(self._ask("/tally")))

    def wait(self, messages: int, *, seconds: float, alive: processes.Started | None = None) -> Counted:
        """The figures once it has taken so many; an error if that takes too long, or whoever sends dies."""
        until = time.monotonic() + seconds
        while (counted := self.counted()).messages < messages:
            if time.monotonic() > until or (alive and not alive.alive()):
                said = alive.said()[-4_000:] if alive else ""
                raise RuntimeError(f"{counted.messages} of {messages} messages came.\n{said}")
            time.sleep(0.1)
        return counted

    def _ask(self, path: str) -> bytes:
        with contextlib.closing(HTTPConnection("127.0.0.1", self.control, timeout=30)) as line:
            line.request("GET", path)
            return line.getresponse().read()


@contextlib.contextmanager
def server(kind: str) -> Iterator[Server]:
    """A server of a kind, `web` or `mail`, for as long as the block lasts."""
    started = processes.start("-m", "tests.benchmarks.delivery.servers", kind)
    with processes.running(started):
        port, control = map(int, started.line().split())
        yield Server(started, port, control)
