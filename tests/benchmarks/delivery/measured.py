"""What one run took."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from tests.benchmarks.delivery import processes


@dataclass(frozen=True)
class Measured:
    """One run: its messages, the seconds from the first to the last, and what the processes used."""

    messages: int
    seconds: float
    cpu: float = 0.0
    """Seconds of whoever sends, all processes together."""
    server: float = 0.0
    """Seconds of the server that is sent to."""
    postgresql: float = 0.0
    memory: float = 0.0
    """The most that one process held, in MB."""
    doubled: int = 0
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    def per_thousand(self, seconds: float) -> float:
        """CPU seconds for a thousand messages."""
        return seconds * 1_000 / self.messages


def cpu_of_postgresql() -> float:
    """CPU seconds of the PostgreSQL that this process is connected to; it must be on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return processes.cpu_of_server(int(cursor.fetchone()[0]))
